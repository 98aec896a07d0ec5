"""Openings: which wave opens when, and who is asked in it. ``checkin`` invites to it, reminds and closes it.

A check-in opens every other month, each questionnaire once, and mentors are asked to look back after rounds of their
Action Learning Sets. Whoever takes part at the opening is asked; who joins later is asked the next time.

At the level research a questionnaire is two waves that open and close together: one of those who had agreed to exact
counts when the first wave of the programme opened, one of everybody else. It stays so for all waves, whatever anybody
agrees to later: who moved from one to the other would be the difference between two exact counts.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta

from bot.flow import Flow
from bot.handlers.open_waves import PULSE, plan_of
from bot.handlers.pause import quiet_of
from bot.programme import waves
from bot.programme.rounds import round_to_look_back_on
from bot.reading import id_in
from bot.surveys import rules
from bot.surveys.instrument import ROLES, Instrument, declared
from bot.surveys.loading import all_instruments
from bot.surveys.sealing import new_keys
from bot.ui import Form, Message
from storage.consents import EXACT_COUNTS
from storage.records import Due, Programme, Wave
from storage.unit_of_work import UnitOfWork

flow = Flow("openings")

REFLECTION = "reflection"
"""The instrument with which mentors look back."""

Asked = Sequence[tuple[int, str]]
"""Ids of those who are asked, with their roles."""


def begin(programme: Programme, uow: UnitOfWork) -> None:
    """Have everything opened that has a day."""
    _plan(programme, uow)


def move(programme: Programme, uow: UnitOfWork) -> None:
    """The programme has other days: have what is to come opened by the new ones. What is open stays as it was
    announced."""
    _plan(programme, uow)


def coming(programme: Programme, uow: UnitOfWork) -> dict[str, datetime]:
    """When the next wave of each instrument opens that has a day and will open."""
    plan, days = plan_of(programme), _days(programme, uow)
    opened = _opened(programme, uow)
    found = {name: waves.working_morning(plan, day) for name, day in days.items() if name not in opened}
    last = uow.waves.last(programme.id, PULSE)
    pulse_at = waves.next_opening(plan, uow.now, last.opens_at if last else None, days.values())
    return found if pulse_at is None else found | {PULSE: pulse_at}


def opens_next(programme: Programme, role: str, uow: UnitOfWork) -> date | None:
    """The day on which the next wave opens that somebody of this role is asked in, as far as that is known."""
    moments = [at for name, at in coming(programme, uow).items() if role in all_instruments()[name].audience]
    return min(moments).astimezone(plan_of(programme).zone).date() if moments else None


def _plan(programme: Programme, uow: UnitOfWork) -> None:
    moments = coming(programme, uow)
    for name in (PULSE, *waves.QUESTIONNAIRES):
        rule, subject = ("wave_open", str(programme.id)) if name == PULSE else _questionnaire(programme, name)
        uow.due.drop(rule, subject)
        if name in moments:
            uow.due.add(rule, subject, moments[name])


def _questionnaire(programme: Programme, name: str) -> tuple[str, str]:
    return "questionnaire_open", f"{programme.id}:{name}"


def _opened(programme: Programme, uow: UnitOfWork) -> dict[str, date]:
    """The day on which each instrument first opened that did."""
    zone = plan_of(programme).zone
    return {name: at.astimezone(zone).date() for name, at in reversed(uow.waves.openings(programme.id))}


def _days(programme: Programme, uow: UnitOfWork) -> dict[str, date]:
    """The day of each questionnaire that has opened or will."""
    opened = {name: day for name, day in _opened(programme, uow).items() if name in waves.QUESTIONNAIRES}
    last = uow.waves.last(programme.id, PULSE)
    return waves.questionnaires(plan_of(programme), uow.now, opened, last.closes_at if last else None)


@flow.job("wave_open")
def open_check_in(due: Due, uow: UnitOfWork) -> None:
    """Open a check-in, unless this has become a month with a questionnaire; plan the next."""
    programme = uow.programmes.get(id_in(due.subject))
    until = waves.pulse_may_last(plan_of(programme), uow.now, _days(programme, uow).values())
    if until is not None:
        open_wave(programme, all_instruments()[PULSE], uow, until=until)
    _plan(programme, uow)


@flow.job("questionnaire_open")
def open_questionnaire(due: Due, uow: UnitOfWork) -> None:
    """Open a questionnaire, once."""
    programme_id, _colon, name = due.subject.partition(":")
    programme = uow.programmes.get(id_in(programme_id))
    if name not in _opened(programme, uow):
        until = waves.may_last(plan_of(programme), name)
        open_wave(programme, all_instruments()[name], uow, until=until)
    _plan(programme, uow)


@flow.job("reflection_open")
def open_reflection(due: Due, uow: UnitOfWork) -> None:
    """Ask all mentors who belong to a set to look back on a round."""
    programme_id, _colon, _round = due.subject.partition(":")
    programme = uow.programmes.get(id_in(programme_id))
    members = uow.sets.belonging(programme.id).keys()
    open_wave(programme, all_instruments()[REFLECTION], uow, until=programme.ends_on, only=members)


def after_session(programme_id: int, uow: UnitOfWork) -> None:
    """A session of a set is over: if with it all sets are through a round that calls for it, have mentors asked to look
    back on the next working morning, or once a questionnaire is out of the way."""
    programme = uow.programmes.get(programme_id)
    plan = plan_of(programme)
    today = uow.now.astimezone(plan.zone).date()
    last = uow.waves.last(programme.id, REFLECTION)
    through = round_to_look_back_on(
        programme.reflections,
        _sessions(programme, uow),
        looked_back=sum(name == REFLECTION for name, _at in uow.waves.openings(programme.id)),
        second_half=today - programme.starts_on > (programme.ends_on - programme.starts_on) / 2,
    )
    subject = f"{programme.id}:{through}"
    if through is None or uow.due.was_planned("reflection_open", subject):
        return
    day = today + timedelta(days=1)
    if last is not None:
        day = max(day, last.opens_at.astimezone(plan.zone).date() + waves.APART)
    opened = _opened(programme, uow)
    # A questionnaire that was missed may be made up for on any day: nothing waits for that.
    asked = [each for name, each in _days(programme, uow).items() if name in opened or plan.day_of(name) >= today]
    day = waves.clear_of(plan, day, asked)
    uow.due.add("reflection_open", subject, waves.working_morning(plan, day))


def _sessions(programme: Programme, uow: UnitOfWork) -> list[list[bool]]:
    """For each set with members, whether each session that takes place is over."""
    with_members = {each.id for each in uow.sets.belonging(programme.id).values()}
    found: defaultdict[int, list[bool]] = defaultdict(list)
    for session in uow.sets.all_sessions(programme.id):
        if session.state != "cancelled" and session.learning_set.id in with_members:
            found[session.learning_set.id].append(session.state == "held" or session.ends_at <= uow.now)
    return list(found.values())


def open_wave(
    programme: Programme, instrument: Instrument, uow: UnitOfWork, *, until: date, only: Collection[int] | None = None
) -> None:
    """Open an instrument now, for everybody of its roles who takes part. ``until``: the last day that it may have.
    ``only``: those of them who are asked; None for all."""
    # Keys are kept outside of this transaction: of two openings at once, one would replace those of the other.
    uow.waves.hold_openings(programme.id)
    plan = plan_of(programme)
    today = uow.now.astimezone(plan.zone).date()
    people = uow.roll.by_quiet_time(programme.id, instrument.audience, today, today + waves.LONGEST)
    closes_at = waves.closes_at(plan, uow.now, {quiet_of(person, uow) for person in people}, until)
    everybody = uow.roll.asked(programme.id, ROLES)
    asked = [each for each in everybody if each[1] in instrument.audience and (only is None or each[0] in only)]
    if not asked or closes_at is None:
        return
    exact = _told_exactly(programme, everybody, uow)
    for level, group in _groups(programme, instrument, asked, exact):
        key_id = f"{programme.id}-{instrument.id.replace('_', '-')}-{today}"
        key_id += "-exact" if level == rules.RESEARCH else ""
        if not uow.waves.has_key(key_id):
            keys = new_keys()
            # Before the wave: keys that are kept for nothing do no harm, a wave without keys could never be counted.
            uow.keys.put(key_id, keys.packed)
            wave = uow.waves.open(
                programme.id,
                name=instrument.id,
                instrument=declared(instrument),
                level=level.name,
                members=group,
                closes_at=closes_at,
                public_key=keys.public,
                key_id=key_id,
            )
            _have_sent(wave, plan, uow)


def _told_exactly(programme: Programme, everybody: Asked, uow: UnitOfWork) -> set[int]:
    """Those of whom questionnaires are told exactly. It is settled before the first wave: those who have agreed by
    then, unless they are too few for anything to be told of them; then nobody is parted from the others for nothing.
    ``everybody``: who takes part now."""
    if programme.disclosure != rules.RESEARCH.name:
        return set()
    if uow.waves.there_was_one(programme.id):
        return uow.consents.settled(programme.id)
    agreed = uow.consents.who(programme.id, EXACT_COUNTS)
    answering = Counter(role for person_id, role in everybody if person_id in agreed)
    if not rules.can_be_told(ROLES, rules.RESEARCH, answering):
        return set()
    uow.consents.settle(programme.id, agreed)
    return agreed


def _groups(
    programme: Programme, instrument: Instrument, asked: Asked, exact: Collection[int]
) -> list[tuple[rules.Level, Asked]]:
    """Who is asked at which level: everybody at one, or at the level research two groups that have nobody in common."""
    level = rules.level_for(instrument, rules.BY_NAME[programme.disclosure])
    if level != rules.RESEARCH:
        return [(level, asked)]
    groups = [
        (rules.RESEARCH, [each for each in asked if each[0] in exact]),
        (rules.STANDARD, [each for each in asked if each[0] not in exact]),
    ]
    return [(level, group) for level, group in groups if group]


def _have_sent(wave: Wave, plan: waves.Plan, uow: UnitOfWork) -> None:
    """Have those who are asked invited and reminded, and the wave closed."""
    uow.due.add("wave_invite", f"{wave.id}:0", wave.opens_at)
    uow.due.add("wave_remind", f"{wave.id}:0", waves.reminder_at(plan, wave.opens_at, wave.closes_at))
    uow.due.add("wave_close", str(wave.id), wave.closes_at)


EXAMPLES: dict[str, Callable[[], Message | Form]] = {}
"""Nothing is said here."""
