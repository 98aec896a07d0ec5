"""Dates: a pair without a date is asked now and then to find one; the day after an arranged meeting both are asked
whether they met.

A date can be noted by either of the two (here, or with the log of a meeting) and the other is told. "We met" is
answered in logmeeting.py, since it logs the meeting; "it didn't happen" here.
"""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from bot.examples import ARRANGED, LOGGED, MENTEE, MENTOR, PAIR
from bot.flow import Event, Flow, FormErrors, Outcome, Private, ShowForm, Update, UserError
from bot.handlers.not_now import not_now_buttons
from bot.handlers.welcome import taking_part
from bot.programme import cadence
from bot.programme.meetings import is_too_far_ahead
from bot.reading import about, id_in, ids_about, read_day, typed
from bot.texts import _, said_day
from bot.ui import AnyField, Button, Buttons, DateField, Form, Message, Option, PickOne, Text, Values
from storage.pairs import OPEN
from storage.places import dm
from storage.records import Due, Meeting, NotThere, Pair, Person
from storage.unit_of_work import UnitOfWork

flow = Flow("dates")


@flow.job("find_a_date")
def look_for_a_date(due: Due, uow: UnitOfWork) -> None:
    """Ask one of a pair about a date, if none lies ahead and they have not met lately; look again in six weeks."""
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
    if again := cadence.next_look_for_a_date(uow.now, programme.ends_on, zone):
        uow.due.add("find_a_date", due.subject, again)
    logged, arranged = ([m.day for m in uow.meetings.of_pair(pair.id, state)] for state in ("logged", "arranged"))
    if pair.state != "paused" and cadence.wants_a_date(today, [*logged, *arranged]):
        person = uow.people.get(person_id)
        message = find_a_date(pair, person, first=not logged)
        uow.outbox.add(to=dm(person), key=f"date:{due.subject}:{due.due_at:%Y-%m-%d}", message=message)


