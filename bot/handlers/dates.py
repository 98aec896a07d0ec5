"""Dates: a pair without a date is asked now and then to find one; the day after an arranged meeting both are asked
whether they met.

Times are found in schedule.py; a day alone can be noted with the log of a meeting. "We met" is answered in
logmeeting.py, since it logs the meeting; "not yet" and "cancelled" here.
"""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from bot.examples import ARRANGED, LOGGED, MENTEE, MENTOR, PAIR
from bot.flow import Event, Flow, Outcome, Update, UserError
from bot.handlers.not_now import not_now_row
from bot.handlers.pause import away_until
from bot.handlers.welcome import taking_part
from bot.programme import cadence
from bot.programme.meetings import is_too_far_ahead
from bot.reading import about, id_in, ids_about, read_day, typed
from bot.texts import _, said_day, said_moment
from bot.ui import AnyField, Button, Buttons, Form, Message, Option, PickOne, Text, Values
from storage.pairs import OPEN
from storage.places import dm
from storage.records import Due, Meeting, NotThere, Pair, Person, Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("dates")


def go_on(programme: Programme, uow: UnitOfWork) -> None:
    """The programme ends later than it did: look again also for those pairs for whom there was no next look."""
    at = cadence.next_look_for_a_date(
        uow.now, programme.ends_on, ZoneInfo(programme.time_zone), programme.next_date_days
    )
    waiting = uow.due.waiting("find_a_date")
    pairs = [fact.pair for fact in uow.pairs.facts(programme.id) if fact.pair.state in OPEN]
    subjects = {about(pair.id, person.id) for pair in pairs for person in pair.people}
    if at is not None:
        uow.due.add_all("find_a_date", subjects - waiting, at)


@flow.job("find_a_date")
def look_for_a_date(due: Due, uow: UnitOfWork) -> None:
    """Ask one of a pair about a date, if none lies ahead and they have not met lately; look again in six weeks, or some
    days after the later of them is back from leave."""
    pair_id, person_id = ids_about(due.subject)
    try:
        pair = uow.pairs.for_person(person_id, pair_id)
    except NotThere:
        return  # put off by a button that was made up
    programme = uow.programmes.get(pair.programme_id)
    zone = ZoneInfo(programme.time_zone)
    today = uow.now.astimezone(zone).date()
    if pair.state not in OPEN or today > programme.ends_on:
        return
    if back := max(filter(None, (away_until(person, uow) for person in pair.people)), default=None):
        uow.due.add("find_a_date", due.subject, cadence.look_for_a_date_after_leave(back, zone))
        return
    if again := cadence.next_look_for_a_date(uow.now, programme.ends_on, zone, programme.next_date_days):
        uow.due.add("find_a_date", due.subject, again)
    logged, arranged = ([m.day for m in uow.meetings.of_pair(pair.id, state)] for state in ("logged", "arranged"))
    if pair.state != "paused" and cadence.wants_a_date(today, [*logged, *arranged], programme.next_date_days):
        person = uow.people.get(person_id)
        message = find_a_date(pair, person, first=not logged)
        stop_looking(pair, person, uow)
        uow.outbox.add(to=dm(person), key=f"{_look_keys(pair, person)}{due.due_at:%Y-%m-%d}", message=message)


@flow.job("did_you_meet")
def ask_whether_they_met(due: Due, uow: UnitOfWork) -> None:
    """Ask one of the two, if nobody has said anything yet."""
    meeting_id, person_id = ids_about(due.subject)
    try:
        meeting = uow.meetings.for_person(person_id, meeting_id)
    except NotThere:
        return  # merged with another meeting meanwhile, or put off by a button that was made up
    if meeting.state == "arranged":
        pair = uow.pairs.get(meeting.pair_id)
        person = uow.people.get(person_id)
        key = f"{_card_keys(meeting.id)}{due.due_at:%Y-%m-%d}"
        uow.outbox.add(to=dm(person), key=key, message=did_you_meet(meeting, pair, person))


