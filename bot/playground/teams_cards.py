"""What Teams checks on a card, and what a person then reads on it and can do with it."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, time
from typing import Any
from urllib.parse import urlsplit

from bot.playground.client import ShownButton, ShownForm
from bot.ui import Values

Json = dict[str, Any]

CARD = "application/vnd.microsoft.card.adaptive"
MAX_ACTIONS = 6
VERSIONS = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4", "1.5"})
SCHEMES = frozenset({"https", "http", "mailto", "tel"})
"""Where a link may lead."""
REQUIRED: dict[str, dict[str, type]] = {
    "RichTextBlock": {"inlines": list},
    "Container": {"items": list},
    "ActionSet": {"actions": list},
    "Input.Text": {"id": str},
    "Input.Date": {"id": str},
    "Input.Time": {"id": str},
    "Input.ChoiceSet": {"id": str, "choices": list},
    "TextRun": {"text": str},
    "Action.Execute": {"title": str, "data": dict},
    "Action.Submit": {"title": str, "data": dict},
    "Action.OpenUrl": {"url": str},
    "Action.ToggleVisibility": {"title": str, "targetElements": list},
}
"""The elements that the bot uses, each with the parts that Teams asks of it."""


class BadCard(Exception):
    """Teams would not take or not show this card."""


def check(card: object) -> None:
    """Raises BadCard with the first thing that Teams would not take."""
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        raise BadCard("not an Adaptive Card")
    if card.get("version") not in VERSIONS:
        raise BadCard(f"version {card.get('version')!r}")
    if not card.get("body") and not card.get("actions"):
        raise BadCard("an empty card")
    _check_elements(card.get("body", []))
    _check_actions(card.get("actions", []))
    ids = [element["id"] for element in _walk(card.get("body", [])) if element["type"].startswith("Input.")]
    if len(ids) != len(set(ids)):
        raise BadCard("two inputs with the same id")


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
    """Bytes on the wire."""
    return len(json.dumps(content))


def _check_elements(elements: object) -> None:
    for element in _listed(elements):
        kind = _check_required(element)
        if kind == "TextRun" or kind.startswith("Action."):
            raise BadCard(f"{kind} is no element of a body")
        if kind == "Container":
            _check_elements(element["items"])
        elif kind == "RichTextBlock":
            _check_runs(element["inlines"])
        elif kind == "ActionSet":
            _check_actions(element["actions"], at_least=1)
        elif kind == "Input.ChoiceSet":
            _check_choices(element["choices"])


def _check_runs(inlines: object) -> None:
    if not inlines:
        raise BadCard("RichTextBlock without text")
    for run in _listed(inlines):
        if _check_required(run) != "TextRun":
            raise BadCard("RichTextBlock takes text runs")
        _check_actions([run["selectAction"]] if "selectAction" in run else [])


def _check_choices(choices: object) -> None:
    for choice in _listed(choices):
        if not all(isinstance(choice.get(part), str) for part in ("title", "value")):
            raise BadCard("a choice needs a title and a value")


def _check_actions(listed: object, at_least: int = 0) -> None:
    found = _listed(listed)
    if not at_least <= len(found) <= MAX_ACTIONS:
        raise BadCard(f"{len(found)} actions: {at_least} to {MAX_ACTIONS} are shown")
    for action in found:
        kind = _check_required(action)
        if not kind.startswith("Action."):
            raise BadCard(f"{kind} is no action")
        if kind == "Action.OpenUrl" and urlsplit(action["url"]).scheme not in SCHEMES:
            raise BadCard("Action.OpenUrl with such an address")
        if kind == "Action.Execute" and not isinstance(action.get("verb"), str):
            raise BadCard("Action.Execute without a verb")


def _check_required(element: Json) -> str:
    kind = element.get("type")
    if not isinstance(kind, str) or kind not in REQUIRED:
        raise BadCard(f"unknown element {kind!r}")
    for name, wanted in REQUIRED[kind].items():
        if not isinstance(element.get(name), wanted):
            raise BadCard(f"{kind} needs {name}")
    return kind


def _listed(elements: object) -> list[Json]:
    if not isinstance(elements, list) or not all(isinstance(element, dict) for element in elements):
        raise BadCard("a list of elements is needed")
    return elements


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
