"""Neutral messages and forms as Adaptive Cards 1.5.

All text goes into text runs, which know no Markdown; what else a card would interpret is defused here.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any
from urllib.parse import quote, urlsplit

from bot import ui
from bot.config import is_loopback
from bot.texts import _, ngettext

Json = dict[str, Any]

CARD = "application/vnd.microsoft.card.adaptive"
MAX_BYTES = 28_000
MAX_BUTTONS = 6
MAX_TITLE = 24
MAX_ALT = 2000
OPTIONS_AT_A_GLANCE = 7
"""So many are shown as circles to tap, once each; more are a list that has to be opened first."""
SCHEMES = frozenset({"https", "mailto", "tel"})

TITLE_OF_WORDS = "peermentor"
"""Of a message in the window of a form."""

TAP = ("action", "subject", "version")
"""What a button carries, in this order: action, subject and version."""
DIALOG = ("form", "subject", "version", "dialog")
"""What a form carries, in this order: name, subject, version and the id of the dialog that was opened."""
ONE, MANY = "one:", "many:"
"""What stands before a field's name in the id of its input: whether one value or several come back."""


def card(message: ui.Message, *, in_dialog: bool = False) -> Json:
    """The card of a message. Raises TypeError for an element that is not known, ValueError beyond Teams' limits.

    ``in_dialog``: it is shown in the window of a form, where only buttons that submit do anything.
    """
    body: list[Json] = []
    divide = under_heading = False
    for block in message.blocks:
        if isinstance(block, ui.Divider):
            divide = True
            continue
        elements = _divided(_elements(block, in_dialog=in_dialog), divide=divide)
        if elements and under_heading:
            elements[0]["spacing"] = "Small"
        body += elements
        divide, under_heading = False, isinstance(block, ui.Heading)
    body += _divided(_paragraph(message.seen_by, isSubtle=True, size="Small"), divide=divide)
    return _within_limits(_card(body, fallback=message.summary))


def attachment(content: Json) -> Json:
    """A card as it is attached to an activity or a dialog."""
    return {"contentType": CARD, "content": content}


def one_line(text: str) -> str:
    """A text for a place that shows one line and no markup, such as a notification."""
    return " ".join(text.split())


def dialog(
    form: ui.Form,
    dialog_id: str,
    values: ui.Values | None = None,
    errors: Mapping[str, str] | None = None,
) -> Json:
    """The dialog of a form, as ``task.value`` of a task module answer.

    ``values``: what was typed, when the form is shown again; ``errors``: a text for each field that needs another look.
    Raises TypeError for a field that is not known, ValueError beyond the limits.
    """
    if len(form.title) > MAX_TITLE:
        raise ValueError(f"the title of form {form.name} is longer than {MAX_TITLE} characters")
    values, errors = values or {}, errors or {}
    body = _paragraph(form.intro) + _error_summary(form, errors)
    for field in form.fields:
        items = [_input(field, values)]
        if field.name in errors:
            items += _error(errors[field.name])
        items += _paragraph(field.help, isSubtle=True, size="Small")
        body.append({"type": "Container", "spacing": "Medium", "items": items})
    body += _get_help(form.get_help)
    body += _paragraph(form.seen_by, isSubtle=True, size="Small")
    send = {
        "type": "Action.Submit",
        "title": _plain(form.submit),
        "style": "positive",
        "data": dict(zip(DIALOG, (form.name, form.subject, form.version, dialog_id), strict=True)),
    }
    content = _within_limits(_card(body, fallback=form.title) | {"actions": [send]})
    return {
        "title": _plain(form.title),
        "width": "medium",
        "height": "medium",
        "card": attachment(content),
    }


def words(message: ui.Message) -> Json:
    """A message in the window of a form, as ``task.value`` of a task module answer."""
    return {
        "title": TITLE_OF_WORDS,
        "width": "medium",
        "height": "medium",
        "card": attachment(card(message, in_dialog=True)),
    }


def _get_help(numbers: tuple[ui.Link, ...]) -> list[Json]:
    """A button that shows numbers to call in the form itself, so that what was typed stays."""
    if not numbers:
        return []
    show = {"type": "Action.ToggleVisibility", "title": _("Get help"), "targetElements": ["get_help"]}
    lines = [line for number in numbers for line in _elements(number)]
    more = _paragraph(_("There is more, and people to talk to, when you type: support"), isSubtle=True, size="Small")
    return [
        {"type": "ActionSet", "actions": [show]},
        {"type": "Container", "id": "get_help", "isVisible": False, "items": [*lines, *more]},
    ]


def _card(body: list[Json], fallback: str) -> Json:
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": _plain(fallback),
        "body": body,
    }