def whether_it_happened(event: Event, uow: UnitOfWork) -> Outcome:
    """What is known of a meeting that somebody said did not take place."""
    meeting = uow.meetings.for_person(event.who.id, id_in(event.subject))
    pair = uow.pairs.get(meeting.pair_id)
    if meeting.state == "logged":
        return Update(logged_all_the_same(meeting, pair, event.who))
    return Update(no_harm(meeting, pair, called_off=event.name == "called_off"))


@flow.button("not_met", again=whether_it_happened)
@flow.button("called_off", again=whether_it_happened)
def not_met(event: Event, uow: UnitOfWork) -> Outcome:
    """Note that an arranged meeting did not take place. What was logged stays; the other can still log it."""
    meeting = uow.meetings.for_person(event.who.id, id_in(event.subject))
    if meeting.state == "arranged":
        pair = uow.pairs.get(meeting.pair_id)
        uow.meetings.cancel(meeting.id)
        other = pair.other(event.who)
        for person in pair.people:
            stop_asking(meeting, person, uow)
        if card := card_of(meeting, other, uow):
            uow.outbox.replace(card, other_says_no(meeting, pair, by=event.who), place=dm(other))
    return whether_it_happened(event, uow)


# What other conversations need of it


def choice_of_pairs(event: Event, uow: UnitOfWork) -> tuple[list[Pair], str]:
    """The pairs that a form of this person can be about, and the subject of that form: the pair that was asked for,
    the only one, or none yet. Raises UserError for somebody who is in no pair, NotThere for another's pair."""
    taking_part(event, uow)
    pairs = uow.pairs.of(event.who.id)
    if event.subject:
        pairs = [pair for pair in pairs if pair.id == id_in(event.subject)]
        if not pairs:
            raise NotThere("no such pair for this person")
    if not pairs:
        raise UserError(not_introduced())
    return pairs, str(pairs[0].id) if len(pairs) == 1 else ""


def pick_pair(pairs: list[Pair], person: Person) -> tuple[AnyField, ...]:
    """The field that asks with whom, where there is more than one."""
    if len(pairs) == 1:
        return ()
    options = tuple(Option(str(pair.id), pair.other(person).name) for pair in pairs)
    return (PickOne("pair", _("With"), options=options),)


def chosen_pair(values: Values, pairs: list[Pair], errors: dict[str, str]) -> Pair | None:
    """The pair that a form is about; None, and an error, where none was picked."""
    picked = [pair for pair in pairs if str(pair.id) == typed(values, "pair")] if len(pairs) > 1 else pairs
    if not picked:
        errors["pair"] = _("Please say with whom.")
        return None
    return picked[0]


def read_next_day(
    event: Event, pair: Pair | None, met_on: date | None, errors: dict[str, str], uow: UnitOfWork
) -> date | None:
    """The day of the next meeting as it was typed; None, perhaps with an error, where there is none. ``met_on``: the
    day of the meeting that is logged, which is ahead no more."""
    text = typed(event.values, "next_day")
    if not text:
        return None
    day = read_day(text)
    if day is None:
        errors["next_day"] = _("Please give a day, for example 31/03/2027.")
    elif day <= event.today:
        errors["next_day"] = _("Please give a day to come, from tomorrow on.")
    elif is_too_far_ahead(day, event.today):
        errors["next_day"] = _("Please give a day within the next year.")
    elif pair is not None and (ahead := _settled(pair, event, uow)) and ahead.day not in (day, met_on):
        errors["next_day"] = _("You two meet on {when} already. To move that, type schedule.").format(
            when=said_when(ahead, event.who)
        )
    return day


def arrange(pair: Pair, day: date, event: Event, uow: UnitOfWork) -> Meeting | None:
    """Keep a day in mind for a pair, instead of any other from today on; None where it was known already. What has a
    time stays: only scheduling changes it."""
    for planned in uow.meetings.of_pair(pair.id, "arranged"):
        if planned.day == day:
            return None
        if planned.day >= event.today and planned.starts_at is None:
            uow.meetings.cancel(planned.id)
            for person in pair.people:
                stop_asking(planned, person, uow)
    meeting = uow.meetings.arrange(pair.id, day)
    zone = ZoneInfo(uow.programmes.get(pair.programme_id).time_zone)
    for person in pair.people:
        stop_looking(pair, person, uow)
        uow.due.add("did_you_meet", about(meeting.id, person.id), cadence.did_you_meet(day, zone))
    return meeting


