"""Waves: everybody who is asked is invited, who has not finished is reminded once, and the wave closes. ``openings``
has what opens when, ``checkin_form`` the form, ``released`` what comes out.

Who has answered is reckoned from the wave's secret when it is needed, and noted nowhere. Messages about a wave have
keys of ``message_key``, by which they are purged at its close.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.examples import CONTROL, MENTEE, MENTOR
from bot.flow import Flow
from bot.handlers.not_now import not_now_row
from bot.handlers.open_waves import (
    PULSE,
    called,
    check_in_button,
    closing,
    example_wave,
    promise,
    who_finished,
)
from bot.reading import about, id_in, ids_about
from bot.surveys.instrument import Instrument, as_declared
from bot.surveys.sealing import WaveKeys
from bot.texts import _, ngettext
from bot.ui import Block, Buttons, Form, Heading, Message, Text
from storage.keys import KeyLost
from storage.places import dm
from storage.records import Due, Person, Wave
from storage.unit_of_work import UnitOfWork
from storage.waves import message_key

log = structlog.get_logger()

flow = Flow("checkin")

AT_ONCE = 200
"""Members in one transaction, so that none is long in a programme of thousands."""
SECONDS_TO_TICK = 8
SECONDS_TO_WRITE = 90
"""What a question takes, about."""
APART = timedelta(seconds=1)
"""Between the reminders of two members who stand beside each other on the list."""

Member = tuple[Person, str]
"""Somebody who is asked, and the role in which they are."""


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
    """Those who have not sent every part; nobody where the keys are lost, so that nobody can answer."""
    if not members:
        return []
    try:
        keys = WaveKeys.unpacked(uow.keys.get(wave.key_id))
    except KeyLost:
        log.error("wave.key_lost", wave=wave.id)
        return []
    finished = who_finished(wave, keys, [(person.id, role) for person, role in members], uow)
    return [member for member in members if member[0].id not in finished]


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
        _("{title}: a {what} is open").format(title=title, what=called(instrument.kind)),
        (
            Heading(title),
            Text(
                _("{questions}, until {moment}.").format(
                    questions=_length(instrument, role), moment=closing(wave, person)
                )
            ),
            *_in_parts(instrument, role),
            Text(promise(wave.level)),
            *_answer_or_not(wave, person),
        ),
        _seen_by(),
    )


def reminder(wave: Wave, role: str, person: Person) -> Message:
    """The same in short; it may reach somebody who has just answered."""
    instrument = as_declared(wave.instrument)
    said = _("The {what} is still open, until {moment}.").format(
        what=called(instrument.kind), moment=closing(wave, person)
    )
    return Message(
        said,
        (
            Text(said),
            Text(
                _("{questions}. If you have answered meanwhile, thank you: there is nothing more to do.").format(
                    questions=_length(instrument, role)
                )
            ),
            *_in_parts(instrument, role),
            Text(promise(wave.level)),
            *_answer_or_not(wave, person),
        ),
        _seen_by(),
    )


def _length(instrument: Instrument, role: str) -> str:
    """How many questions, and how long they take."""
    items = instrument.items_for(role)
    texts = sum(item.kind == "text" for item in items)
    ticks = len(items) - texts
    short = ngettext("{count} short question", "{count} short questions", ticks).format(count=ticks)
    if instrument.kind == PULSE:
        return _("{questions}, about 30 seconds").format(questions=short)
    if instrument.kind == "questionnaire":
        return _("{questions} and room for words of your own, {time}").format(
            questions=short, time=_about(ticks * SECONDS_TO_TICK)
        )
    open_ones = ngettext("{count} open question", "{count} open questions", texts).format(count=texts)
    return _("{open} and {short}, {time} for all of them").format(
        open=open_ones, short=short, time=_about(texts * SECONDS_TO_WRITE + ticks * SECONDS_TO_TICK)
    )


def _about(seconds: int) -> str:
    minutes = max(-(-seconds // 60), 1)
    return ngettext("about {count} minute", "about {count} minutes", minutes).format(count=minutes)


def _in_parts(instrument: Instrument, role: str) -> tuple[Block, ...]:
    """That one can stop in between, where one can."""
    parts = len(instrument.parts_for(role))
    if parts == 1:
        return ()
    said = _("It has {parts} parts. Each is sealed when you send it, and you can stop in between and go on later.")
    return (Text(said.format(parts=parts)),)


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
    "invitation_questionnaire": lambda: invitation(example_wave(name="end"), "mentee", MENTEE),
    "invitation_exact": lambda: invitation(example_wave("research", "baseline"), "control", CONTROL),
    "invitation_reflection": lambda: invitation(example_wave(name="reflection"), "mentor", MENTOR),
    "reminder": lambda: reminder(example_wave(), "mentor", MENTOR),
    "reminder_questionnaire": lambda: reminder(example_wave(name="end"), "mentee", MENTEE),
}
