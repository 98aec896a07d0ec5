"""What the conversations about open waves have in common: which waves are open for somebody, who has sent what, and the
words that stand in several of these conversations.

Who has sent what is reckoned from the secret of the wave when it is needed, and noted nowhere.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.examples import MENTEE, PROGRAMME
from bot.flow import Event, UserError
from bot.handlers.help import whom_to_ask
from bot.programme import waves
from bot.reading import id_in
from bot.surveys import rules
from bot.surveys.instrument import as_declared, declared
from bot.surveys.loading import all_instruments
from bot.surveys.sealing import SCORES, WaveKeys, tag
from bot.texts import _, marked, said_moment
from bot.ui import Block, Button, Buttons, Form, Message, Text
from storage.keys import KeyLost
from storage.records import NotThere, Person, Programme, Wave
from storage.unit_of_work import UnitOfWork

PULSE = "pulse"
"""The instrument of a check-in, and its kind."""
KINDS = {
    PULSE: marked("check-in"),
    "questionnaire": marked("questionnaire"),
    "reflection": marked("reflection"),
}
"""What an instrument of each kind is called."""
NUMBERS = {3: marked("three"), 4: marked("four"), 5: marked("five"), 8: marked("eight"), 10: marked("ten")}
EXAMPLE_OF = 18
"""Of so many the example is in which a result is told."""


def open_for(event: Event, uow: UnitOfWork) -> list[tuple[Wave, str]]:
    """The waves that are open for this person with the role in which they are asked, or the one that a button or form
    is about. Raises as ``still_open``."""
    if not event.subject:
        return uow.waves.open_for(event.who.id)
    return [still_open(uow.waves.get(id_in(event.subject)), event, uow)]


def still_open(wave: Wave, event: Event, uow: UnitOfWork) -> tuple[Wave, str]:
    """The wave, and the role in which this person is asked: theirs at the opening. Raises NotThere where they are not
    asked, and UserError once it has closed."""
    role = uow.waves.role_in(wave.id, event.who.id)
    if not uow.waves.takes_answers(wave):
        raise UserError(closed(kind_of(wave)))
    if role is None:
        raise NotThere("no wave in which this person is asked")
    return wave, role


def keys_of(wave: Wave, uow: UnitOfWork) -> WaveKeys:
    """What seals answers and finds them. Raises UserError where it is lost."""
    try:
        return WaveKeys.unpacked(uow.keys.get(wave.key_id))
    except KeyLost:
        raise UserError(key_lost(uow.programmes.get(wave.programme_id), kind_of(wave))) from None


def parts_sent(wave: Wave, role: str, person_id: int, keys: WaveKeys, uow: UnitOfWork) -> set[int]:
    """The parts that lie there from this person."""
    parts = as_declared(wave.instrument).parts_for(role)
    tags = {tag(keys.secret, person_id, part, SCORES): part for part in parts}
    return {tags[found] for found in uow.waves.known(wave.id, list(tags))}


def who_finished(wave: Wave, keys: WaveKeys, members: Iterable[tuple[int, str]], uow: UnitOfWork) -> set[int]:
    """Those of these members (id and role) who have sent every part that they are asked."""
    roles = dict(members)
    parts = {role: as_declared(wave.instrument).parts_for(role) for role in set(roles.values())}
    tags = {
        tag(keys.secret, person_id, part, SCORES): person_id
        for person_id, role in roles.items()
        for part in parts[role]
    }
    missing = tags.keys() - uow.waves.known(wave.id, list(tags))
    return roles.keys() - {tags[one] for one in missing}


def plan_of(programme: Programme) -> waves.Plan:
    """What the rules of waves need to know of a programme."""
    chosen = {name: getattr(programme, f"{name}_on") for name in waves.QUESTIONNAIRES}
    return waves.Plan(
        programme.starts_on,
        programme.ends_on,
        ZoneInfo(programme.time_zone),
        programme.region,
        programme.check_in_days,
        {name: day for name, day in chosen.items() if day is not None},
    )


def kind_of(wave: Wave) -> str:
    """The kind of its instrument."""
    return as_declared(wave.instrument).kind


# What is said


def called(kind: str) -> str:
    """What an instrument of this kind is called, to stand in a sentence after "the" or "this"."""
    return _(KINDS[kind])


def promise(level_name: str) -> str:
    """What holds for answers at a level of disclosure."""
    level = rules.BY_NAME[level_name]
    if level == rules.RESEARCH:
        return _(
            "Your answers are sealed until the close, then counted with those of everybody else who agreed to exact "
            "counts, and destroyed. The counts are told exactly, which can show that one person disagreed. Nothing is "
            "told if fewer than {least} answered; each result is posted once and never revised. If you agreed to a "
            "research copy as well, what you tick is kept in that, too."
        ).format(least=said_number(level.minimum))
    low, high = rules.steps(EXAMPLE_OF, EXAMPLE_OF, level.role_step)
    return _(
        "Your answers are sealed until the close, then counted together, told in steps of {step} or more such as "
        "“{low} to {high} of {n}”, and destroyed. Nothing is told if fewer than {least} answered; each result is "
        "posted once and never revised."
    ).format(step=said_number(level.role_step), low=low, high=high, n=EXAMPLE_OF, least=said_number(level.minimum))


def said_number(number: int) -> str:
    """A number of the rules, in words."""
    return _(NUMBERS[number]) if number in NUMBERS else str(number)


def closing(wave: Wave, person: Person) -> str:
    """When a wave closes, on the reader's clock."""
    return said_moment(wave.closes_at, ZoneInfo(person.time_zone))


