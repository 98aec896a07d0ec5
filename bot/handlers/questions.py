"""The forms of a questionnaire: its questions, part by part, with what is asked beside free text."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.examples import CONTROL, MENTEE, MENTOR
from bot.handlers.leads_change import version_of
from bot.handlers.open_waves import PULSE, closing, example_wave, promise, said_number
from bot.handlers.support import numbers
from bot.reading import picked, read_line, typed
from bot.surveys import rules
from bot.surveys.instrument import LONGEST_TEXT, Instrument, Item, as_declared
from bot.texts import _, ngettext
from bot.ui import AnyField, Form, Message, Option, PickMany, PickOne, TextField, Values
from storage.records import Person, Wave

PREFER_NOT = "none"
"""The option with which nothing is said to a question."""
SHOW, HIDE = "show", "hide"
AS_IT_IS, TAKEN_OUT = "as_it_is", "taken_out"
PERMISSION, NAMES = "permission", "names"
"""The fields beside those of the questions, in the first part."""
CHOICE = "part"
"""The field for the part that is to be sent again."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one form asks. ``number``: the instrument's own for this part."""

    wave: Wave
    instrument: Instrument
    role: str
    number: int

    @property
    def items(self) -> tuple[Item, ...]:
        """What is asked in it."""
        return tuple(item for item in self.instrument.items_for(self.role) if item.part == self.number)

    @property
    def first(self) -> int:
        """Which of all questions it begins with, from 1."""
        return 1 + sum(item.part < self.number for item in self.instrument.items_for(self.role))

    @property
    def place(self) -> tuple[int, int]:
        """Which part this is, from 1, and of how many."""
        parts = self.instrument.parts_for(self.role)
        return parts.index(self.number) + 1, len(parts)

    @property
    def subject(self) -> str:
        """Of its form; the wave alone where there is one part."""
        return f"{self.wave.id}-{self.number}" if self.place[1] > 1 else str(self.wave.id)

    def field(self, name: str) -> str:
        """The name of a field that every part has. Slack keeps what was chosen in a field when a form follows that has
        one of the same name."""
        return name if self.place[0] == 1 else f"{name}_{self.number}"


def parts_of(wave: Wave, role: str) -> tuple[Part, ...]:
    """What somebody of this role is asked in a wave, one form after the other."""
    instrument = as_declared(wave.instrument)
    return tuple(Part(wave, instrument, role, number) for number in instrument.parts_for(role))


def field_of(item: Item) -> str:
    """The name of the field for a question; none of the other fields begins like this."""
    return f"item_{item.id}"


def read_text(text: str) -> str:
    """What was typed, without characters that cannot be seen; lines stay lines."""
    return "\n".join(map(read_line, text.splitlines())).strip()


# What is said


def part_form(part: Part, person: Person, named: Sequence[str] = (), values: Values | None = None) -> Form:
    """The questions. ``named``: the names in what was written, which the author is asked about. ``values``: what was
    typed before."""
    fields = [_asked(number, item, part, values or {}) for number, item in enumerate(part.items, start=part.first)]
    if any(item.kind == "text" for item in part.items):
        fields.append(_permission(part, values or {}))
    if named:
        fields.append(_about_names(part, named))
    place, parts = part.place
    return Form(
        "checkin",
        # The same for all parts: it is on the card that opens the form, which must not tell how far somebody is.
        _(part.instrument.title[part.role]),
        _("Send") if parts == 1 else _("Send part {place} of {parts}").format(place=place, parts=parts),
        tuple(fields),
        seen_by=_(
            "Confidential: the chat that you use carries this form; I seal what you send, and show it to nobody before "
            "the close. After it the leads and everybody who is asked see the counts, without names."
        ),
        subject=part.subject,
        version=version_of(tuple(named)) if named else 0,
        intro=_intro(part, person),
        get_help=numbers(person.region),
    )


def _intro(part: Part, person: Person) -> str:
    """Where this part stands, and what holds for what is sent; in full in the first."""
    moment = closing(part.wave, person)
    place, parts = part.place
    if parts == 1:
        return _(
            "{promise} Until {moment} you can send this again, which replaces what you sent, or take it back (type: "
            "withdraw); after that it cannot be found any more."
        ).format(promise=promise(part.wave.level), moment=moment)
    if place > 1:
        return _(
            "{progress} Each part is sealed when you send it, and what the first one promises holds for all. You can "
            "stop after any part, and go on, change a part or take everything back until {moment}."
        ).format(progress=_progress(part), moment=moment)
    return _(
        "{progress} You can stop after any part and go on later (type: checkin).\n{promise} Until {moment} you can "
        "send a part again, which replaces what you sent in it, or take everything back (type: withdraw); after that "
        "it cannot be found any more."
    ).format(progress=_progress(part), promise=promise(part.wave.level), moment=moment)


