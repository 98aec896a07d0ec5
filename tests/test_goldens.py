"""How every message and form of every conversation looks on each platform, kept as JSON beside this file.

``UPDATE_GOLDENS=1 pytest tests/test_goldens.py`` writes them anew; the difference is then read in review.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from bot.ui import Form, Message, pictures_of, with_pictures
from tests.examples import EXAMPLES

GOLDENS = Path(__file__).parent / "goldens"


def on_slack(example: Message | Form) -> dict[str, Any]:
    if isinstance(example, Form):
        return slack.modal(example)
    ids = {picture.file: f"F0{number:07}" for number, picture in enumerate(pictures_of(example))}
    return slack.message(with_pictures(example, ids))


def on_teams(example: Message | Form) -> dict[str, Any]:
    if isinstance(example, Form):
        return teams.dialog(example, "dialog-1")
    addresses = {each.file: f"https://mentoring.example.org/files/{each.file}" for each in pictures_of(example)}
    return teams.card(with_pictures(example, addresses))


PLATFORMS: dict[str, Callable[[Message | Form], dict[str, Any]]] = {"slack": on_slack, "teams": on_teams}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_it_looks_as_it_did(platform: str, name: str) -> None:
    rendered = json.dumps(PLATFORMS[platform](EXAMPLES[name]()), indent=1, ensure_ascii=False) + "\n"
    golden = GOLDENS / platform / f"{name}.json"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(rendered, encoding="utf-8")
    assert golden.exists(), f"{golden.name} is missing: run UPDATE_GOLDENS=1 pytest {Path(__file__).name}"
    assert rendered == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_golden_is_left_without_an_example(platform: str) -> None:
    kept = {golden.stem for golden in (GOLDENS / platform).glob("*")}
    if os.environ.get("UPDATE_GOLDENS"):
        for stem in kept - EXAMPLES.keys():
            (GOLDENS / platform / f"{stem}.json").unlink()
        return
    assert kept == EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_everybody_is_told_who_can_see_it(name: str) -> None:
    assert EXAMPLES[name]().seen_by.strip()
