"""``ui.Message`` and ``ui.Form`` as Slack's Block Kit.

No text that a person typed is ever read as markup: it goes into ``plain_text`` objects (emoji codes off) and, for
links, into the typed elements of ``rich_text``; the one line that Slack does parse, the top-level ``text``, is escaped.
Long paragraphs become several sections. What cannot be kept within Slack's limits raises ``ValueError``, an element
that is not known ``TypeError``.
"""

import html
import json
import re
import string
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any
from urllib.parse import quote, urlsplit

from bot import ui
from bot.config import is_loopback
from bot.texts import _

SECTION = 3000
"""Characters of a section, and of what has no limit of its own."""
HEADER = 150
BUTTON_LABEL = 75
BUTTON_VALUE = 2000
BUTTONS_IN_A_ROW = 25
LABEL = 2000
OPTION_LABEL = 75
OPTION_VALUE = 150
OPTIONS_AT_A_GLANCE = 10
"""Radio buttons and checkboxes show at most so many."""
OPTIONS = 100
TYPED = 3000
"""Characters that can be typed into a field."""
ALT = 2000
FILE_ID = re.compile(r"F[A-Z0-9]{8,}")
TITLE = 24
PRIVATE_METADATA = 3000
BLOCKS_IN_A_MESSAGE = 50
BLOCKS_IN_A_VIEW = 100
MESSAGE_BYTES = 13_000
"""Of all blocks of a message as JSON: beyond about this size Slack answers ``msg_blocks_too_long``."""

INPUT = "input"
"""The action id of every field of a form."""

TITLE_OF_WORDS = "peermentor"
"""Of a message in the window of a form."""
GET_HELP = ui.Buttons((ui.Button(_("Get help"), "support"),))
"""Below free text. What it opens lies in front of the form, so that what was typed stays."""

Json = dict[str, Any]


def message(said: ui.Message) -> Json:
    """A message as ``{"text", "blocks"}``."""
    blocks = _limited_blocks(said, BLOCKS_IN_A_MESSAGE)
    size = len(json.dumps(blocks, ensure_ascii=False).encode())
    if size > MESSAGE_BYTES:
        raise ValueError(f"a message has {size} bytes of blocks; Slack takes {MESSAGE_BYTES}")
    return {"text": escape(_checked(said.summary, SECTION, "a summary")), "blocks": blocks}


def home(said: ui.Message) -> Json:
    """A message as an App Home view."""
    return {"type": "home", "blocks": _limited_blocks(said, BLOCKS_IN_A_VIEW)}


def modal(form: ui.Form) -> Json:
    """A form as a modal view: ``callback_id`` is its name, ``private_metadata`` has its subject and version."""
    metadata = json.dumps({"subject": form.subject, "version": form.version})
    if len(metadata) > PRIVATE_METADATA:
        raise ValueError(f"the form {form.name!r} has a subject of {len(form.subject)} characters")
    blocks = [
        *(_sections(form.intro) if form.intro else ()),
        *map(_input, form.fields),
        *(_blocks((GET_HELP,)) if form.get_help else ()),
        _seen_by(form.seen_by),
    ]
    if len(blocks) > BLOCKS_IN_A_VIEW:
        raise ValueError(f"the form {form.name!r} has {len(blocks)} blocks; Slack takes {BLOCKS_IN_A_VIEW}")
    return {
        "type": "modal",
        "callback_id": form.name,
        "title": _plain(form.title, TITLE, "a form's title"),
        "submit": _plain(form.submit, TITLE, "a form's submit button"),
        "close": _plain(_("Cancel"), TITLE, "a form's close button"),
        "private_metadata": metadata,
        "blocks": blocks,
    }


def words(said: ui.Message) -> Json:
    """A message as a modal view, in the window of a form."""
    return {
        "type": "modal",
        "title": _plain(TITLE_OF_WORDS, TITLE, "a title"),
        "close": _plain(_("Close"), TITLE, "a close button"),
        "blocks": _limited_blocks(said, BLOCKS_IN_A_VIEW),
    }


def form_errors(errors: Mapping[str, str], form: ui.Form) -> dict[str, str]:
    """What stands beside each field of a form: its field's block id and the text."""
    unknown = errors.keys() - {field.name for field in form.fields}
    if unknown:
        raise ValueError(f"the form {form.name!r} has no field {sorted(unknown)}")
    return {name: _checked(text, LABEL, "an error") for name, text in errors.items()}


def action_of(action_id: str) -> str:
    """The action of a button, from the id that it was given here."""
    return action_id.partition("#")[0]


def escape(text: str) -> str:
    """A text for a place where Slack looks for mentions and links."""
    return html.escape(text, quote=False)