def upcoming(pair: Pair, event: Event, uow: UnitOfWork) -> Meeting | None:
    """The next arranged meeting of a pair that has not begun, as far as is known."""
    return next((m for m in uow.meetings.of_pair(pair.id, "arranged") if is_ahead(m, event)), None)


def _settled(pair: Pair, event: Event, uow: UnitOfWork) -> Meeting | None:
    ahead = upcoming(pair, event, uow)
    return ahead if ahead is not None and ahead.starts_at is not None else None


def is_ahead(meeting: Meeting, event: Event) -> bool:
    """Whether a meeting is still to come; one without a time is all day long."""
    return meeting.day >= event.today if meeting.starts_at is None else meeting.starts_at > event.at


def said_when(meeting: Meeting, reader: Person) -> str:
    """When a meeting is, as people say it: with its time, where that is known."""
    if meeting.starts_at is None:
        return said_day(meeting.day)
    return said_moment(meeting.starts_at, ZoneInfo(reader.time_zone))


def stop_looking(pair: Pair, person: Person, uow: UnitOfWork) -> None:
    """This person need not be asked to find a date any more; what has been asked already stays."""
    if question := uow.outbox.newest(dm(person), _look_keys(pair, person)):
        uow.outbox.withdraw(question)


def stop(pair: Pair, uow: UnitOfWork) -> None:
    """The pair has ended: ask about no dates and no meetings any more."""
    for person in pair.people:
        uow.due.drop("find_a_date", about(pair.id, person.id))
        stop_looking(pair, person, uow)
        for meeting in uow.meetings.of_pair(pair.id, "arranged"):
            stop_asking(meeting, person, uow)


def stop_asking(meeting: Meeting, person: Person, uow: UnitOfWork) -> None:
    """Whether they met need not be asked any more; what has been asked already stays."""
    uow.due.drop("did_you_meet", about(meeting.id, person.id))
    if card := card_of(meeting, person, uow):
        uow.outbox.withdraw(card)


def card_of(meeting: Meeting, person: Person, uow: UnitOfWork) -> str | None:
    """The key of the last card that asked this person about the meeting."""
    return uow.outbox.newest(dm(person), _card_keys(meeting.id))


def _look_keys(pair: Pair, person: Person) -> str:
    return f"date:{about(pair.id, person.id)}:"


def _card_keys(meeting_id: int) -> str:
    return f"met:{meeting_id}:"


# What is said


def find_a_date(pair: Pair, person: Person, *, first: bool) -> Message:
    """Have they found a date?"""
    name = pair.other(person).name
    if first:
        said = _("Have you and {name} found a date for your first meeting?").format(name=name)
    else:
        said = _("Have you and {name} found a date for your next meeting?").format(name=name)
    return Message(
        said,
        (
            Text(said),
            Text(
                _(
                    "Propose times here, or enter the one that you two have agreed; half an hour by phone counts too. "
                    "{name} may get the same question: one answer from either of you is enough."
                ).format(name=name)
            ),
            Buttons(
                (
                    find_a_time(pair, primary=True),
                    Button(_("We have met: log it"), "log_meeting", str(pair.id), opens=True),
                    Button(_("Get help"), "support"),
                )
            ),
            *not_now_row("find_a_date", about(pair.id, person.id)),
        ),
        _("Only you see this. {name} sees the times that you propose; leads do not.").format(name=name),
    )


def find_a_time(pair: Pair, *, primary: bool = False) -> Button:
    """The button with which a pair arranges its next meeting."""
    return Button(_("Find a time"), "schedule", str(pair.id), opens=True, primary=primary)


