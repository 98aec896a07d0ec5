"""Every word that a person reads comes from the catalogue: with a translation that puts all of it in brackets, nothing
but data stands outside. And the catalogue is complete."""

import gettext
import inspect
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Message as BabelMessage
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

import bot
from bot import examples
from bot.handlers import FLOWS
from bot.handlers.leads_change import sentence
from bot.programme.people_files import PEOPLE_COLUMNS, read_form
from bot.texts import _, marked, ngettext, said_date, said_day, said_moment, said_month, said_time, translation
from bot.ui import (
    Block,
    Bullets,
    Buttons,
    Contact,
    Divider,
    Facts,
    Form,
    Heading,
    Link,
    Message,
    PickMany,
    PickOne,
    Picture,
    Text,
)
from storage.records import Person
from tests.examples import EXAMPLES

PACKAGE = Path(inspect.getfile(bot)).parent
CATALOGUE = PACKAGE / "locale" / "peermentor.pot"
HOW = "the catalogue is not what the code says: run make catalogue"

PEOPLE = tuple(value for value in vars(examples).values() if isinstance(value, Person))
DATA = {
    examples.PROGRAMME.name,
    *(text for person in PEOPLE for text in (person.name, person.profile, person.grade)),
    examples.LEARNING_SET.name,
    examples.SESSION.place,
    examples.SCHEDULED.place,
    "https://video.example/westmarch-4711",
    "Southern set",
    "NHS Practitioner Health",
    "3 August 2026",
    *(member.name for member, _answer in examples.COMING),
    "https://meet.westmarch.example/als-north",
    *(command.name for flow in FLOWS for command in flow.commands),
    "mentoring",
    "Ifeanyi Nwosu, Consultant paediatrician, Harbour Road Hospital",
    "Siobhán Kearney",
    "Fenmoor Infirmary",
    "Larkhill General",
}
"""What may stand alone although it is in no catalogue: what people gave, and what is typed in every language."""
DAY = re.compile(r"\w+day \d{1,2} \w+( at \d\d:\d\d)?")
"""Days and times come from Babel's own catalogue."""


class Bracketed(gettext.NullTranslations):
    """A language in which everything is the same, in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.fixture
def brackets() -> Iterator[None]:
    before = translation.set(Bracketed())
    yield
    translation.reset(before)


def words_of(example: Message | Form) -> Iterator[str]:
    """Everything that can be read on a message or a form, but for names and addresses of contacts."""
    yield example.seen_by
    if isinstance(example, Form):
        yield from (example.title, example.submit, example.intro)
        for field in example.fields:
            yield from (field.label, field.help)
            if isinstance(field, PickOne | PickMany):
                yield from (option.label for option in field.options)
    else:
        yield example.summary
        for block in example.blocks:
            yield from words_in(block)


def words_in(block: Block) -> Iterable[str]:
    match block:
        case Heading(text) | Text(text) | Link(label=text) | Picture(alt=text):
            return (text,)
        case Bullets(items):
            return items
        case Facts(rows):
            return chain.from_iterable(rows)
        case Buttons(buttons):
            return (button.label for button in buttons)
        case Contact() | Divider():
            return ()


def outside(text: str) -> str:
    """What is left of a text without what stands in brackets, which may hold brackets themselves."""
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = shorter
    return text


@pytest.mark.usefixtures("brackets")
@pytest.mark.parametrize("name", EXAMPLES)
def test_no_word_escapes_translation(name: str) -> None:
    left = {outside(text) for text in words_of(EXAMPLES[name]())} - DATA
    assert {text for text in left if re.search(r"[^\W\d_]", text) and not DAY.fullmatch(text)} == set()


@pytest.mark.usefixtures("brackets")
def test_what_is_wrong_with_a_field_is_translated() -> None:
    cells = dict.fromkeys(PEOPLE_COLUMNS, "") | {"accounts": "slack", "region": "FRA", "time_zone": "Mars"}
    wrong = read_form({**cells, "profile": "x" * 601})
    assert isinstance(wrong, dict)
    assert len(wrong) == len(PEOPLE_COLUMNS) - 2  # organisation and grade may be blank
    sentences = [sentence(error) for error in wrong.values()]
    assert [text for text in sentences if not re.fullmatch(r"⟦.*⟧\.", text)] == []
    known = {message.id for message in read_catalogue()}
    assert [error.template for error in wrong.values() if error.template not in known] == []


def test_every_command_says_in_the_catalogue_what_it_does() -> None:
    known = {message.id for message in read_catalogue()}
    commands = [command for flow in FLOWS for command in flow.commands]
    assert len(commands) > 5
    assert [command.name for command in commands if command.help not in known] == []


def test_the_catalogue_is_up_to_date() -> None:
    keywords = {**DEFAULT_KEYWORDS, "marked": None, "NotRead": (2,)}
    found = {message for _file, _line, message, _notes, _context in extract_from_dir(PACKAGE, keywords=keywords)}
    assert {message.id for message in read_catalogue()} == found, HOW


def read_catalogue() -> list[BabelMessage]:
    with CATALOGUE.open("rb") as file:
        return [message for message in read_po(file) if message.id]


def test_texts_are_in_english_where_no_translation_is_set() -> None:
    assert _("Noted, thank you.") == marked("Noted, thank you.") == "Noted, thank you."
    assert [ngettext("{count} pair", "{count} pairs", n).format(count=n) for n in (0, 1, 2)] == [
        "0 pairs",
        "1 pair",
        "2 pairs",
    ]


def test_days_and_times_are_said_as_people_say_them() -> None:
    assert said_day(date(2026, 3, 3)) == "Tuesday 3 March"
    assert said_date(date(2026, 3, 3)) == "3 March 2026"
    assert said_month(date(2026, 3, 3)) == "March 2026"
    assert said_time(time(8, 0)) == "08:00"
    summer = datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
    assert said_moment(summer, ZoneInfo("Europe/London")) == "Wednesday 1 July at 09:30"
