"""Block Kit as Slack checks it: what a bot may send, with the original's limits, and how that reads on a screen.

Checking is strict: an unknown block, an unknown key, a text that is too long or a second element of the same id raises
``InvalidBlocks`` with the reason.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from bot.playground.client import ShownButton
from bot.ui import Values

MESSAGE_BLOCKS = 50
MESSAGE_BYTES = 13_000
TIME = r"^([01]\d|2[0-3]):[0-5]\d$"

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Address = Annotated[str, msgspec.Meta(pattern=r"^(https?://|mailto:|tel:|slack://)[^\s<>|]+$", max_length=3000)]
Json = dict[str, Any]
T = TypeVar("T")


class InvalidBlocks(Exception):
    """Slack would refuse these blocks; the text says where and why."""


class _Part(msgspec.Struct, tag_field="type", forbid_unknown_fields=True, kw_only=True):
    """Anything with a ``type``."""


class Plain(_Part, tag="plain_text", kw_only=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=3000)]
    emoji: bool = True


class Plain24(Plain, tag="plain_text"):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=24)]


class Plain75(Plain, tag="plain_text"):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=75)]


class Plain150(Plain, tag="plain_text"):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=150)]


class Plain2000(Plain, tag="plain_text"):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class Mrkdwn(_Part, tag="mrkdwn", kw_only=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=3000)]
    verbatim: bool = False


class Button(_Part, tag="button", kw_only=True):
    action_id: Id
    text: Plain75
    value: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    style: Literal["primary", "danger"] | None = None
    url: Address | None = None


class Option(msgspec.Struct, forbid_unknown_fields=True):
    text: Plain75
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=150)]
    description: Plain75 | None = None


Few = Annotated[list[Option], msgspec.Meta(min_length=1, max_length=10)]
Many = Annotated[list[Option], msgspec.Meta(min_length=1, max_length=100)]


class RadioButtons(_Part, tag="radio_buttons", kw_only=True):
    action_id: Id
    options: Few
    initial_option: Option | None = None


class StaticSelect(_Part, tag="static_select", kw_only=True):
    action_id: Id
    options: Many
    initial_option: Option | None = None
    placeholder: Plain150 | None = None


class Checkboxes(_Part, tag="checkboxes", kw_only=True):
    action_id: Id
    options: Few
    initial_options: Few | None = None


class MultiStaticSelect(_Part, tag="multi_static_select", kw_only=True):
    action_id: Id
    options: Many
    initial_options: Many | None = None
    placeholder: Plain150 | None = None


class DatePicker(_Part, tag="datepicker", kw_only=True):
    action_id: Id
    initial_date: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


class NumberInput(_Part, tag="number_input", kw_only=True):
    action_id: Id
    is_decimal_allowed: bool
    initial_value: Annotated[str, msgspec.Meta(pattern=r"^-?\d+(\.\d+)?$")] | None = None


class TimePicker(_Part, tag="timepicker", kw_only=True):
    action_id: Id
    initial_time: Annotated[str, msgspec.Meta(pattern=TIME)] | None = None


class TextInput(_Part, tag="plain_text_input", kw_only=True):
    action_id: Id
    multiline: bool = False
    max_length: Annotated[int, msgspec.Meta(ge=1, le=3000)] = 3000
    initial_value: Annotated[str, msgspec.Meta(max_length=3000)] | None = None


InputElement = (
    RadioButtons | StaticSelect | Checkboxes | MultiStaticSelect | DatePicker | NumberInput | TimePicker | TextInput
)


class RichText(_Part, tag="text", kw_only=True):
    text: Annotated[str, msgspec.Meta(min_length=1)]
    style: dict[str, bool] = {}


class RichLink(_Part, tag="link", kw_only=True):
    url: Address
    text: Annotated[str, msgspec.Meta(min_length=1)]
    style: dict[str, bool] = {}


class RichSection(_Part, tag="rich_text_section", kw_only=True):
    elements: list[RichText | RichLink]


class RichList(_Part, tag="rich_text_list", kw_only=True):
    style: Literal["bullet", "ordered"]
    elements: Annotated[list[RichSection], msgspec.Meta(min_length=1)]


class _Block(_Part):
    block_id: Id | None = None


class HeaderBlock(_Block, tag="header", kw_only=True):
    text: Plain150


class SectionBlock(_Block, tag="section", kw_only=True):
    text: Plain | Mrkdwn


class DividerBlock(_Block, tag="divider", kw_only=True):
    pass


class ContextBlock(_Block, tag="context", kw_only=True):
    elements: Annotated[list[Plain | Mrkdwn], msgspec.Meta(min_length=1, max_length=10)]


class ActionsBlock(_Block, tag="actions", kw_only=True):
    elements: Annotated[list[Button], msgspec.Meta(min_length=1, max_length=25)]


class RichTextBlock(_Block, tag="rich_text", kw_only=True):
    elements: list[RichSection | RichList]


class SlackFile(msgspec.Struct, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(pattern=r"^[F][A-Z0-9]{8,}$")]


class ImageBlock(_Block, tag="image", kw_only=True):
    alt_text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    slack_file: SlackFile
    title: Plain2000 | None = None


class InputBlock(_Block, tag="input", kw_only=True):
    label: Plain2000
    element: InputElement
    hint: Plain2000 | None = None
    optional: bool = False


Block = (
    HeaderBlock | SectionBlock | DividerBlock | ContextBlock | ActionsBlock | RichTextBlock | ImageBlock | InputBlock
)
ViewBlocks = Annotated[list[Block], msgspec.Meta(min_length=1, max_length=100)]


class HomeView(_Part, tag="home", kw_only=True):
    blocks: ViewBlocks
    callback_id: Annotated[str, msgspec.Meta(max_length=255)] = ""
    private_metadata: Annotated[str, msgspec.Meta(max_length=3000)] = ""


class ModalView(_Part, tag="modal", kw_only=True):
    title: Plain24
    blocks: ViewBlocks
    submit: Plain24 | None = None
    close: Plain24 | None = None
    callback_id: Annotated[str, msgspec.Meta(max_length=255)] = ""
    private_metadata: Annotated[str, msgspec.Meta(max_length=3000)] = ""


def checked_blocks(raw: Any) -> list[Block]:
    """The blocks of a message. Raises InvalidBlocks."""
    blocks = _converted(raw, list[Block])
    if len(blocks) > MESSAGE_BLOCKS:
        raise InvalidBlocks(f"no more than {MESSAGE_BLOCKS} items allowed")
    if any(isinstance(block, InputBlock) for block in blocks):
        raise InvalidBlocks("a message has no input blocks")
    _check(blocks)
    if len(json.dumps(raw, ensure_ascii=False).encode()) > MESSAGE_BYTES:
        raise InvalidBlocks("msg_blocks_too_long")
    return blocks


def checked_modal(raw: Any) -> ModalView:
    """A modal view. Raises InvalidBlocks."""
    view = _converted(raw, ModalView)
    _check(view.blocks)
    if view.submit is None and any(isinstance(block, InputBlock) for block in view.blocks):
        raise InvalidBlocks("a modal with input blocks needs a submit button")
    return view


def checked_home(raw: Any) -> HomeView:
    """An App Home view. Raises InvalidBlocks."""
    view = _converted(raw, HomeView)
    _check(view.blocks)
    return view


def lines(blocks: Iterable[Block]) -> tuple[str, ...]:
    """Every text, top to bottom, as it reads on the screen."""
    return tuple(line for block in blocks for text in _texts(block) for line in text.split("\n"))


def buttons(blocks: Iterable[Block]) -> tuple[ShownButton, ...]:
    """Every button as it is on the screen, in reading order."""
    return tuple(map(shown_button, all_buttons(blocks)))


def all_buttons(blocks: Iterable[Block]) -> Iterator[Button]:
    """Every button as the bot sent it, in reading order."""
    for block in blocks:
        if isinstance(block, ActionsBlock):
            yield from block.elements


def pictures(blocks: Iterable[Block]) -> list[str]:
    """The file ids of all pictures, in reading order."""
    return [block.slack_file.id for block in blocks if isinstance(block, ImageBlock)]


def shown_button(button: Button) -> ShownButton:
    """A button on the screen, with what the bot has put into its value."""
    subject, _, version = button.value.rpartition(":")
    return ShownButton(button.text.text, button.action_id.partition("#")[0], subject, int(version or 0))


def inputs(view: ModalView) -> dict[str, InputBlock]:
    """The fields of a modal by block id."""
    return {block.block_id: block for block in view.blocks if isinstance(block, InputBlock) and block.block_id}


def held(view: ModalView) -> Values:
    """What the fields of a modal hold when it opens."""
    return {name: _held(block.element) for name, block in inputs(view).items()}


def kept(before: ModalView, values: Values, view: ModalView) -> Values:
    """What was entered in the fields that a modal has in common with the one in whose place it stands."""
    old, new = inputs(before), inputs(view)
    same = {name for name in old.keys() & new.keys() if type(old[name].element) is type(new[name].element)}
    return {name: values[name] for name in same}


def options(view: ModalView) -> dict[str, tuple[str, ...]]:
    """What can be chosen in the fields of a modal that give a choice."""
    given = {name: getattr(block.element, "options", ()) for name, block in inputs(view).items()}
    return {name: tuple(option.value for option in choices) for name, choices in given.items() if choices}


def state_of(block: InputBlock, value: str | tuple[str, ...]) -> Json:
    """A field as it comes with a submission. Raises ValueError or TypeError for what cannot be entered."""
    element = block.element
    match element:
        case RadioButtons() | StaticSelect():
            chosen = _chosen(element.options, (str(value),) if value else ())
            entered: Any = {"selected_option": chosen[0] if chosen else None}
        case Checkboxes() | MultiStaticSelect():
            if isinstance(value, str):
                raise TypeError(f"the field {block.block_id!r} takes a tuple of values")
            entered = {"selected_options": _chosen(element.options, value)}
        case DatePicker():
            if value and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)):
                raise ValueError(f"{value!r} cannot be picked as a date")
            entered = {"selected_date": value or None}
        case TimePicker():
            if value and not re.fullmatch(TIME, str(value), re.ASCII):
                raise ValueError(f"{value!r} cannot be picked as a time")
            entered = {"selected_time": value or None}
        case TextInput(multiline=False) if "\n" in value:
            raise ValueError(f"the field {block.block_id!r} has one line")
        case NumberInput() | TextInput():
            entered = {"value": value or None}
    kind = element.__struct_config__.tag
    return {element.action_id: {"type": kind} | entered}


def said(mrkdwn: str) -> str:
    """A text that Slack parses, as it reads: links by their label, escapes undone."""
    return html.unescape(re.sub(r"<(?:[^<>|]*\|)?([^<>|]*)>", r"\1", mrkdwn))


def _converted(raw: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise InvalidBlocks(str(error)) from None


def _check(blocks: list[Block]) -> None:
    ids = [block.block_id for block in blocks if block.block_id is not None]
    if len(ids) != len(set(ids)):
        raise InvalidBlocks("block_id is not unique")
    for block in blocks:
        if isinstance(block, ActionsBlock):
            actions = [button.action_id for button in block.elements]
            if len(actions) != len(set(actions)):
                raise InvalidBlocks("action_id is not unique in its block")
        if isinstance(block, InputBlock):
            _check_initial(block.element)
        if any(not text.strip() for text in _texts(block)):
            raise InvalidBlocks("a text has nothing to read")


def _check_initial(element: InputElement) -> None:
    match element:
        case RadioButtons(initial_option=initial) | StaticSelect(initial_option=initial):
            chosen = [initial] if initial else []
            options = element.options
        case Checkboxes(initial_options=several) | MultiStaticSelect(initial_options=several):
            chosen = several or []
            options = element.options
        case TextInput(initial_value=str(typed), max_length=most) if len(typed) > most:
            raise InvalidBlocks("the initial value is longer than max_length")
        case _:
            return
    if any(option not in options for option in chosen):
        raise InvalidBlocks("the initial option is not among the options")
    if len({option.value for option in options}) != len(options):
        raise InvalidBlocks("two options have the same value")


def _texts(block: Block) -> Iterator[str]:
    match block:
        case HeaderBlock(text=text) | SectionBlock(text=text):
            yield _read(text)
        case ContextBlock(elements=elements):
            yield from map(_read, elements)
        case ImageBlock(alt_text=alt):
            yield alt
        case ActionsBlock(elements=row):
            for button in row:
                yield button.text.text
        case RichTextBlock(elements=parts):
            for part in parts:
                yield from _rich_texts(part)
        case InputBlock(label=label, hint=hint):
            yield label.text
            if hint:
                yield hint.text


def _rich_texts(part: RichSection | RichList) -> Iterator[str]:
    if isinstance(part, RichSection):
        yield "".join(run.text for run in part.elements)
    else:
        for item in part.elements:
            yield f"\N{BULLET} {''.join(run.text for run in item.elements)}"


def _read(text: Plain | Mrkdwn) -> str:
    return text.text if isinstance(text, Plain) else said(text.text)


def _held(element: InputElement) -> str | tuple[str, ...]:
    match element:
        case RadioButtons(initial_option=initial) | StaticSelect(initial_option=initial):
            return initial.value if initial else ""
        case Checkboxes(initial_options=several) | MultiStaticSelect(initial_options=several):
            return tuple(option.value for option in several or ())
        case DatePicker(initial_date=day):
            return day or ""
        case TimePicker(initial_time=at):
            return at or ""
        case NumberInput(initial_value=typed) | TextInput(initial_value=typed):
            return typed or ""


def _chosen(options: list[Option], values: tuple[str, ...]) -> list[Json]:
    known = {option.value: option for option in options}
    if not known.keys() >= set(values):
        raise ValueError(f"{values!r} is not among {sorted(known)}")
    return [msgspec.to_builtins(known[value]) for value in values]
