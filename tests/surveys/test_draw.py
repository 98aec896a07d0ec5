"""What the pictures show, measured in their pixels: each bar lies where its percentages say."""

import io
from collections.abc import Sequence

import pytest
from PIL import Image

from bot.surveys.chart import BAR, MARGIN, WORDS, Bar, Chart, Shown, top_of_results
from bot.surveys.draw import BARS, GROUP, THICK, THINNEST, as_png

DARK = 150
"""Darker than the ground, the track and the grid."""
NEAR = 3
"""Pixels."""
ALONG = range(MARGIN + GROUP - 10, MARGIN + GROUP + BARS + 10)
"""Where bars can be."""


def chart(*bars: Bar) -> Chart:
    """One result with these bars."""
    return Chart("Results", "", (Shown("x", "Useful: agree", "", bars),), ())


def drawn(shown: Chart) -> list[Image.Image]:
    """The picture's bars, from top to bottom, in grey: each as high as it is thick."""
    with Image.open(io.BytesIO(as_png(shown))) as picture:
        grey = picture.convert("L")
    first = top_of_results(shown) + WORDS
    middles = [first + BAR * (number + 0.5) for number in range(len(shown.results[0].bars))]
    return [grey.crop((ALONG.start, int(y - THICK / 2), ALONG.stop, int(y + THICK / 2))) for y in middles]


def dark(bar: Image.Image) -> list[int]:
    """The columns in which something is dark, from the left end of the scale."""
    columns = range(bar.width)
    found = [x for x in columns if any(pixel < DARK for pixel in bar.crop((x, 0, x + 1, bar.height)).tobytes())]
    return [x + ALONG.start - MARGIN - GROUP for x in found]


def pixels(percent: int) -> float:
    return BARS * percent / 100


def bars_of(percents: Sequence[tuple[int, int]]) -> list[Bar]:
    return [Bar("Mentors", "so many", low, high, look) for look, (low, high) in enumerate(percents)]


@pytest.mark.parametrize("look", range(5))
@pytest.mark.parametrize("percent", [6, 50, 94, 100])
def test_an_exact_count_is_full_from_nothing_to_its_percentage(percent: int, look: int) -> None:
    (bar,) = drawn(chart(Bar("Mentors", "so many", percent, percent, look)))
    columns = dark(bar)
    assert columns == list(range(columns[0], columns[-1] + 1))
    assert columns[0] == pytest.approx(0, abs=NEAR)
    assert columns[-1] == pytest.approx(pixels(percent), abs=NEAR)
    middle = bar.crop((12, bar.height // 2, 12 + columns[-1] - NEAR, bar.height // 2 + 1)).tobytes()
    assert max(middle) < DARK, "no hole in it"


@pytest.mark.parametrize(("low", "high"), [(0, 17), (38, 50), (72, 84), (88, 100)])
def test_a_range_lies_between_its_ends_and_nothing_is_beside_it(low: int, high: int) -> None:
    for bar in drawn(chart(*bars_of([(low, high)] * 5))):
        columns = dark(bar)
        assert columns[0] == pytest.approx(pixels(low), abs=NEAR)
        assert columns[-1] == pytest.approx(pixels(high), abs=NEAR)


def test_a_range_is_neither_full_nor_has_it_a_mark_in_its_middle() -> None:
    """Stripes are the same all along."""
    for bar in drawn(chart(*bars_of([(20, 80)] * 5))):
        inside = bar.crop((int(pixels(25)) + 10, 4, int(pixels(75)) + 10, bar.height - 4))
        thirds = [inside.crop((n * inside.width // 3, 0, (n + 1) * inside.width // 3, inside.height)) for n in range(3)]
        shares = [sum(pixel < DARK for pixel in third.tobytes()) / (third.width * third.height) for third in thirds]
        assert min(shares) > 0.02
        assert max(shares) < 0.75
        assert max(shares) - min(shares) < 0.05


def test_nobody_is_a_bar_that_can_be_seen() -> None:
    (bar,) = drawn(chart(*bars_of([(0, 0)])))
    columns = dark(bar)
    assert columns
    assert columns[-1] <= THINNEST + NEAR


def test_each_bar_is_its_own_and_in_its_place() -> None:
    ends = [dark(bar)[-1] for bar in drawn(chart(*bars_of([(94, 94), (44, 44), (72, 84)])))]
    assert ends == pytest.approx([pixels(94), pixels(44), pixels(84)], abs=NEAR)


@pytest.mark.parametrize("look", range(5))
def test_stripes_are_told_apart_without_colour(look: int) -> None:
    """No two groups look the same in grey."""
    bars = [bar.tobytes() for bar in drawn(chart(*bars_of([(20, 80)] * 5)))]
    assert bars.count(bars[look]) == 1
