"""What the stand-in of Teams takes as a card: never more than the schema of Adaptive Cards 1.5 does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bot.playground.teams_card_shape import MAX_ACTIONS
from bot.playground.teams_cards import BadCard, check

PROJECT = Path(__file__).parents[2]
SCHEMA = PROJECT.parent / "shared" / "schemas" / "adaptive-card-1.5.schema.json"
GOLDENS = sorted((PROJECT / "tests" / "goldens" / "teams").glob("*.json"))

RUN = {"type": "TextRun", "text": "Hello"}
BLOCK = {"type": "RichTextBlock", "inlines": [RUN]}
LINK = {"type": "Action.OpenUrl", "url": "https://example.org"}
BUTTON = {"type": "Action.Execute", "title": "Go", "verb": "go", "data": {}}
SUBMIT = {"type": "Action.Submit", "title": "Go", "data": {}}
TOGGLE = {"type": "Action.ToggleVisibility", "title": "Get help", "targetElements": ["numbers"]}
IMAGE = {"type": "Image", "url": "https://example.org/a.png", "altText": "17 of 18"}
CHOICES = [{"title": "Ward", "value": "ward"}]
TEXT = {"type": "Input.Text", "id": "one:note", "label": "Note"}
DAY = {"type": "Input.Date", "id": "one:day", "value": "2026-03-01"}
TIME = {"type": "Input.Time", "id": "one:time", "value": "09:30"}
PICK = {"type": "Input.ChoiceSet", "id": "one:where", "choices": CHOICES}


def card(*body: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body)} | changes


def without(part: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != name}


BAD_FOR_BOTH: dict[str, Any] = {
    "nothing": None,
    "another card": {"type": "HeroCard"},
    "no list of elements": card() | {"body": "Hello"},
    "an unknown element": card({"type": "Video"}),
    "a run without a block": card(RUN),
    "a block without text": card({"type": "RichTextBlock"}),
    "a button among runs": card({"type": "RichTextBlock", "inlines": [BUTTON]}),
    "a run without text": card({"type": "RichTextBlock", "inlines": [{"type": "TextRun"}]}),
    "a text that is a number": card({"type": "RichTextBlock", "inlines": [RUN | {"text": 5}]}),
    "an unknown size": card({"type": "RichTextBlock", "inlines": [RUN | {"size": "huge"}]}),
    "an unknown colour": card({"type": "RichTextBlock", "inlines": [RUN | {"color": "pink"}]}),
    "an unknown weight": card({"type": "RichTextBlock", "inlines": [RUN | {"weight": "heavy"}]}),
    "a word that is no part of a run": card({"type": "RichTextBlock", "inlines": [RUN | {"bold": True}]}),
    "a word for a truth": card({"type": "RichTextBlock", "inlines": [RUN | {"underline": "yes"}]}),
    "nothing for a truth": card({"type": "RichTextBlock", "inlines": [RUN | {"underline": None}]}),
    "a run that is a text input": card({"type": "RichTextBlock", "inlines": [RUN | {"selectAction": TEXT}]}),
    "an unknown gap": card(BLOCK | {"spacing": "wide"}),
    "a picture without an address": card(without(IMAGE, "url")),
    "a picture of unknown size": card(IMAGE | {"size": "enormous"}),
    "a row without actions": card({"type": "ActionSet"}),
    "text in a row of actions": card({"type": "ActionSet", "actions": [RUN]}),
    "text below the card": card(BLOCK, actions=[RUN]),
    "a button of unknown style": card(BLOCK, actions=[BUTTON | {"style": "loud"}]),
    "a button with a number as its verb": card(BLOCK, actions=[BUTTON | {"verb": 1}]),
    "a button with a list as its data": card(BLOCK, actions=[SUBMIT | {"data": []}]),
    "a link without an address": card(BLOCK, actions=[{"type": "Action.OpenUrl", "title": "Go"}]),
    "a button that shows nothing": card(BLOCK, actions=[without(TOGGLE, "targetElements")]),
    "a container without items": card({"type": "Container"}),
    "a container of videos": card({"type": "Container", "items": [{"type": "Video"}]}),
    "a container of a number": card({"type": "Container", "items": 3}),
    "an input without an id": card(without(TEXT, "id")),
    "a length that is a word": card(TEXT | {"maxLength": "ten"}),
    "a date that is a number": card(DAY | {"value": 20260301}),
    "a time that is a number": card(TIME | {"value": 930}),
    "a choice without a value": card(PICK | {"choices": [{"title": "Ward"}]}),
    "a choice of more": card(PICK | {"choices": [CHOICES[0] | {"subtitle": "North"}]}),
    "a choice of unknown style": card(PICK | {"style": "dropdown"}),
    "a card with more": card(BLOCK, colour="red"),
}
BAD_FOR_TEAMS: dict[str, Any] = {
    "a version that Teams does not know": card(BLOCK, version="1.6"),
    "no version": without(card(BLOCK), "version"),
    "nothing in it": card(),
    "a block of no text": card({"type": "RichTextBlock", "inlines": []}),
    "a picture without words": card(without(IMAGE, "altText")),
    "a picture with blank words": card(IMAGE | {"altText": " "}),
    "a picture from anywhere": card(IMAGE | {"url": "http://example.org/a.png"}),
    "an empty row": card({"type": "ActionSet", "actions": []}),
    "too many in a row": card({"type": "ActionSet", "actions": [BUTTON] * (MAX_ACTIONS + 1)}),
    "too many below": card(BLOCK, actions=[SUBMIT] * (MAX_ACTIONS + 1)),
    "a button without a title": card(BLOCK, actions=[without(BUTTON, "title")]),
    "a link without a title": card(BLOCK, actions=[LINK]),
    "a button without a verb": card(BLOCK, actions=[without(BUTTON, "verb")]),
    "a script for a link": card(BLOCK, actions=[LINK | {"title": "Go", "url": "javascript:0"}]),
    "a button that shows what is not there": card(BLOCK, actions=[TOGGLE]),
    "the same id twice": card(TEXT, TEXT),
    "the same id twice, once further in": card(TEXT, {"type": "Container", "items": [TEXT]}),
    "a date in words": card(DAY | {"value": "1 March"}),
    "a time in words": card(TIME | {"value": "noon"}),
    "no choice at all": card(PICK | {"choices": []}),
}


@pytest.fixture(scope="module")
def schema() -> Any:
    """The schema of all cards, where it is at hand."""
    if not SCHEMA.exists():
        pytest.skip("the Adaptive Card schema is not here: it is Microsoft's and not copied into this project")
    parsed = json.loads(SCHEMA.read_text())
    return jsonschema.validators.validator_for(parsed)(parsed)


@pytest.mark.parametrize("what", BAD_FOR_BOTH)
def test_a_card_that_the_format_does_not_allow_is_refused(what: str) -> None:
    with pytest.raises(BadCard):
        check(BAD_FOR_BOTH[what])


@pytest.mark.parametrize("what", BAD_FOR_BOTH)
def test_the_schema_agrees_that_it_is_wrong(schema: Any, what: str) -> None:
    assert not schema.is_valid(BAD_FOR_BOTH[what])


@pytest.mark.parametrize("what", BAD_FOR_TEAMS)
def test_a_card_that_teams_would_not_show_is_refused(what: str) -> None:
    with pytest.raises(BadCard):
        check(BAD_FOR_TEAMS[what])


def elements() -> Iterator[dict[str, Any]]:
    numbers = {"type": "Container", "id": "numbers", "isVisible": False, "items": [BLOCK]}
    yield from (BLOCK, IMAGE, TEXT, DAY, TIME, PICK, numbers)
    yield {"type": "RichTextBlock", "inlines": [RUN | {"size": "Small", "isSubtle": True, "selectAction": LINK}]}
    yield {"type": "ActionSet", "actions": [BUTTON, SUBMIT, TOGGLE, LINK | {"title": "Read"}]}


def test_what_is_refused_is_refused_for_what_is_wrong_in_it(schema: Any) -> None:
    good = card(*elements(), actions=[SUBMIT])
    check(good)
    schema.validate(good)


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.stem)
def test_every_card_and_dialog_of_the_bots_is_good_for_both(schema: Any, golden: Path) -> None:
    said = json.loads(golden.read_text(encoding="utf-8"))
    content = said["card"]["content"] if "card" in said else said
    check(content)
    for element in content["body"]:
        element.pop("msTeams", None)  # of Teams alone, which the schema of all cards does not know
    schema.validate(content)


def test_there_are_cards_and_dialogs_of_the_bots() -> None:
    assert len(GOLDENS) > 100