def did_you_meet(meeting: Meeting, pair: Pair, person: Person) -> Message:
    """Did the meeting take place?"""
    other = pair.other(person).name
    said = _("Did you and {name} meet on {day}?").format(name=other, day=said_day(meeting.day))
    return Message(
        said,
        (
            Text(said),
            Buttons(whether_they_met(meeting)),
            *not_now_row("did_you_meet", about(meeting.id, person.id)),
        ),
        _("{name} sees what you answer. Leads see that a meeting was logged and its date, nothing else.").format(
            name=other
        ),
    )


def whether_they_met(meeting: Meeting) -> tuple[Button, ...]:
    """The answers to that question."""
    return (
        Button(_("We met"), "we_met", str(meeting.id), meeting.version, primary=True),
        Button(_("Not yet"), "not_met", str(meeting.id), meeting.version),
        Button(_("Cancelled"), "called_off", str(meeting.id), meeting.version),
        Button(_("Log with details"), "correct_meeting", str(meeting.id), meeting.version, opens=True),
    )


def no_harm(meeting: Meeting, pair: Pair, *, called_off: bool = False) -> Message:
    """It did not happen: to the one who said so."""
    day = said_day(meeting.day)
    if called_off:
        said = _("Thank you. Your meeting of {day} was cancelled, and that is fine.").format(day=day)
    else:
        said = _("Thank you. Your meeting of {day} has not taken place yet, and that is fine.").format(day=day)
    return Message(
        said,
        (
            Text(said),
            Text(_("You can propose new times whenever it suits you.")),
            Buttons((find_a_time(pair, primary=not called_off), Button(_("Get help"), "support"))),
        ),
        _("The two of you see this. Leads do not."),
    )


def other_says_no(meeting: Meeting, pair: Pair, *, by: Person) -> Message:
    """It did not happen: to the other."""
    said = _("{name} says that your meeting of {day} did not take place.").format(
        name=by.name, day=said_day(meeting.day)
    )
    return Message(
        said,
        (
            Text(said),
            Text(_("If you did meet, you can log it. If not, you can propose new times.")),
            Buttons(
                (
                    Button(_("Log it"), "correct_meeting", str(meeting.id), meeting.version, opens=True),
                    find_a_time(pair),
                    Button(_("Get help"), "support"),
                )
            ),
        ),
        _("The two of you see this. Leads do not."),
    )


def logged_all_the_same(meeting: Meeting, pair: Pair, person: Person) -> Message:
    """It did not happen, says one, but it was logged."""
    day = said_day(meeting.day)
    if meeting.logged_by == person.id:
        said = _("You logged a meeting on {day}, so it stays.").format(day=day)
    else:
        said = _("{name} logged a meeting on {day}, so it stays.").format(name=pair.other(person).name, day=day)
    return Message(
        said,
        (
            Text(said),
            Text(
                _("If the day is wrong, correct it. If there was no meeting at all, please talk to each other first.")
            ),
            Buttons((Button(_("Correct it"), "correct_meeting", str(meeting.id), meeting.version, opens=True),)),
        ),
        _("The two of you see this. Leads see that a meeting was logged and its date."),
    )


def not_introduced() -> Message:
    """For somebody whose pair has not been introduced yet."""
    said = _("You have not been introduced to anybody yet. I will write to you as soon as you are.")
    return Message(said, (Text(said),), _("Only you see this."))


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "find_a_date_first": lambda: find_a_date(PAIR, MENTEE, first=True),
    "find_a_date_next": lambda: find_a_date(PAIR, MENTOR, first=False),
    "did_you_meet": lambda: did_you_meet(ARRANGED, PAIR, MENTEE),
    "no_harm": lambda: no_harm(ARRANGED, PAIR),
    "no_harm_called_off": lambda: no_harm(ARRANGED, PAIR, called_off=True),
    "other_says_no": lambda: other_says_no(ARRANGED, PAIR, by=MENTOR),
    "logged_all_the_same": lambda: logged_all_the_same(LOGGED, PAIR, MENTOR),
    "not_introduced": not_introduced,
}