def _within_limits(content: Json) -> Json:
    size = len(json.dumps(content))
    if size > MAX_BYTES:
        raise ValueError(f"a card of {size} bytes is too big for Teams, which takes {MAX_BYTES}")
    return content


def _divided(elements: list[Json], *, divide: bool) -> list[Json]:
    if divide and elements:
        elements[0]["separator"] = True
    return elements


def _elements(block: ui.Element, *, in_dialog: bool = False) -> list[Json]:
    match block:
        case ui.Heading(text):
            elements = _lines([[_run(one_line(text), weight="Bolder", size="Medium")]], gap="Large")
        case ui.Text(text):
            elements = _paragraph(text)
        case ui.Bullets(items):
            elements = _lines([_run(f"• {one_line(item)}")] for item in items)
        case ui.Facts(rows):
            elements = _lines(
                [_run(f"{one_line(label)}: ", weight="Bolder"), _run(one_line(value))] for label, value in rows
            )
        case ui.Link(label, url):
            elements = _lines([[_link(label, url)]])
        case ui.Contact():
            elements = _contact(block)
        case ui.Buttons(buttons):
            elements = _buttons(buttons, in_dialog=in_dialog)
        case ui.Picture():
            elements = [_image(block)]
        case _:
            raise TypeError(f"Teams cannot show {type(block).__name__}")
    return elements


def _contact(contact: ui.Contact) -> list[Json]:
    lines = [[_run(one_line(contact.name), weight="Bolder")]]
    address = quote(contact.email, safe="@")
    if contact.email:
        lines.append([_link(contact.email, f"mailto:{address}")])
    if contact.email and any(platform == "teams" for platform, _tenant, _user in contact.accounts):
        chat = f"https://teams.microsoft.com/l/chat/0/0?users={address}"
        lines.append([_link(_("Chat with {name} in Teams").format(name=one_line(contact.name)), chat)])
    return _lines(lines)


def _buttons(buttons: tuple[ui.Button, ...], *, in_dialog: bool) -> list[Json]:
    if len(buttons) > MAX_BUTTONS:
        raise ValueError(f"{len(buttons)} buttons in a row: Teams shows {MAX_BUTTONS}")
    actions = [_button(button, in_dialog=in_dialog) for button in buttons]
    return [{"type": "ActionSet", "actions": actions}] if actions else []


def _button(button: ui.Button, *, in_dialog: bool) -> Json:
    data: Json = dict(zip(TAP, (button.action, button.subject, button.version), strict=True))
    style: Json = {"style": "positive"} if button.primary else {}
    title = _plain(button.label)
    if in_dialog:
        return {"type": "Action.Submit", "title": title, "data": data, **style}
    if button.opens:
        fetch = {"msteams": {"type": "task/fetch"}}
        return {"type": "Action.Submit", "title": title, "data": data | fetch, **style}
    return {"type": "Action.Execute", "title": title, "verb": button.action, "data": data, **style}


def _input(field: ui.Field, values: ui.Values) -> Json:
    label = field.label if not field.optional else _("{label} (optional)").format(label=field.label)
    shared: Json = {"id": ONE + field.name, "label": _plain(label)}
    match field:
        case ui.PickOne(options=options, value=value):
            given = {"type": "Input.ChoiceSet", "value": _one(values, field.name, value)}
            if field.optional or len(options) > OPTIONS_AT_A_GLANCE:  # one that is tapped cannot be left open again
                listed = [{"title": _plain(option.label), "value": option.value} for option in options]
                return shared | given | {"style": "compact", "placeholder": _("Choose one"), "choices": listed}
            listed = [{"title": _without_markdown(_plain(option.label)), "value": option.value} for option in options]
            return shared | given | {"style": "expanded", "wrap": True, "choices": listed}
        case ui.PickMany(options=options, value=chosen):
            return shared | {
                "type": "Input.ChoiceSet",
                "id": MANY + field.name,
                "isMultiSelect": True,
                "style": "expanded",
                "wrap": True,
                "value": _joined(_many(values, field.name, chosen)),
                # Teams reads Markdown in the titles of boxes and circles, unlike in a drop-down list.
                "choices": [
                    {"title": _without_markdown(_plain(option.label)), "value": _joined([option.value])}
                    for option in options
                ],
            }
        case ui.DateField() | ui.NumberField() | ui.TimeField() | ui.TextField():
            return shared | _typed(field, _one(values, field.name, field.value))
        case _:
            raise TypeError(f"Teams cannot ask for {type(field).__name__}")


