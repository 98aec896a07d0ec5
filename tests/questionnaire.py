"""A questionnaire of four parts with items of every kind, and an answer to each part."""

from collections.abc import Sequence

from bot.surveys.instrument import ROLES, Instrument, Item
from bot.ui import Values

AGREE = ("Disagree", "Neither", "Agree")


def item(name: str, kind: str, part: int, roles: Sequence[str] = ROLES) -> Item:
    """An item that these roles are asked."""
    options = () if kind == "text" else AGREE
    words = {role: f"About {name}, as a {role}?" for role in roles}
    return Item(name, kind, words, name, "goodness", "made up", options, part=part)


QUESTIONNAIRE = Instrument(
    id="end",
    kind="questionnaire",
    audience=ROLES,
    title=dict.fromkeys(ROLES, "Final questionnaire"),
    level="standard",
    items=(
        item("use", "likert", 1),
        item("joy", "likert", 1),
        item("way", "one", 2),
        item("skill", "many", 2),
        item("story", "text", 2),
        item("pair", "likert", 3, ("mentor", "mentee")),
        item("wish", "text", 3, ("mentor", "mentee")),
        item("last", "likert", 4),
    ),
)
"""Controls are asked all parts but the third."""
ONE: Values = {"item_use": "3", "item_joy": "1"}
TWO: Values = {"item_way": "2", "item_skill": ("1", "3"), "item_story": "", "permission_2": ""}
THREE: Values = {"item_pair": "3", "item_wish": "", "permission_3": ""}
FOUR: Values = {"item_last": "2"}
ANSWERS = (ONE, TWO, THREE, FOUR)