def _progress(part: Part) -> str:
    place, parts = part.place
    last = part.first + len(part.items) - 1
    questions = len(part.instrument.items_for(part.role))
    return ngettext(
        "Part {place} of {parts}: question {last} of {questions}.",
        "Part {place} of {parts}: questions {first} to {last} of {questions}.",
        len(part.items),
    ).format(place=place, parts=parts, first=part.first, last=last, questions=questions)


def _asked(number: int, item: Item, part: Part, values: Values) -> AnyField:
    """A question; its words are the instrument's, which a translation may know too. ``number``: its place among all."""
    name, words = field_of(item), _(item.words[part.role])
    label = words if part.place[1] == 1 else _("{number}. {question}").format(number=number, question=words)
    if item.kind == "text":
        minimum = max(rules.COMMENTS_FROM, rules.BY_NAME[part.wave.level].minimum)
        text = _(
            "If at least {least} answer, everybody who is asked and the leads read it with the results: your exact "
            "words if you allow that, in no order, without your name. Nobody reads it before. No patient details, "
            "please."
        ).format(least=said_number(minimum))
        written = read_text(typed(values, name))[:LONGEST_TEXT]
        return TextField(name, label, text, optional=True, value=written, multiline=True, max_length=LONGEST_TEXT)
    options = (
        *(Option(str(position), _(option)) for position, option in enumerate(item.options, start=1)),
        Option(PREFER_NOT, _("Prefer not to say")),
    )
    if item.kind == "many":
        return PickMany(name, label, optional=True, options=options, value=picked(values, name))
    return PickOne(name, label, options=options, value=typed(values, name))


def _permission(part: Part, values: Values) -> AnyField:
    return PickOne(
        part.field(PERMISSION),
        _("May your exact words be shown?"),
        _("Only if you wrote something."),
        optional=True,
        options=(Option(SHOW, _("Yes, show them")), Option(HIDE, _("No: nobody reads them"))),
        value=typed(values, part.field(PERMISSION)),
    )


def _about_names(part: Part, named: Sequence[str]) -> AnyField:
    listed = ", ".join(_("“{name}”").format(name=name) for name in named)
    return PickOne(
        part.field(NAMES),
        _("What you wrote seems to name {names}. Somebody may be recognised by that.").format(names=listed),
        options=(
            Option(TAKEN_OUT, _("I have taken the names out above")),
            Option(AS_IT_IS, _("Send it as it is")),
        ),
    )


def choice_of_part(wave: Wave, role: str, person: Person) -> Form:
    """All parts were sent: which one is to be sent again. It is empty then, as what was sent is never shown."""
    parts = parts_of(wave, role)
    intro = _(
        "You have sent every part, thank you. Until {moment} you can send a part again, which replaces what you sent "
        "in it, or take everything back (type: withdraw). What you sent is not shown again."
    ).format(moment=closing(wave, person))
    return Form(
        "checkin_part",
        _(as_declared(wave.instrument).title[role]),
        _("Open this part"),
        (
            PickOne(
                CHOICE,
                _("Which part would you like to send again?"),
                options=tuple(Option(str(part.number), _progress(part)) for part in parts),
            ),
        ),
        seen_by=_("Only you see this. It is not noted anywhere which parts you sent."),
        subject=str(wave.id),
        intro=intro,
    )


def _example(role: str, person: Person, number: int = 1, *, name: str = PULSE, level: str = "standard") -> Form:
    return part_form(parts_of(example_wave(level, name), role)[number - 1], person)


def _example_with_names() -> Form:
    values: Values = {"item_useful": "4", "item_open": "5", "item_time": PREFER_NOT, "item_comment": MENTOR.name}
    (part,) = parts_of(example_wave(), "mentee")
    return part_form(part, MENTEE, (MENTOR.name,), values | {PERMISSION: SHOW})


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "check_in_mentor": lambda: _example("mentor", MENTOR),
    "check_in_mentee": lambda: _example("mentee", MENTEE),
    "check_in_strict": lambda: _example("mentee", MENTEE, level="strict"),
    "check_in_with_names": _example_with_names,
    "first_part": lambda: _example("mentee", MENTEE, name="end"),
    "first_part_research": lambda: _example("control", CONTROL, name="baseline", level="research"),
    "later_part": lambda: _example("mentor", MENTOR, 2, name="end"),
    "last_part": lambda: _example("control", CONTROL, 3, name="end"),
    "reflection": lambda: _example("mentor", MENTOR, name="reflection"),
    "choice_of_part": lambda: choice_of_part(example_wave(name="end"), "mentee", MENTEE),
}
