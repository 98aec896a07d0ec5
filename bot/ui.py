"""What the bot can say, in neutral words: messages and forms that every platform can honour.

One renderer per platform turns these into its own format. Renderers escape all text, keep the platform's limits and
raise on an element that they do not know. All text is plain: nothing in it is markup.
"""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace


class Element(msgspec.Struct, frozen=True, tag=True):
    """A part of a message."""


class Heading(Element, frozen=True):
    """A short bold line."""

    text: str


class Text(Element, frozen=True):
    """A paragraph; line breaks are kept."""

    text: str


class Bullets(Element, frozen=True):
    """A list of short lines."""

    items: tuple[str, ...]


class Facts(Element, frozen=True):
    """Rows of a label and a value."""

    rows: tuple[tuple[str, str], ...]


class Divider(Element, frozen=True):
    """A line between two parts."""


class Link(Element, frozen=True):
    """A line that opens an address: ``https:``, ``mailto:``, ``tel:``, or ``http:`` on this machine. Renderers raise
    on others."""

    label: str
    url: str


class Contact(Element, frozen=True):
    """How to reach a person: renderers add a chat link for each account that is on their own platform.

    ``accounts``: (platform, tenant or workspace, user id) of each.
    """

    name: str
    email: str
    accounts: tuple[tuple[str, str, str], ...] = ()


class Button(msgspec.Struct, frozen=True):
    """Something to tap. It travels as ``action:subject:version`` and may be tapped a year later.

    ``opens``: it opens a form, so that Teams can be told beforehand.
    """

    label: str
    action: str
    subject: str = ""
    version: int = 0
    opens: bool = False
    primary: bool = False


class Buttons(Element, frozen=True):
    """A row of buttons (at most six: what a Teams card shows without a menu)."""

    buttons: tuple[Button, ...]


class Picture(Element, frozen=True):
    """A picture that is stored. ``file``: its name; a chat puts its platform's own reference in its place on the way
    out. ``alt``: all that it shows, in words, every number among them: at most 2,000 characters (Slack's limit, kept by
    both renderers)."""

    file: str
    alt: str


Block = Heading | Text | Bullets | Facts | Divider | Link | Contact | Buttons | Picture


class Message(msgspec.Struct, frozen=True):
    """Something the bot says.

    ``summary``: one line for notifications and screens that show no blocks.
    ``seen_by``: one line that says who can see this and what the reader answers; every message has one.
    """

    summary: str
    blocks: tuple[Block, ...]
    seen_by: str


class Option(msgspec.Struct, frozen=True):
    """One choice of a field: the value that is stored and the label that is read."""

    value: str
    label: str


class Field(msgspec.Struct, frozen=True, tag=True):
    """A field of a form. ``name`` is its key in the submitted values."""

    name: str
    label: str
    help: str = ""
    optional: bool = False


class PickOne(Field, frozen=True):
    """One of a few options; submitted as its value, ``""`` when left open."""

    options: tuple[Option, ...] = ()
    value: str = ""


class PickMany(Field, frozen=True):
    """Any number of options; submitted as a tuple of values."""

    options: tuple[Option, ...] = ()
    value: tuple[str, ...] = ()


class DateField(Field, frozen=True):
    """A day; submitted as typed or picked, usually ``YYYY-MM-DD``."""

    value: str = ""


class NumberField(Field, frozen=True):
    """A whole number; submitted as typed."""

    value: str = ""


class TimeField(Field, frozen=True):
    """A time of day; submitted as typed or picked, usually ``HH:MM``."""

    value: str = ""


class TextField(Field, frozen=True):
    """Plain text, of one line or several; submitted as typed. ``max_length``: characters, at most 3,000."""

    value: str = ""
    multiline: bool = False
    max_length: int = 200


AnyField = PickOne | PickMany | DateField | NumberField | TimeField | TextField

Values = dict[str, str | tuple[str, ...]]
"""What was typed into a form: a string, or for PickMany a tuple of strings, per field name."""


class Form(msgspec.Struct, frozen=True):
    """A form: a Slack modal, a Teams dialog.

    ``name``, ``subject`` and ``version`` come back with the submission, as they do with a button.
    ``title``: at most 24 characters (Slack's limit, kept by both renderers).
    ``intro``: shown above the fields. ``seen_by``: who will see what is entered.
    ``get_help``: numbers to call, for forms with free text: a *Get help* button shows them, or more, and what was
    typed stays.
    """

    name: str
    title: str
    submit: str
    fields: tuple[AnyField, ...]
    seen_by: str
    subject: str = ""
    version: int = 0
    intro: str = ""
    get_help: tuple[Link, ...] = ()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Message)


def dump(message: Message) -> str:
    """The message as it waits in the outbox."""
    return _encoder.encode(message).decode()


def load(stored: str) -> Message:
    """The message that ``dump`` stored. Raises ``msgspec.ValidationError`` for anything else."""
    return _decoder.decode(stored)


def buttons_of(message: Message) -> tuple[Button, ...]:
    """Every button of a message, in reading order."""
    return tuple(b for block in message.blocks if isinstance(block, Buttons) for b in block.buttons)


def pictures_of(message: Message) -> tuple[Picture, ...]:
    """Every picture of a message, in reading order."""
    return tuple(block for block in message.blocks if isinstance(block, Picture))


def with_pictures(message: Message, references: Mapping[str, str]) -> Message:
    """The message as a platform shows it: each picture's name replaced by the platform's reference. A picture that has
    none is left out; the words stay."""
    if not pictures_of(message):
        return message
    shown = (
        replace(block, file=references[block.file]) if isinstance(block, Picture) else block
        for block in message.blocks
        if not isinstance(block, Picture) or references.get(block.file)
    )
    return replace(message, blocks=tuple(shown))
