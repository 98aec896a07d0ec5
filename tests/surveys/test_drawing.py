"""Pictures: the same for the same chart, small, as large as a phone takes them, and read without colour."""

import io
import itertools
from pathlib import Path

import pytest
from PIL import Image

from bot.surveys.chart import WIDTH, Chart
from bot.surveys.charts import charts_of
from bot.surveys.drawing import NotDrawn, drawn
from tests.releases import PULSE, questionnaire

CHARTS = (*charts_of(PULSE), *charts_of(questionnaire(exact=True)))
LARGEST = 100_000
"""Bytes of a picture."""
TALLEST = 1024
"""Pixels, of what Teams shows."""


def opened(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture))


async def test_a_picture_is_small_opaque_and_says_nothing_of_when_it_was_made() -> None:
    pictures = await drawn(CHARTS)
    assert len(pictures) == len(CHARTS)
    for picture in pictures:
        assert len(picture) < LARGEST
        with opened(picture) as image:
            assert image.format == "PNG"
            assert image.width == WIDTH
            assert 300 < image.height <= TALLEST
            assert "transparency" not in image.info
            assert image.info.keys() <= {"dpi"}


async def test_the_same_chart_gives_the_same_bytes() -> None:
    assert await drawn(CHARTS[:2]) == await drawn(CHARTS[:2])


async def test_a_picture_has_contrast_on_a_light_ground_of_its_own() -> None:
    (picture,) = await drawn(CHARTS[:1])
    with opened(picture) as image:
        greys = image.convert("L").tobytes()
    assert greys[0] > 200
    assert max(greys) - min(greys) > 180


async def test_a_range_is_striped_between_its_ends_and_has_nothing_in_the_middle() -> None:
    """Without colour: within a range dark and light alternate, in an exact bar they do not."""
    ranges, exact = charts_of(PULSE)[:1], charts_of(questionnaire(exact=True))[:1]
    (of_ranges,), (of_exact,) = await drawn(ranges), await drawn(exact)
    key = slice(34, 86)  # the sample in the key, between its edges
    striped, full = changes_along(of_ranges, key), changes_along(of_exact, key)
    assert striped >= 6
    assert full == 0


def changes_along(picture: bytes, across: slice) -> int:
    """How often dark and light change along the middle of the sample in the key, in grey."""
    with opened(picture) as image:
        begins = WIDTH * (image.height - 34)
        line = [grey < 140 for grey in image.convert("L").tobytes()[begins : begins + WIDTH][across]]
    return sum(a != b for a, b in itertools.pairwise(line))


async def test_what_is_typed_as_markup_is_drawn_as_it_is() -> None:
    plain, odd = (Chart(title, "", CHARTS[0].results, CHARTS[0].key) for title in ("x", "$\\frac{1$ <b>& %s"))
    pictures = await drawn([plain, odd])
    assert len(set(pictures)) == 2


async def test_no_charts_are_no_pictures() -> None:
    assert await drawn([]) == []


async def test_a_child_that_takes_too_long_is_ended() -> None:
    with pytest.raises(NotDrawn, match="longer"):
        await drawn(CHARTS, limit=0.001)


@pytest.mark.parametrize(("code", "said"), [("import sys; sys.exit(3)", "status 3"), ("print('?')", "something else")])
async def test_a_child_that_fails_draws_nothing(
    code: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no_painter.py").write_text(f"import sys; sys.stdin.buffer.read(); {code}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NotDrawn, match=said):
        await drawn(CHARTS, module="no_painter")


async def test_the_child_gets_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import os, sys, msgspec; sys.stdin.buffer.read();\nsecret = os.environ.get('SLACK_BOT_TOKEN', 'none')\n"
    (tmp_path / "teller.py").write_text(f"{code}sys.stdout.buffer.write(msgspec.msgpack.encode([secret.encode()]))")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    assert await drawn(CHARTS, module="teller") == [b"none"]