def check_in_button(wave: Wave, *, primary: bool = True) -> Button:
    """Opens the form: of several parts the first that is not sent."""
    label = _("Check in") if kind_of(wave) == PULSE else _("Answer")
    return Button(label, "checkin", str(wave.id), opens=True, primary=primary)


def results_button() -> Button:
    """Shows what earlier waves came to."""
    return Button(_("Results so far"), "results")


def which_one(found: Sequence[tuple[Wave, str]], person: Person, action: str) -> Message:
    """Several are open: a button for each."""
    said = _("Several are open for you. Which one is it about?")
    blocks: list[Block] = [Text(said)]
    for wave, role in found:
        title = _(as_declared(wave.instrument).title[role])
        blocks += [
            Text(_("{title}, open until {moment}").format(title=title, moment=closing(wave, person))),
            Buttons((Button(title, action, str(wave.id), opens=True),)),
        ]
    return Message(said, tuple(blocks), _("Only you see this."))


def closed(kind: str = PULSE) -> Message:
    """A form or a button of a wave that takes nothing any more."""
    said = _("This {what} has closed, so nothing was stored now.").format(what=called(kind))
    why = _("What was sent before the close is counted once, and cannot be changed or found any more.")
    return Message(said, (Text(said), Text(why), Buttons((results_button(),))), _("Only you see this."))


def key_lost(programme: Programme, kind: str = PULSE) -> Message:
    """The wave cannot seal or find anything any more."""
    said = _(
        "This {what} cannot take answers any more: the key that seals them is lost. Nothing was stored now."
    ).format(what=called(kind))
    before = _("What was sent before cannot be read by anybody.")
    return Message(said, (Text(said), Text(before), *whom_to_ask(programme)), _("Only you see this."))


def example_wave(level: str = "standard", name: str = PULSE) -> Wave:
    """A wave of the example programme. ``name``: of its instrument."""
    return Wave(
        id=4,
        programme_id=PROGRAMME.id,
        name=name,
        instrument=declared(all_instruments()[name]),
        level=level,
        state="open",
        opens_at=datetime(2026, 11, 3, 10, 0, tzinfo=UTC),
        closes_at=datetime(2026, 11, 17, 12, 0, tzinfo=UTC),
        public_key=b"",
        key_id=f"1-{name}-2026-11-03",
    )


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "which_one": lambda: which_one(((example_wave(), "mentee"),) * 2, MENTEE, "checkin"),
    "closed": closed,
    "closed_questionnaire": lambda: closed("questionnaire"),
    "key_lost": lambda: key_lost(PROGRAMME),
}
