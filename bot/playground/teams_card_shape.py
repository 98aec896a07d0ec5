"""Adaptive Cards 1.5, as far as the bot uses them: each element, what may stand in it, and nothing else.

Stricter than the format, which makes most parts optional: what a person could not read, or a client does not show, is
refused as well.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

MAX_ACTIONS = 6
SCHEMES = "https?|mailto|tel"
"""Where a link may lead."""


def _one_of(*words: str) -> Any:
    """One of some words, in capitals or not."""
    return msgspec.Meta(pattern=f"^(?i:{'|'.join(words)})$")


Said = Annotated[str, msgspec.Meta(min_length=1)]
Id = Annotated[str, msgspec.Meta(min_length=1)]
Address = Annotated[str, msgspec.Meta(pattern=rf"^({SCHEMES}):[^\s]+$")]
Picture = Annotated[str, msgspec.Meta(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])[^\s]+$")]
Spacing = Annotated[str, _one_of("default", "none", "small", "medium", "large", "extraLarge", "padding")]
Colour = Annotated[str, _one_of("default", "dark", "light", "accent", "good", "warning", "attention")]
TextSize = Annotated[str, _one_of("default", "small", "medium", "large", "extraLarge")]
Weight = Annotated[str, _one_of("default", "lighter", "bolder")]
ImageSize = Annotated[str, _one_of("auto", "stretch", "small", "medium", "large")]
ActionStyle = Annotated[str, _one_of("default", "positive", "destructive")]
ChoiceStyle = Annotated[str, _one_of("compact", "expanded")]
Day = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Moment = Annotated[str, msgspec.Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")]


class _Part(msgspec.Struct, tag_field="type", forbid_unknown_fields=True, kw_only=True, rename="camel"):
    """Anything with a ``type``."""


class OpenUrl(_Part, tag="Action.OpenUrl", kw_only=True):
    url: Address
    title: Said | UnsetType = UNSET


class Execute(_Part, tag="Action.Execute", kw_only=True):
    title: Said
    verb: Said
    data: dict[str, Any]
    style: ActionStyle | UnsetType = UNSET


class Submit(_Part, tag="Action.Submit", kw_only=True):
    title: Said
    data: dict[str, Any]
    style: ActionStyle | UnsetType = UNSET


class ToggleVisibility(_Part, tag="Action.ToggleVisibility", kw_only=True):
    title: Said
    target_elements: Annotated[list[Id], msgspec.Meta(min_length=1)]


Action = OpenUrl | Execute | Submit | ToggleVisibility
Actions = Annotated[list[Action], msgspec.Meta(max_length=MAX_ACTIONS)]
SomeActions = Annotated[list[Action], msgspec.Meta(min_length=1, max_length=MAX_ACTIONS)]


class TextRun(_Part, tag="TextRun", kw_only=True):
    text: str
    color: Colour | UnsetType = UNSET
    is_subtle: bool | UnsetType = UNSET
    italic: bool | UnsetType = UNSET
    size: TextSize | UnsetType = UNSET
    underline: bool | UnsetType = UNSET
    weight: Weight | UnsetType = UNSET
    select_action: OpenUrl | UnsetType = UNSET


class _Element(_Part, kw_only=True):
    id: Id | UnsetType = UNSET
    is_visible: bool | UnsetType = UNSET
    separator: bool | UnsetType = UNSET
    spacing: Spacing | UnsetType = UNSET


class RichTextBlock(_Element, tag="RichTextBlock", kw_only=True):
    inlines: Annotated[list[TextRun], msgspec.Meta(min_length=1)]


class OfTeams(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What Teams alone knows of a picture."""

    allow_expand: bool


class Image(_Element, tag="Image", kw_only=True):
    url: Picture
    alt_text: Annotated[str, msgspec.Meta(pattern=r"\S")]
    size: ImageSize | UnsetType = UNSET
    ms_teams: OfTeams | UnsetType = UNSET


class ActionSet(_Element, tag="ActionSet", kw_only=True):
    actions: SomeActions


class Container(_Element, tag="Container", kw_only=True):
    items: list["Element"]


class _Input(_Part, kw_only=True):
    id: Id
    label: Said | UnsetType = UNSET
    is_visible: bool | UnsetType = UNSET
    separator: bool | UnsetType = UNSET
    spacing: Spacing | UnsetType = UNSET


class InputText(_Input, tag="Input.Text", kw_only=True):
    is_multiline: bool | UnsetType = UNSET
    max_length: Annotated[int, msgspec.Meta(ge=1)] | UnsetType = UNSET
    placeholder: str | UnsetType = UNSET
    value: str | UnsetType = UNSET


class InputDate(_Input, tag="Input.Date", kw_only=True):
    value: Day | UnsetType = UNSET


class InputTime(_Input, tag="Input.Time", kw_only=True):
    value: Moment | UnsetType = UNSET


class Choice(msgspec.Struct, forbid_unknown_fields=True):
    title: Said
    value: str


class InputChoiceSet(_Input, tag="Input.ChoiceSet", kw_only=True):
    choices: Annotated[list[Choice], msgspec.Meta(min_length=1)]
    is_multi_select: bool | UnsetType = UNSET
    placeholder: str | UnsetType = UNSET
    style: ChoiceStyle | UnsetType = UNSET
    value: str | UnsetType = UNSET
    wrap: bool | UnsetType = UNSET


Element = RichTextBlock | Image | ActionSet | Container | InputText | InputDate | InputTime | InputChoiceSet


class AdaptiveCard(_Part, tag="AdaptiveCard", kw_only=True):
    version: Literal["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]
    schema: str | UnsetType = msgspec.field(name="$schema", default=UNSET)
    fallback_text: str | UnsetType = UNSET
    body: list[Element] = []
    actions: Actions = []