def _typed(field: ui.DateField | ui.NumberField | ui.TimeField | ui.TextField, given: str) -> Json:
    """An input for typing. A picker, or one for numbers, would drop what it does not know; what was typed must stay."""
    shown: Json = {"type": "Input.Text", "value": given}
    match field:
        case ui.DateField():
            shown |= {"type": "Input.Date"} if _is_day(given) else {"placeholder": _("YYYY-MM-DD")}
        case ui.NumberField():
            shown |= {"placeholder": _("A whole number")}
        case ui.TimeField():
            shown |= {"type": "Input.Time"} if _is_time(given) else {"placeholder": _("HH:MM")}
        case ui.TextField(multiline=multiline, max_length=most):
            # Teams lets nobody type more; what was forged must not make the dialog too big to be answered with.
            shown |= {"isMultiline": multiline, "maxLength": most, "value": given[:most]}
    return shown


def _one(values: ui.Values, name: str, default: str) -> str:
    value = values.get(name, default)
    return value if isinstance(value, str) else ""


def _many(values: ui.Values, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = values.get(name, default)
    return value if isinstance(value, tuple) else ()


def _joined(values: Iterable[str]) -> str:
    """Several values as Adaptive Cards carry them; raises ValueError where one has the comma that parts them."""
    listed = list(values)
    if any("," in value for value in listed):
        raise ValueError("the value of an option has a comma, with which Teams parts several values")
    return ",".join(listed)


def _is_day(text: str) -> bool:
    try:
        return not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_time(text: str) -> bool:
    try:
        return not text or f"{time.fromisoformat(text):%H:%M}" == text
    except ValueError:
        return False


def _error_summary(form: ui.Form, errors: Mapping[str, str]) -> list[Json]:
    if not errors:
        return []
    count = len(errors)
    found = ngettext("one answer needs another look", "{count} answers need another look", count)
    elsewhere = errors.keys() - {field.name for field in form.fields}
    return [
        *_error(found.format(count=count), weight="Bolder"),
        *(line for name in sorted(elsewhere) for line in _error(errors[name])),
    ]


def _error(text: str, **style: str) -> list[Json]:
    return _paragraph(_("Error: {problem}").format(problem=text), color="Attention", **style)


def _paragraph(text: str, **style: str | bool) -> list[Json]:
    """A block for each line, because not every client breaks the lines of one."""
    return _lines([_run(line, **style)] if line.strip() else [] for line in text.splitlines())


def _lines(lines: Iterable[list[Json]], gap: str = "Default") -> list[Json]:
    """Lines close together, ``gap`` below what stands above; an empty one is a gap too."""
    blocks: list[Json] = []
    for inlines in lines:
        if inlines:
            blocks.append({"type": "RichTextBlock", "spacing": gap, "inlines": inlines})
        gap = "None" if inlines else "Medium"
    return blocks


def _image(picture: ui.Picture) -> Json:
    """As wide as the card; a tap shows it larger."""
    if not (urlsplit(picture.file).scheme == "https" or is_loopback(picture.file)):
        raise ValueError("a picture has no https: address")
    if not picture.alt.strip() or len(html.escape(picture.alt, quote=False)) > MAX_ALT:
        raise ValueError(f"a picture needs an alternative text of at most {MAX_ALT} characters")
    alt = _plain(one_line(picture.alt))
    return {
        "type": "Image",
        "url": picture.file,
        "altText": alt,
        "size": "Stretch",
        "msTeams": {"allowExpand": True},
    }


def _run(text: str, **style: str | bool) -> Json:
    return {"type": "TextRun", "text": _plain(text), **style}


def _link(label: str, url: str) -> Json:
    parts = urlsplit(url)
    known = parts.scheme in SCHEMES or is_loopback(url)
    if not known or not (parts.netloc or parts.path) or re.search(r"[\s\x00-\x1f]", url):
        raise ValueError("a link must be a https:, mailto: or tel: address")
    return {
        "type": "TextRun",
        "text": _plain(one_line(label)),
        "underline": True,
        "selectAction": {"type": "Action.OpenUrl", "url": url},
    }


def _plain(text: str) -> str:
    """Break what cards replace in any text, ``{{DATE(...)}}`` and ``${...}``, with a space that has no width."""
    return re.sub(r"(?<=[{$])(?=\{)", "\u200b", text)


def _without_markdown(text: str) -> str:
    """One line in which Markdown finds nothing to do."""
    escaped = re.sub(r"([\\`*_\[\]<>~|])", r"\\\1", one_line(text))
    return re.sub(r"^(#|[-+](?= )|\d+(?=[.)]))", _escaped_start, escaped)


def _escaped_start(found: re.Match[str]) -> str:
    start = found.group()
    return f"{start}\\" if start.isdigit() else f"\\{start}"
