"""What the page is told, as JSON: messages, forms, conversations."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.playground.client import Room, Shown, ShownForm
from bot.playground.example import ExamplePerson
from bot.playground.reasons import why
from bot.texts import _
from bot.ui import Values
from storage.records import Account

Json = dict[str, Any]

BOT = "peermentor"
HOME = "home"
MEMBERS = 20
OF_SLACK = ("text", "blocks")
OF_TEAMS = ("text", "attachments")
"""What of a message the page draws."""


def moment(at: datetime | None) -> str | None:
    """A moment as the page takes it."""
    return at.astimezone(UTC).isoformat() if at else None


def person(who: ExamplePerson) -> Json:
    """Somebody on the list."""
    return {
        "id": str(who.account),
        "name": who.name,
        "part": who.part,
        "platform": who.account.platform,
        "organisation": who.organisation,
        "grade": who.grade,
    }


def room(each: Room, me: str, unread: int) -> Json:
    """A conversation in the list. ``me``: whose list it is."""
    others = [name for name in each.members if name != me]
    titles = {"dm": BOT, "group": ", ".join([BOT, *others]), "channel": each.name}
    return {
        "id": each.id,
        "kind": each.kind,
        "title": titles[each.kind],
        "members": list(each.members[:MEMBERS]),
        "count": len(each.members),
        "unread": unread,
    }


def message(shown: Shown, platform: str, shown_as: str = "") -> Json:
    """A message. ``shown_as``: its id for the page, where its own is none or another."""
    parts = OF_SLACK if platform == "slack" else OF_TEAMS
    return {
        "id": shown_as or shown.id,
        "conversation": shown.conversation,
        "at": moment(shown.at),
        "from": {"name": shown.by or BOT, "bot": not shown.by},
        "key": shown.key,
        "why": why(shown.key),
        "edited": shown.edited,
        "ephemeral": shown.ephemeral,
        "raw": {part: shown.raw[part] for part in parts if part in shown.raw},
        "buttons": [
            {"index": index, "label": button.label, "action": button.action}
            for index, button in enumerate(shown.buttons)
        ],
        "text": shown.text,
    }


def form(shown: ShownForm, platform: str, handle: str) -> Json:
    """An open form."""
    return {
        "handle": handle,
        "platform": platform,
        "title": shown.title,
        "raw": shown.raw,
        "values": {name: list(value) if isinstance(value, tuple) else value for name, value in shown.values.items()},
        "errors": shown.errors,
        "has_help": "Get help" in shown.lines or has_help(shown.raw),
    }


def has_help(raw: Mapping[str, Any]) -> bool:
    """Whether there is a button for help on a form."""
    return any(text in ("Get help", _("Get help")) for text in _titles(raw))


def _titles(raw: object) -> Iterable[str]:
    """The labels of all buttons, whatever the platform calls them."""
    if isinstance(raw, Mapping):
        label = raw.get("title") if str(raw.get("type", "")).startswith("Action.") else None
        if raw.get("type") == "button":
            label = raw["text"]["text"]
        if isinstance(label, str):
            yield label
        raw = list(raw.values())
    if isinstance(raw, list):
        for part in raw:
            yield from _titles(part)


def values_of(shown: ShownForm, given: Mapping[str, Any]) -> Values:
    """What was filled in, by the names of the fields; the page knows them by the ids of the platform's inputs, which on
    Teams have something before the name. Raises LookupError for a field that the form does not have."""
    values: Values = {}
    for key, value in given.items():
        name = key if key in shown.values else key.partition(":")[2]
        if name not in shown.values:
            raise LookupError(f"this form has no field {key}")
        values[name] = tuple(map(str, value)) if isinstance(value, list) else str(value)
    return values


def account(text: str, people: Mapping[Account, ExamplePerson]) -> Account:
    """The account with this name. Raises LookupError for nobody's."""
    for known in people:
        if str(known) == text:
            return known
    raise LookupError("there is no such person")