def _limited_blocks(said: ui.Message, most: int) -> list[Json]:
    blocks = [*_blocks(said.blocks), _seen_by(said.seen_by)]
    if len(blocks) > most:
        raise ValueError(f"a message has {len(blocks)} blocks; Slack takes {most}")
    return blocks


def _blocks(elements: tuple[ui.Block, ...]) -> Iterator[Json]:
    buttons = 0
    for element in elements:
        match element:
            case ui.Text(text=text):
                yield from _sections(text)
            case ui.Buttons(buttons=row):
                yield _actions(row, buttons)
                buttons += len(row)
            case _:
                yield _block(element)


def _block(element: ui.Element) -> Json:
    match element:
        case ui.Heading(text=text):
            block = {"type": "header", "text": _plain(text, HEADER, "a heading")}
        case ui.Bullets(items=items):
            block = _bullets(items)
        case ui.Facts(rows=rows):
            block = _facts(rows)
        case ui.Divider():
            block = {"type": "divider"}
        case ui.Link(label=label, url=url):
            block = _rich_text(_section(_link(label, _safe(url))))
        case ui.Contact():
            block = _contact(element)
        case ui.Picture():
            block = _image(element)
        case _:
            raise TypeError(f"Slack cannot show {type(element).__name__}")
    return block


def _sections(text: str) -> Iterator[Json]:
    _checked(text, None, "a text")
    for piece in _pieces(text):
        yield {"type": "section", "text": _plain(piece, SECTION, "a text")}


def _pieces(text: str) -> Iterator[str]:
    """The text in parts that fit a section each, cut between lines or words where that is possible."""
    while _length(text) > SECTION:
        end = room = 0
        for character in text:
            room += _length(character)
            if room > SECTION:
                break
            end += 1
        gap = max(text.rfind("\n", 0, end), text.rfind(" ", 0, end))
        cut = gap if gap > end // 2 else end
        piece, text = text[:cut].rstrip(), text[cut:].lstrip()
        if piece.strip():
            yield piece
    if text.strip():
        yield text


def _bullets(items: tuple[str, ...]) -> Json:
    listed = [_section(_run(item)) for item in items]
    if not listed:
        raise ValueError("a list is empty")
    return _rich_text({"type": "rich_text_list", "style": "bullet", "elements": listed})


def _facts(rows: tuple[tuple[str, str], ...]) -> Json:
    runs: list[Json] = []
    for label, value in rows:
        end = "\n" if runs else ""
        runs.append(_run(f"{end}{label}: ", bold=True))
        runs += [_run(value)] if value.strip() else []
    if not runs:
        raise ValueError("a table is empty")
    return _rich_text(_section(*runs))


def _contact(contact: ui.Contact) -> Json:
    links = [_link(contact.email, f"mailto:{quote(contact.email, safe='@+')}")] if contact.email else []
    links += [
        _link(
            _("Chat with {name} in Slack").format(name=contact.name),
            f"slack://user?team={quote(team, safe='')}&id={quote(user, safe='')}",
        )
        for platform, team, user in contact.accounts
        if platform == "slack"
    ]
    new_line = {"type": "text", "text": "\n"}
    return _rich_text(_section(_run(contact.name, bold=True), *(part for link in links for part in (new_line, link))))


def _image(picture: ui.Picture) -> Json:
    if not FILE_ID.fullmatch(picture.file):
        raise ValueError("a picture has no file id of Slack's: it was not uploaded")
    alt = _checked(picture.alt, ALT, "a picture's alternative text")
    return {"type": "image", "slack_file": {"id": picture.file}, "alt_text": alt}


def _rich_text(element: Json) -> Json:
    return {"type": "rich_text", "elements": [element]}


def _section(*runs: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(runs)}


def _run(text: str, *, bold: bool = False) -> Json:
    run: Json = {"type": "text", "text": _checked(text, SECTION, "a line")}
    return run | {"style": {"bold": True}} if bold else run


def _link(label: str, url: str) -> Json:
    return {
        "type": "link",
        "url": _checked(url, SECTION, "an address"),
        "text": _checked(label, SECTION, "a link's label"),
    }


def _safe(url: str) -> str:
    parts = urlsplit(url)
    rest = parts.path if parts.scheme in {"mailto", "tel"} else parts.netloc
    if not (parts.scheme in {"https", "mailto", "tel"} or is_loopback(url)) or not rest:
        raise ValueError(f"a link may not open an address of the kind {parts.scheme!r}")
    if not url.isascii() or any(character in f'<>|"{string.whitespace}' for character in url) or not url.isprintable():
        raise ValueError("a link's address has characters that an address cannot have")
    return url


