"""Check-ins: a wave of the pulse opens every other month, everybody who takes part then is invited, who has not
answered is reminded once, and it closes. ``checkin_form`` has the form, ``released`` what comes out.

Who has answered is reckoned from the wave's secret when it is needed, and noted nowhere. Messages about a wave have
keys of ``message_key``, by which they are purged at its close.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.examples import MENTEE, MENTOR
from bot.flow import Flow
from bot.handlers.checkin_form import (
    PULSE,
    check_in_button,
    closing,
    example_wave,
    plan_of,
    promise,
    who_answered,
)
from bot.handlers.not_now import not_now_row
from bot.handlers.pause import quiet_of
from bot.programme import waves
from bot.reading import about, id_in, ids_about
from bot.surveys import rules
from bot.surveys.instrument import Instrument, as_declared, declared
from bot.surveys.loading import all_instruments
from bot.surveys.sealing import WaveKeys, new_keys
from bot.texts import _, ngettext
from bot.ui import Block, Buttons, Form, Heading, Message, Text
from storage.keys import KeyLost
from storage.places import dm
from storage.records import Due, Person, Programme, Wave
from storage.unit_of_work import UnitOfWork
from storage.waves import message_key

log = structlog.get_logger()

flow = Flow("checkin")

AT_ONCE = 200
"""Members in one transaction, so that none is long in a programme of thousands."""
APART = timedelta(seconds=1)
"""Between the reminders of two members who stand beside each other on the list."""

Member = tuple[Person, str]
"""Somebody who is asked, and the role in which they are."""


def begin(programme: Programme, uow: UnitOfWork) -> None:
    """Have the first wave opened."""
    _plan(programme, uow)


def move(programme: Programme, uow: UnitOfWork) -> None:
    """The programme has other days: have the next wave opened by the new ones. One that is open stays as it was
    announced."""
    uow.due.drop("wave_open", str(programme.id))
    _plan(programme, uow)


def _plan(programme: Programme, uow: UnitOfWork) -> None:
    opens_at = waves.next_opening(plan_of(programme), uow.now, uow.waves.opened_last(programme.id))
    if opens_at is not None:
        uow.due.add("wave_open", str(programme.id), opens_at)


@flow.job("wave_open")
def open_wave(due: Due, uow: UnitOfWork) -> None:
    """Open a wave for everybody who takes part now, and plan the next."""
    programme = uow.programmes.get(id_in(due.subject))
    _open(programme, all_instruments()[PULSE], uow)
    _plan(programme, uow)


def _open(programme: Programme, instrument: Instrument, uow: UnitOfWork) -> None:
    # Keys are kept outside of this transaction: of two openings at once, one would replace those of the other.
    uow.waves.hold_openings(programme.id)
    plan = plan_of(programme)
    today = uow.now.astimezone(plan.zone).date()
    people = uow.roll.by_quiet_time(programme.id, instrument.audience, today, today + waves.LONGEST)
    quiets = {quiet_of(person, uow) for person in people}
    closes_at = waves.closes_at(plan, uow.now, quiets)
    key_id = f"{programme.id}-{instrument.id.replace('_', '-')}-{today}"
    if not quiets or closes_at is None or uow.waves.has_key(key_id):
        return
    keys = new_keys()
    # Before the wave: keys that are kept for nothing do no harm, a wave without keys could never be counted.
    uow.keys.put(key_id, keys.packed)
    wave = uow.waves.open(
        programme.id,
        name=instrument.id,
        instrument=declared(instrument),
        level=rules.level_for(instrument, rules.BY_NAME[programme.disclosure]).name,
        roles=instrument.audience,
        closes_at=closes_at,
        public_key=keys.public,
        key_id=key_id,
    )
    uow.due.add("wave_invite", _chunk(wave, 0), uow.now)
    uow.due.add("wave_remind", _chunk(wave, 0), waves.reminder_at(plan, uow.now, closes_at))
    uow.due.add("wave_close", str(wave.id), closes_at)


@flow.job("wave_invite")
def invite(due: Due, uow: UnitOfWork) -> None:
    """Invite the next of those who are asked."""
    wave, members = _next_members(due, uow)
    for person, role in members:
        _send(wave, "invite", invitation(wave, role, person), person, uow)


@flow.job("wave_remind")
def remind(due: Due, uow: UnitOfWork) -> None:
    """Remind the next of those who are asked: who has not answered, and has not said when to be asked again. Who has
    been away all the time gets the invitation first.

    Each has a moment of their own, slower than any platform's pace, whoever else is reminded: of two who are reminded
    at once, the later could count those before them.
    """
    wave, members = _next_members(due, uow, pause=AT_ONCE * APART)
    moments = {person.id: uow.now + place * APART for place, (person, _role) in enumerate(members)}
    asked_for_later = uow.due.waiting("wave_ask")
    for person, role in _without_answer(wave, members, uow):
        invited = not uow.outbox.waits(dm(person), message_key(wave.id, "invite"))
        if invited and about(wave.id, person.id) not in asked_for_later:
            _send(wave, "remind", reminder(wave, role, person), person, uow, due_at=moments[person.id])


@flow.job("wave_ask")
def ask_again(due: Due, uow: UnitOfWork) -> None:
    """Ask somebody who had said not now, if it still makes sense."""
    wave_id, person_id = ids_about(due.subject)
    wave = uow.waves.get(wave_id)
    role = uow.waves.role_in(wave.id, person_id)
    if role is None or not uow.waves.takes_answers(wave):
        return
    for person, _role in _without_answer(wave, _still_taking_part([(person_id, role)], uow), uow):
        # Numbered, not dated: at the close each of these keys counts once in everybody's message budget.
        before = uow.outbox.newest(dm(person), message_key(wave.id, "ask:"))
        number = int(before.rpartition(":")[2]) + 1 if before else 1
        _send(wave, f"ask:{number}", reminder(wave, role, person), person, uow)


@flow.job("wave_close")
def close(due: Due, uow: UnitOfWork) -> None:
    """Take no more answers; ``bot.closing`` does the rest."""
    uow.waves.advance(id_in(due.subject), "open", "closing")


def _chunk(wave: Wave, after: int) -> str:
    return f"{wave.id}:{after}"


def _next_members(due: Due, uow: UnitOfWork, pause: timedelta = timedelta()) -> tuple[Wave, list[Member]]:
    """The wave, and the next of its members who still take part; the rest comes in transactions of its own, after a
    pause. None once the wave has closed."""
    wave_id, _colon, after = due.subject.partition(":")
    wave = uow.waves.get(id_in(wave_id))
    if not uow.waves.takes_answers(wave):
        return wave, []
    listed = uow.waves.members(wave.id, after=id_in(after), limit=AT_ONCE)
    if len(listed) == AT_ONCE:
        uow.due.add(due.rule, _chunk(wave, listed[-1][0]), uow.now + pause)
    return wave, _still_taking_part(listed, uow)


def _still_taking_part(listed: Sequence[tuple[int, str]], uow: UnitOfWork) -> list[Member]:
    parts = [(uow.people.participant(person_id), role) for person_id, role in listed]
    return [(part.person, role) for part, role in parts if part is not None and part.state == "joined"]


def _without_answer(wave: Wave, members: Sequence[Member], uow: UnitOfWork) -> list[Member]:
    """Those who have sent nothing, or took it back; nobody where the keys are lost, so that nobody can answer."""
    if not members:
        return []
    try:
        keys = WaveKeys.unpacked(uow.keys.get(wave.key_id))
    except KeyLost:
        log.error("wave.key_lost", wave=wave.id)
        return []
    answered = who_answered(wave, keys, [person.id for person, _role in members], uow)
    return [member for member in members if member[0].id not in answered]


def _send(
    wave: Wave, what: str, message: Message, person: Person, uow: UnitOfWork, *, due_at: datetime | None = None
) -> None:
    key = message_key(wave.id, what)
    uow.outbox.add(to=dm(person), key=key, message=message, due_at=due_at, useful_until=wave.closes_at)


# What is said


def invitation(wave: Wave, role: str, person: Person) -> Message:
    """What it is, how long it takes, until when, and who sees what."""
    instrument = as_declared(wave.instrument)
    title = _(instrument.title[role])
    return Message(
        _("{title}: a check-in is open").format(title=title),
        (
            Heading(title),
            Text(
                _("{questions}, until {moment}.").format(
                    questions=_length(instrument, role), moment=closing(wave, person)
                )
            ),
            Text(promise(wave.level)),
            *_answer_or_not(wave, person),
        ),
        _seen_by(),
    )


def reminder(wave: Wave, role: str, person: Person) -> Message:
    """The same in short; it may reach somebody who has just answered."""
    instrument = as_declared(wave.instrument)
    said = _("The check-in is still open, until {moment}.").format(moment=closing(wave, person))
    return Message(
        said,
        (
            Text(said),
            Text(
                _("{questions}. If you have answered meanwhile, thank you: there is nothing more to do.").format(
                    questions=_length(instrument, role)
                )
            ),
            Text(promise(wave.level)),
            *_answer_or_not(wave, person),
        ),
        _seen_by(),
    )


def _length(instrument: Instrument, role: str) -> str:
    count = sum(item.kind != "text" for item in instrument.items_for(role))
    return ngettext(
        "{count} short question, about 30 seconds", "{count} short questions, about 30 seconds", count
    ).format(count=count)


def _answer_or_not(wave: Wave, person: Person) -> tuple[Block, ...]:
    return Buttons((check_in_button(wave),)), *not_now_row("wave_ask", about(wave.id, person.id))


def _seen_by() -> str:
    return _(
        "Only you see this message, and nobody sees whether you answer. The leads and everybody who is asked see the "
        "counts, without names."
    )


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "invitation_mentor": lambda: invitation(example_wave(), "mentor", MENTOR),
    "invitation_mentee": lambda: invitation(example_wave(), "mentee", MENTEE),
    "invitation_strict": lambda: invitation(example_wave("strict"), "mentee", MENTEE),
    "reminder": lambda: reminder(example_wave(), "mentor", MENTOR),
}
