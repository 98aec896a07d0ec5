"""What Teams checks on a card, and what a person then reads on it and can do with it."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, time
from typing import Any

import msgspec
from msgspec import UNSET

from bot.playground.client import ShownButton, ShownForm
from bot.playground.teams_card_shape import (
    Action,
    ActionSet,
    AdaptiveCard,
    Container,
    Element,
    OpenUrl,
    ToggleVisibility,
)
from bot.ui import Values

Json = dict[str, Any]

CARD = "application/vnd.microsoft.card.adaptive"


class BadCard(Exception):
    """Teams would not take or not show this card."""


def check(card: object) -> None:
    """Raises BadCard with the first thing that Teams would not take."""
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        raise BadCard("not an Adaptive Card")
    try:
        shaped = msgspec.convert(card, AdaptiveCard)
    except msgspec.ValidationError as error:
        raise BadCard(str(error)) from None
    if not shaped.body and not shaped.actions:
        raise BadCard("an empty card")
    elements = list(_elements(shaped.body))
    ids = [element.id for element in elements if element.id is not UNSET]
    if len(ids) != len(set(ids)):
        raise BadCard("two elements with the same id")
    for action in _shaped_actions(shaped, elements):
        if isinstance(action, ToggleVisibility) and not set(action.target_elements) <= set(ids):
            raise BadCard("Action.ToggleVisibility of what is not there")
        if isinstance(action, OpenUrl) and action.title is UNSET:
            raise BadCard("a button without a title")


def lines(card: Json) -> tuple[str, ...]:
    """Every text on a card, top to bottom, as it is read."""
    return _lines(card.get("body", []), card.get("actions", []))


def behind(card: Json, button: str) -> tuple[str, ...]:
    """What a tap on a button shows that was hidden. Raises LookupError where there is no such button."""
    for action in actions(card):
        if action["type"] == "Action.ToggleVisibility" and action["title"] == button:
            named = set(action["targetElements"])
            return _lines([element | {"isVisible": True} for element in card["body"] if element.get("id") in named], [])
    raise LookupError(f"no button {button!r}")


def _lines(body: list[Json], below: list[Json]) -> tuple[str, ...]:
    read: list[str] = []
    for element in _walk(body):
        match element["type"]:
            case "RichTextBlock":
                read.append("".join(run["text"] for run in element["inlines"]))
            case "ActionSet":
                read += [action.get("title", "") for action in element["actions"]]
            case "Image":
                read.append(element["altText"])
            case _:
                read.append(element.get("label", ""))
                read += [_without_escapes(choice["title"], element) for choice in element.get("choices", [])]
    read += [action.get("title", "") for action in below]
    return tuple(line for line in map(readable, read) if line)


def actions(card: Json) -> Iterator[Json]:
    """Every button on a card, top to bottom."""
    for element in _walk(card.get("body", [])):
        if element["type"] == "ActionSet":
            yield from element["actions"]
    yield from card.get("actions", [])


def buttons(card: Json) -> tuple[ShownButton, ...]:
    """The buttons that send something to the bot."""
    return tuple(
        ShownButton(readable(action["title"]), data["action"], data["subject"], data["version"])
        for action in actions(card)
        if (data := action.get("data", {})).keys() >= {"action", "subject", "version"}
    )


def form(task: Json, **context: str) -> ShownForm:
    """The form of an open dialog. ``context``: kept in ``raw``, for the submission."""
    card = task["card"]["content"]
    submit = _submit_of(card)
    data: Json = submit["data"] if submit else {"form": "", "subject": "", "version": 0}
    return ShownForm(
        name=data["form"],
        subject=data["subject"],
        version=data["version"],
        title=readable(task["title"]),
        lines=lines(card),
        values={_name(field): _held(field) for field in _inputs(card)},
        errors=_errors(card.get("body", [])),
        raw={"task": task, **context},
        options={_name(f): tuple(c["value"] for c in f["choices"]) for f in _inputs(card) if "choices" in f},
    )


def submission(shown: ShownForm, values: Values) -> Json:
    """What Teams sends when a dialog is submitted: the button's data and every input as text.

    Raises ValueError for what the inputs of the dialog would not let a person enter.
    """
    card = shown.raw["task"]["card"]["content"]
    unknown = values.keys() - shown.values.keys()
    if unknown:
        raise ValueError(f"the form has no field {sorted(unknown)}")
    entered = {field["id"]: _entered(field, (shown.values | values)[_name(field)]) for field in _inputs(card)}
    submit = _submit_of(card)
    if submit is None:
        raise ValueError("there is nothing to send")
    return {**submit["data"], **entered}


def readable(text: str) -> str:
    """A text as it is read: the space without width that breaks ``{{`` and ``${`` is not seen."""
    return re.sub(r"(?<=[{$])\u200b(?=\{)", "", text)


def size(content: object) -> int:
    """Bytes as Teams counts them: in UTF-16."""
    return len(json.dumps(content, ensure_ascii=False).encode("utf-16-le"))


def _elements(body: Iterable[Element]) -> Iterator[Element]:
    for element in body:
        yield element
        if isinstance(element, Container):
            yield from _elements(element.items)


def _shaped_actions(card: AdaptiveCard, elements: Iterable[Element]) -> Iterator[Action]:
    for element in elements:
        if isinstance(element, ActionSet):
            yield from element.actions
    yield from card.actions


def _walk(elements: Iterable[Json]) -> Iterator[Json]:
    for element in elements:
        if element["type"] == "Container":
            yield from _walk(element["items"]) if element.get("isVisible", True) else ()
        else:
            yield element


def _inputs(card: Json) -> list[Json]:
    return [element for element in _walk(card.get("body", [])) if element["type"].startswith("Input.")]


def _submit_of(card: Json) -> Json | None:
    """The button that sends a form; None where there is only something to read."""
    submits = [
        action for action in actions(card) if action["type"] == "Action.Submit" and "form" in action.get("data", {})
    ]
    if len(submits) > 1 or (not submits and _inputs(card)):
        raise BadCard("a dialog with fields needs one button that submits it")
    return submits[0] if submits else None


def _name(field: Json) -> str:
    return str(field["id"]).partition(":")[2]


def _held(field: Json) -> str | tuple[str, ...]:
    value = field.get("value", "")
    if field.get("isMultiSelect"):
        return tuple(part for part in value.split(",") if part)
    return str(value)


def _entered(field: Json, value: str | tuple[str, ...]) -> str:
    chosen = (value,) if isinstance(value, str) else value
    if field["type"] == "Input.ChoiceSet":
        known = {choice["value"] for choice in field["choices"]} | {""}
        if not known.issuperset(chosen) or isinstance(value, str) == bool(field.get("isMultiSelect")):
            raise ValueError(f"the field {_name(field)} has no such choice")
    elif not isinstance(value, str):
        raise ValueError(f"the field {_name(field)} takes one value")
    if field["type"] == "Input.Date" and value:
        date.fromisoformat(chosen[0])  # all that a date picker gives
    if field["type"] == "Input.Time" and value and f"{time.fromisoformat(chosen[0]):%H:%M}" != value:
        raise ValueError(f"the field {_name(field)} takes hours and minutes")
    if field["type"] == "Input.Text":
        _check_text(field, chosen[0])
    return ",".join(chosen)


def _check_text(field: Json, typed: str) -> None:
    if len(typed) > field.get("maxLength", len(typed)):
        raise ValueError(f"the field {_name(field)} takes {field['maxLength']} characters")
    if "\n" in typed and not field.get("isMultiline"):
        raise ValueError(f"the field {_name(field)} has one line")


def _errors(elements: Iterable[Json]) -> dict[str, str]:
    """The texts in attention colour right after an input, in the same container."""
    errors: dict[str, list[str]] = {}
    for container in elements:
        field = ""
        for element in container["items"] if container["type"] == "Container" else []:
            if element["type"].startswith("Input."):
                field = _name(element)
            elif field and all(run.get("color") == "Attention" for run in element["inlines"]):
                text = "".join(run["text"] for run in element["inlines"])
                errors.setdefault(field, []).append(readable(text))
    return {name: "\n".join(found) for name, found in errors.items()}


def _without_escapes(title: str, field: Json) -> str:
    """Teams reads Markdown in the titles of check boxes."""
    if not field.get("isMultiSelect"):
        return title
    read, escaped = "", False
    for letter in title:
        escaped = letter == "\\" and not escaped
        read += "" if escaped else letter
    return read