def _actions(row: tuple[ui.Button, ...], before: int) -> Json:
    if not 1 <= len(row) <= BUTTONS_IN_A_ROW:
        raise ValueError(f"a row of buttons has {len(row)}; Slack takes 1 to {BUTTONS_IN_A_ROW}")
    return {"type": "actions", "elements": [_button(button, n) for n, button in enumerate(row, start=before)]}


def _button(button: ui.Button, number: int) -> Json:
    # Slack wants each action id only once, but two buttons of a message may well have the same action.
    shown = {
        "type": "button",
        "action_id": f"{button.action}#{number}",
        "text": _plain(button.label, BUTTON_LABEL, "a button's label"),
        "value": _checked(f"{button.subject}:{button.version}", BUTTON_VALUE, "a button's subject"),
    }
    return shown | {"style": "primary"} if button.primary else shown


def _input(field: ui.AnyField) -> Json:
    shown: Json = {
        "type": "input",
        "block_id": field.name,
        "optional": field.optional,
        "label": _plain(field.label, LABEL, "a field's label"),
        "element": _element(field) | {"action_id": INPUT},
    }
    return shown | {"hint": _plain(field.help, LABEL, "a field's help")} if field.help else shown


def _element(field: ui.AnyField) -> Json:
    match field:
        case ui.PickOne():
            # A radio button cannot be taken back, so what may be left open is a menu.
            glance = len(field.options) <= OPTIONS_AT_A_GLANCE and not field.optional
            options = _options(field)
            chosen = [option for option in options if option["value"] == field.value]
            return {"type": "radio_buttons" if glance else "static_select", "options": options} | (
                {"initial_option": chosen[0]} if chosen else {}
            )
        case ui.PickMany():
            glance = len(field.options) <= OPTIONS_AT_A_GLANCE
            options = _options(field)
            chosen = [option for option in options if option["value"] in field.value]
            return {"type": "checkboxes" if glance else "multi_static_select", "options": options} | (
                {"initial_options": chosen} if chosen else {}
            )
        case ui.DateField(value=value):
            return {"type": "datepicker"} | ({"initial_date": _day(value)} if value else {})
        case ui.NumberField(value=value):
            if not re.fullmatch("-?[0-9]*", value, re.ASCII):
                raise ValueError(f"the field {field.name!r} holds no whole number")
            initial = {"initial_value": value} if value else {}
            return {"type": "number_input", "is_decimal_allowed": False} | initial
        case ui.TimeField(value=value):
            return {"type": "timepicker"} | ({"initial_time": _time(value)} if value else {})
        case ui.TextField():
            return _text_input(field)
        case _:
            raise TypeError(f"Slack cannot ask for {type(field).__name__}")


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("a field for a day holds no day") from None


def _time(value: str) -> str:
    try:
        return f"{time.fromisoformat(value):%H:%M}"
    except ValueError:
        raise ValueError("a field for a time of day holds no time") from None


def _text_input(field: ui.TextField) -> Json:
    if not 1 <= field.max_length <= TYPED:
        raise ValueError(f"the field {field.name!r} takes {field.max_length} characters; Slack takes 1 to {TYPED}")
    if len(field.value) > field.max_length:
        raise ValueError(f"the field {field.name!r} holds more than it takes")
    shown = {"type": "plain_text_input", "multiline": field.multiline, "max_length": field.max_length}
    return shown | ({"initial_value": field.value} if field.value else {})


def _options(field: ui.PickOne | ui.PickMany) -> list[Json]:
    if not 1 <= len(field.options) <= OPTIONS:
        raise ValueError(f"the field {field.name!r} has {len(field.options)} options; Slack takes 1 to {OPTIONS}")
    unknown = {field.value} - {""} if isinstance(field, ui.PickOne) else set(field.value)
    unknown -= {option.value for option in field.options}
    if unknown:
        raise ValueError(f"the field {field.name!r} holds what is not among its options")
    return [
        {
            "text": _plain(option.label, OPTION_LABEL, "an option"),
            "value": _checked(option.value, OPTION_VALUE, "an option's value"),
        }
        for option in field.options
    ]


def _seen_by(text: str) -> Json:
    return {"type": "context", "elements": [_plain(text, SECTION, "who can see this")]}


def _plain(text: str, most: int, what: str) -> Json:
    return {"type": "plain_text", "text": _checked(text, most, what), "emoji": False}


def _checked(text: str, most: int | None, what: str) -> str:
    if not text.strip():
        raise ValueError(f"{what} is empty")
    if most is not None and _length(text) > most:
        raise ValueError(f"{what} has {_length(text)} characters; Slack takes {most}")
    return text


def _length(text: str) -> int:
    # Slack stores texts escaped, and may count them so.
    return len(escape(text))
