"""Draws charts: reads them from its input, writes the pictures to its output, and ends. See ``drawing``.

It calls matplotlib's renderer without its figures and axes, which take as long to load as all the rest.
"""

import io
import sys

import msgspec
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from PIL import Image

from bot.surveys.chart import (
    BAR,
    KEY,
    MARGIN,
    SCALE,
    SECTION,
    TITLE,
    WIDTH,
    WORDS,
    Chart,
    Shown,
    height,
    tall,
    top_of_results,
)

DPI = 72
"""So that a point is a pixel."""
GROUP, COUNTS = 300, 230
"""What is kept to the left of the bars for whose they are, and to the right for the counts, in pixels as all that
follows."""
BARS = WIDTH - 2 * MARGIN - GROUP - COUNTS
THICK = 22
THINNEST = 4
"""Of a bar, however short: it must be seen."""
SAMPLE = 64
MARKS = (0, 25, 50, 75, 100)
COLOURS = 32
"""Of a PNG: it is small, and no edge is rough."""

PAINTS = {"ground": "#fcfcfa", "ink": "#1d2733", "quiet": "#47535f", "track": "#eceeef", "grid": "#c9ced3"}
"""The ground is the picture's own, so that it reads in a light chat and in a dark one."""
LOOKS = (
    ("#1f4e79", "///"),
    ("#1d6b52", "\\\\\\"),
    ("#7a4a12", "xxx"),
    ("#5a3d7a", "|||"),
    ("#3f4750", "..."),
)
"""For each group its colour and its stripes."""


class Sheet:
    """A picture in the making: everything is placed in pixels from its top left corner, and lies above what came
    before."""

    def __init__(self, renderer: RendererBase, tall: int) -> None:
        self._renderer = renderer
        self._tall = tall
        self.box(0, 0, WIDTH, tall, PAINTS["ground"])

    def text(
        self, x: float, middle: float, words: str, size: float, room: float, *,
        colour: str = "ink", bold: bool = False, align: float = 0.0
    ) -> None:  # fmt: skip
        """A line of words, in smaller letters where it is wider than ``room``. ``align``: how much of it lies to the
        left of ``x``, from 0 to 1."""
        font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
        wide, _tall, _below = self._renderer.get_text_width_height_descent(words, font, ismath=False)
        if wide > room:
            font.set_size(size * room / wide)
            wide = room
        context = self._renderer.new_gc()
        context.set_foreground(PAINTS[colour])
        baseline = middle + font.get_size_in_points() * 0.36
        self._renderer.draw_text(context, x - wide * align, baseline, words, font, 0, ismath=False)
        context.restore()

    def box(
        self, x: float, top: float, wide: float, tall: float, face: str, *, edge: str = "", stripes: str = ""
    ) -> None:
        """A rectangle whose top left corner is given, with an edge or without."""
        context = self._renderer.new_gc()
        context.set_linewidth(1.8 if edge else 0.0)
        context.set_foreground(edge or face)
        if stripes:
            context.set_hatch(stripes)
            context.set_hatch_color(edge)
            context.set_hatch_linewidth(1.6)
        corner = Affine2D().scale(wide, tall).translate(x, self._tall - top - tall)
        self._renderer.draw_path(context, Path.unit_rectangle(), corner, to_rgba(face))
        context.restore()

    def bar(self, x: float, middle: float, wide: float, look: int, *, exact: bool) -> None:
        """A bar: striped within an outline, or full."""
        colour, stripes = LOOKS[look % len(LOOKS)]
        face = colour if exact else PAINTS["ground"]
        place = (x, middle - THICK / 2, max(wide, THINNEST), THICK)
        self.box(*place, face, edge=colour, stripes="" if exact else stripes)


def draw(chart: Chart, renderer: RendererBase) -> None:
    """The picture of a chart."""
    top = top_of_results(chart)
    bottom = top + height(chart)
    sheet = Sheet(renderer, tall(chart))
    for number, line in enumerate(chart.title_lines):
        sheet.text(MARGIN, MARGIN + TITLE * (number + 0.5), line, 29, WIDTH - 2 * MARGIN, bold=True)
    for middle in (top - SCALE / 2, bottom + SCALE / 2):
        _percentages(sheet, middle)
    y = top
    for section, shown in chart.headed():
        if section:
            sheet.text(MARGIN, y + SECTION / 2, section, 25, WIDTH - 2 * MARGIN, bold=True)
            y += SECTION
        _result(sheet, y, shown)
        y += shown.height
    _key(sheet, bottom + SCALE + MARGIN / 2, chart)


def _percentages(sheet: Sheet, middle: float) -> None:
    for percent in MARKS:
        sheet.text(_at(percent), middle, f"{percent}%", 20, BARS, colour="quiet", align=0.5)


def _result(sheet: Sheet, top: int, shown: Shown) -> None:
    """The words of a result, and below them its bars."""
    for number, line in enumerate(shown.lines):
        sheet.text(MARGIN, top + WORDS * (number + 0.5), line, 25, WIDTH - 2 * MARGIN)
    first = top + WORDS * len(shown.lines)
    middles = [first + BAR * (number + 0.5) for number in range(len(shown.bars))]
    for middle in middles:
        sheet.box(_at(0), middle - THICK / 2, BARS, THICK, PAINTS["track"])
    for percent in MARKS:
        sheet.box(_at(percent) - 0.5, first, 1, BAR * len(shown.bars), PAINTS["grid"])
    for middle, bar in zip(middles, shown.bars, strict=True):
        sheet.text(MARGIN, middle, bar.group, 23, GROUP - 20, colour="quiet")
        sheet.text(WIDTH - MARGIN, middle, bar.said, 23, COUNTS - 20, align=1)
        exact = bar.low == bar.high
        left = _at(0 if exact else bar.low)
        sheet.bar(left, middle, _at(bar.high) - left, bar.look, exact=exact)


def _key(sheet: Sheet, top: float, chart: Chart) -> None:
    for number, (exact, words) in enumerate(chart.key):
        middle = top + KEY * (number + 0.5)
        sheet.bar(MARGIN, middle, SAMPLE, 0, exact=exact)
        sheet.text(MARGIN + SAMPLE + 16, middle, words, 22, WIDTH - 200, colour="quiet")


def _at(percent: float) -> float:
    return MARGIN + GROUP + BARS * percent / 100


def as_png(chart: Chart) -> bytes:
    """A PNG in few colours, without a word on when it was made or by what."""
    renderer = RendererAgg(WIDTH, tall(chart), DPI)  # type: ignore[no-untyped-call]  # matplotlib
    draw(chart, renderer)
    drawn = renderer.buffer_rgba()  # type: ignore[no-untyped-call]  # as above
    image = Image.frombuffer("RGBA", (WIDTH, tall(chart)), drawn).convert("RGB")
    small = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(small, "png")
    return small.getvalue()


def main() -> None:
    """Draw what is asked for."""
    charts = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=list[Chart])
    sys.stdout.buffer.write(msgspec.msgpack.encode([as_png(chart) for chart in charts]))


if __name__ == "__main__":
    main()