@flow.button("arrange_meeting")
def open_date_form(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form for a date."""
    pairs, subject = choice_of_pairs(event, uow)
    return ShowForm(date_form(pairs, subject, event.who), "arrange_meeting", event.subject)


@flow.form("arrange_meeting")
def note_date(event: Event, uow: UnitOfWork) -> Outcome:
    """Note the date, tell the other if it is news, and ask both the day after."""
    pairs, subject = choice_of_pairs(event, uow)
    form = date_form(pairs, subject, event.who)
    errors: dict[str, str] = {}
    pair = chosen_pair(event.values, pairs, errors)
    day = read_next_day(event, errors, required=True)
    if errors or pair is None or day is None:
        raise FormErrors(errors, form)
    meeting = arrange(pair, day, event, uow)
    if meeting is not None:
        message = date_noted(meeting, pair, by=event.who)
        uow.outbox.add(to=dm(pair.other(event.who)), key=_noted_key(meeting), message=message)
    return Private(your_date(day, pair, event.who))


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
    return Update(
        logged_all_the_same(meeting, pair, event.who) if meeting.state == "logged" else no_harm(meeting, pair)
    )


@flow.button("not_met", again=whether_it_happened)
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
            uow.outbox.replace(card, other_says_no(meeting, by=event.who), place=dm(other))
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


def read_next_day(event: Event, errors: dict[str, str], *, required: bool = False) -> date | None:
    """The day of the next meeting as it was typed; None, perhaps with an error, where there is none."""
    text = typed(event.values, "next_day")
    if not text and not required:
        return None
    day = read_day(text)
    if day is None:
        errors["next_day"] = _("Please give a day, for example 31/03/2027.")
    elif day <= event.today:
        errors["next_day"] = _("Please give a day to come, from tomorrow on.")
    elif is_too_far_ahead(day, event.today):
        errors["next_day"] = _("Please give a day within the next year.")
    return day


def arrange(pair: Pair, day: date, event: Event, uow: UnitOfWork) -> Meeting | None:
    """Keep a day in mind for a pair, instead of any other from today on; None where it was known already."""
    for planned in uow.meetings.of_pair(pair.id, "arranged"):
        if planned.day == day:
            return None
        if planned.day >= event.today:
            uow.meetings.cancel(planned.id)
            uow.outbox.withdraw(_noted_key(planned))
            for person in pair.people:
                stop_asking(planned, person, uow)
    meeting = uow.meetings.arrange(pair.id, day)
    zone = ZoneInfo(uow.programmes.get(pair.programme_id).time_zone)
    for person in pair.people:
        uow.due.add("did_you_meet", about(meeting.id, person.id), cadence.did_you_meet(day, zone))
    return meeting


def upcoming(pair: Pair, today: date, uow: UnitOfWork) -> Meeting | None:
    """The next arranged meeting of a pair, from today on."""
    return next((m for m in uow.meetings.of_pair(pair.id, "arranged") if m.day >= today), None)


def stop_asking(meeting: Meeting, person: Person, uow: UnitOfWork) -> None:
    """Whether they met need not be asked any more; what has been asked already stays."""
    uow.due.drop("did_you_meet", about(meeting.id, person.id))
    if card := card_of(meeting, person, uow):
        uow.outbox.withdraw(card)


def card_of(meeting: Meeting, person: Person, uow: UnitOfWork) -> str | None:
    """The key of the last card that asked this person about the meeting."""
    return uow.outbox.newest(dm(person), _card_keys(meeting.id))


def _card_keys(meeting_id: int) -> str:
    return f"met:{meeting_id}:"


def _noted_key(meeting: Meeting) -> str:
    return f"noted:{meeting.id}:v{meeting.version}"


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
                    "Half an hour by phone counts as well. Note the date here, and I ask the day after; if you have "
                    "met already, log it. {name} may get the same question; one answer is enough."
                ).format(name=name)
            ),
            Buttons(
                (
                    Button(_("We have a date"), "arrange_meeting", str(pair.id), opens=True, primary=True),
                    Button(_("Log a meeting"), "log_meeting", str(pair.id), opens=True),
                    Button(_("Get help"), "support"),
                )
            ),
            not_now_buttons("find_a_date", about(pair.id, person.id)),
        ),
        _("Only you see this. {name} sees the date that you note; leads do not.").format(name=name),
    )


def date_form(pairs: list[Pair], subject: str, person: Person) -> Form:
    """On which day they meet next."""
    return Form(
        "arrange_meeting",
        _("Note a date"),
        _("Note it"),
        (
            *pick_pair(pairs, person),
            DateField("next_day", _("We meet on"), help=_("It takes the place of a date that you noted before.")),
        ),
        seen_by=_("The two of you see the date. Leads do not."),
        subject=subject,
    )


def your_date(day: date, pair: Pair, person: Person) -> Message:
    """The date is noted: to the one who noted it."""
    other = pair.other(person).name
    said = _("Noted: you and {name} meet on {day}.").format(name=other, day=said_day(day))
    return Message(
        said,
        (Text(said), Text(_("I ask the day after whether you met.")), _another_day(pair)),
        _("{name} sees the date, too. Leads do not.").format(name=other),
    )


def date_noted(meeting: Meeting, pair: Pair, *, by: Person) -> Message:
    """The date is noted: to the other."""
    said = _("{name} noted that you two meet on {day}.").format(name=by.name, day=said_day(meeting.day))
    return Message(
        said,
        (
            Text(said),
            Text(_("If the day is not right, note another; {name} is told.").format(name=by.name)),
            _another_day(pair),
        ),
        _("The two of you see the date. Leads do not."),
    )


def _another_day(pair: Pair) -> Buttons:
    return Buttons(
        (
            Button(_("Another day"), "arrange_meeting", str(pair.id), opens=True),
            Button(_("An agenda"), "agenda"),
        )
    )


def did_you_meet(meeting: Meeting, pair: Pair, person: Person) -> Message:
    """Did the meeting take place?"""
    other = pair.other(person).name
    said = _("Did you and {name} meet on {day}?").format(name=other, day=said_day(meeting.day))
    return Message(
        said,
        (
            Text(said),
            Buttons(
                (
                    Button(_("We met"), "we_met", str(meeting.id), meeting.version, primary=True),
                    Button(_("It didn't happen"), "not_met", str(meeting.id), meeting.version),
                    Button(_("Log with details"), "correct_meeting", str(meeting.id), meeting.version, opens=True),
                )
            ),
            not_now_buttons("did_you_meet", about(meeting.id, person.id)),
        ),
        _("{name} sees what you answer. Leads see that a meeting was logged and its date, nothing else.").format(
            name=other
        ),
    )


def no_harm(meeting: Meeting, pair: Pair) -> Message:
    """It did not happen: to the one who said so."""
    said = _("Thank you. The meeting of {day} did not take place, and that is fine.").format(day=said_day(meeting.day))
    return Message(
        said,
        (
            Text(said),
            Text(_("When you have a new date, note it here.")),
            Buttons(
                (
                    Button(_("We have a date"), "arrange_meeting", str(pair.id), opens=True),
                    Button(_("Get help"), "support"),
                )
            ),
        ),
        _("The two of you see this. Leads do not."),
    )


def other_says_no(meeting: Meeting, *, by: Person) -> Message:
    """It did not happen: to the other."""
    said = _("{name} says that your meeting of {day} did not take place.").format(
        name=by.name, day=said_day(meeting.day)
    )
    return Message(
        said,
        (
            Text(said),
            Text(_("If you did meet, you can log it. If there is a new date, note it.")),
            Buttons(
                (
                    Button(_("Log it"), "correct_meeting", str(meeting.id), meeting.version, opens=True),
                    Button(_("We have a date"), "arrange_meeting", str(meeting.pair_id), opens=True),
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
            Text(_("If the day is wrong, correct it. If there was no meeting at all, tell each other first.")),
            Buttons((Button(_("Correct it"), "correct_meeting", str(meeting.id), meeting.version, opens=True),)),
        ),
        _("The two of you see this. Leads see that a meeting was logged and its date."),
    )


def not_introduced() -> Message:
    """For somebody whose pair has not been introduced yet."""
    said = _("You have not been introduced to anybody yet. I write as soon as that is so.")
    return Message(said, (Text(said),), _("Only you see this."))


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "find_a_date_first": lambda: find_a_date(PAIR, MENTEE, first=True),
    "find_a_date_next": lambda: find_a_date(PAIR, MENTOR, first=False),
    "date_form": lambda: date_form([PAIR], str(PAIR.id), MENTOR),
    "your_date": lambda: your_date(ARRANGED.day, PAIR, MENTOR),
    "date_noted": lambda: date_noted(ARRANGED, PAIR, by=MENTOR),
    "did_you_meet": lambda: did_you_meet(ARRANGED, PAIR, MENTEE),
    "no_harm": lambda: no_harm(ARRANGED, PAIR),
    "other_says_no": lambda: other_says_no(ARRANGED, by=MENTOR),
    "logged_all_the_same": lambda: logged_all_the_same(LOGGED, PAIR, MENTOR),
    "not_introduced": not_introduced,
}
