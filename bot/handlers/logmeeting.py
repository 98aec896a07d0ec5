"""Logging a meeting: a form, or one tap on "we met" the day after an arranged meeting.

Either of the two can log. The other is told and can correct it; a pair has at most one meeting a day, so a second log
of the same day is a correction, and the later one holds. Topics come from a fixed list; content is never asked for.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from bot.examples import ARRANGED, LOGGED, MENTEE, MENTOR, PAIR
from bot.flow import Event, Flow, FormErrors, Outcome, Private, ShowForm, Update, UserError
from bot.handlers import dates
from bot.handlers.welcome import taking_part
from bot.programme.meetings import LONGEST, SHORTEST, TOPICS, WAYS, is_too_long_ago
from bot.reading import id_in, picked, read_day, read_number, typed
from bot.texts import _, marked, ngettext, said_day
from bot.ui import (
    Button,
    Buttons,
    DateField,
    Facts,
    Form,
    Message,
    NumberField,
    Option,
    PickMany,
    PickOne,
    Text,
)
from storage.places import dm
from storage.records import Meeting, Pair, Person
from storage.unit_of_work import UnitOfWork

flow = Flow("logmeeting")

TOPIC_NAMES: Mapping[str, str] = {
    "professional_development": marked("Professional development"),
    "learning_opportunities": marked("Access to learning opportunities"),
    "exams": marked("Exams"),
    "career_planning": marked("Career planning"),
    "performance": marked("Performance"),
    "work_life_balance": marked("Work-life balance"),
    "relationships": marked("Relationships at work"),
    "personal": marked("Personal matters"),
    "other": marked("Something else"),
}
WAY_NAMES: Mapping[str, str] = {
    "in_person": marked("In person"),
    "video": marked("By video"),
    "phone": marked("By phone"),
    "messages": marked("By messages"),
}


@dataclass(frozen=True, slots=True)
class Log:
    """What somebody says of a meeting; only the day is always known. ``next_day``: when they meet next."""

    day: date
    minutes: int | None = None
    how: str = ""
    topics: tuple[str, ...] = ()
    next_day: date | None = None

    def says_the_same(self, meeting: Meeting) -> bool:
        """Whether the meeting is logged just like this already."""
        known = (meeting.day, meeting.minutes, meeting.how, set(meeting.topics))
        return meeting.state == "logged" and known == (self.day, self.minutes, self.how, set(self.topics))


@flow.command("logmeeting", help=marked("Log a meeting with your mentor or mentee"))
@flow.button("log_meeting")
def open_form(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form."""
    pairs, subject = dates.choice_of_pairs(event, uow)
    return ShowForm(log_form(pairs, subject, event.who, today=event.today), "log_meeting", event.subject)


@flow.form("log_meeting")
def log(event: Event, uow: UnitOfWork) -> Outcome:
    """Note the meeting; where the pair has one that day already, this corrects it."""
    pairs, subject = dates.choice_of_pairs(event, uow)
    form = log_form(pairs, subject, event.who, today=event.today)
    errors: dict[str, str] = {}
    pair = dates.chosen_pair(event.values, pairs, errors)
    said = _read_log(event, pair, form, errors, uow)
    if errors or pair is None or said is None:
        raise FormErrors(errors, form)
    before = uow.meetings.on_day(pair.id, said.day)
    return Private(_note(said, pair, before, event, uow))


@flow.button("correct_meeting")
def open_correction(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form with what is known of a meeting."""
    taking_part(event, uow)
    meeting = uow.meetings.for_person(event.who.id, id_in(event.subject))
    return ShowForm(correction_form(meeting), "correct_meeting", event.subject)


@flow.form("correct_meeting")
def correct(event: Event, uow: UnitOfWork) -> Outcome:
    """Note what is known better now, perhaps another day."""
    taking_part(event, uow)
    before = uow.meetings.for_person(event.who.id, id_in(event.subject))
    pair = uow.pairs.for_person(event.who.id, before.pair_id)
    form = correction_form(before)
    errors: dict[str, str] = {}
    said = _read_log(event, pair, form, errors, uow)
    if said and said.day != before.day:
        taken = uow.meetings.on_day(pair.id, said.day)
        if taken is not None and taken.state != "cancelled":
            errors["day"] = _("You two have a meeting on that day already: please correct that one.")
    if errors or said is None:
        raise FormErrors(errors, form)
    return Private(_note(said, pair, before, event, uow))


def how_it_is_logged(event: Event, uow: UnitOfWork) -> Outcome:
    """The meeting as it is known now."""
    meeting = uow.meetings.for_person(event.who.id, id_in(event.subject))
    pair = uow.pairs.get(meeting.pair_id)
    if meeting.state != "logged":
        return dates.whether_it_happened(event, uow)
    return Update(logged(meeting, pair, event.who, dates.upcoming(pair, event, uow)))


@flow.button("we_met", again=how_it_is_logged)
def we_met(event: Event, uow: UnitOfWork) -> Outcome:
    """Log an arranged meeting by one tap: nothing is noted but its day."""
    taking_part(event, uow)
    meeting = uow.meetings.for_person(event.who.id, id_in(event.subject))
    if meeting.day > event.today:
        raise UserError(not_yet(meeting))
    if meeting.state == "logged":
        return how_it_is_logged(event, uow)
    pair = uow.pairs.for_person(event.who.id, meeting.pair_id)
    return Update(_note(Log(meeting.day), pair, meeting, event, uow))


def _note(said: Log, pair: Pair, before: Meeting | None, event: Event, uow: UnitOfWork) -> Message:
    """Note a meeting and the next date; tell the other what is news. Returns the words for the person who logged.

    ``before``: the meeting as it was known, where it was.
    """
    new_date = dates.arrange(pair, said.next_day, event, uow) if said.next_day else None
    meeting = before
    if meeting is None or new_date or not said.says_the_same(meeting):
        meeting = uow.meetings.log(
            pair.id,
            said.day,
            by=event.who.id,
            minutes=said.minutes,
            how=said.how,
            topics=said.topics,
            moved_from=before.id if before else None,
        )
        _tell(meeting, pair, before, event, uow)
    return logged(meeting, pair, event.who, dates.upcoming(pair, event, uow))


def _tell(meeting: Meeting, pair: Pair, before: Meeting | None, event: Event, uow: UnitOfWork) -> None:
    """Tell the other one; nobody need be asked about this meeting any more.

    Cards that asked "did you meet?" show what was logged instead. For the other that is the news, the first time; what
    contradicts or corrects something that was said before is a message of its own.
    """
    first = before is None or before.state == "arranged"
    was_on = before.day if before is not None and before.state == "logged" else None
    if before is not None:
        uow.outbox.withdraw(_told_key(before))
    upcoming = dates.upcoming(pair, event, uow)
    for person in pair.people:
        dates.stop_asking(meeting, person, uow)
        dates.stop_looking(pair, person, uow)
        acted = person.id == event.who.id
        message = logged(meeting, pair, person, upcoming, was_on=None if acted else was_on)
        card = dates.card_of(meeting, person, uow)
        if card and (acted or first):
            uow.outbox.replace(card, message, place=dm(person))
        elif not acted:
            uow.outbox.add(to=dm(person), key=_told_key(meeting), message=message)


def _told_key(meeting: Meeting) -> str:
    return f"meeting:{meeting.id}:v{meeting.version}"


def _read_log(event: Event, pair: Pair | None, form: Form, errors: dict[str, str], uow: UnitOfWork) -> Log | None:
    """What was typed; what cannot be taken is noted in ``errors``. Fields that the form has as optional may be open."""
    values = event.values
    optional = {field.name for field in form.fields if field.optional}
    day = _read_day(event, pair, errors)
    minutes = read_number(typed(values, "minutes"))
    if typed(values, "minutes") or "minutes" not in optional:
        if minutes is None:
            errors["minutes"] = _("Please give whole minutes as a number, for example 60.")
        elif not SHORTEST <= minutes <= LONGEST:
            errors["minutes"] = _("Please give a number of minutes from {shortest} to {longest}.").format(
                shortest=SHORTEST, longest=LONGEST
            )
    how = typed(values, "how")
    if how not in WAYS and (how or "how" not in optional):
        errors["how"] = _("Please choose how you met.")
    topics = picked(values, "topics")
    if not set(topics) <= set(TOPICS):
        errors["topics"] = _("Please choose from the list.")
    next_day = dates.read_next_day(event, pair, day, errors, uow)
    return Log(day, minutes, how, topics, next_day) if day else None


def _read_day(event: Event, pair: Pair | None, errors: dict[str, str]) -> date | None:
    day = read_day(typed(event.values, "day"))
    introduced = pair.introduced_at if pair else None
    introduced_on = introduced.astimezone(ZoneInfo(event.who.time_zone)).date() if introduced else None
    if day is None:
        errors["day"] = _("Please give the day on which you met, for example 31/03/2027.")
    elif day > event.today:
        errors["day"] = _("This day is still to come. Please give the day on which you met.")
    elif introduced_on and day < introduced_on:
        errors["day"] = _("You were introduced on {day}. Please give a day since then.").format(
            day=said_day(introduced_on)
        )
    elif is_too_long_ago(day, event.today):
        errors["day"] = _("Please give a day within the last year.")
    return day


# What is said


def log_form(pairs: list[Pair], subject: str, person: Person, *, today: date) -> Form:
    """A meeting that took place."""
    return Form(
        "log_meeting",
        _("Log a meeting"),
        _("Log it"),
        (
            *dates.pick_pair(pairs, person),
            DateField("day", _("Day"), value=today.isoformat()),
            *_details(Log(today), optional=False),
        ),
        seen_by=_seen_by_both(),
        subject=subject,
        intro=_topics_only(),
    )


def correction_form(meeting: Meeting) -> Form:
    """What is known of a meeting, to be made better. Who logged by one tap need not say how long it was."""
    known = Log(meeting.day, meeting.minutes, meeting.how, meeting.topics)
    return Form(
        "correct_meeting",
        _("Your meeting"),
        _("Save"),
        (
            DateField("day", _("Day"), value=meeting.day.isoformat()),
            *_details(known, optional=meeting.state != "logged" or meeting.minutes is None),
        ),
        seen_by=_seen_by_both(),
        subject=str(meeting.id),
        version=meeting.version,
        intro=_topics_only(),
    )


def _details(known: Log, *, optional: bool) -> tuple[NumberField | PickOne | PickMany | DateField, ...]:
    return (
        NumberField(
            "minutes",
            _("Length in minutes"),
            optional=optional,
            value="" if known.minutes is None else str(known.minutes),
        ),
        PickOne("how", _("How you met"), optional=optional, options=_options(WAYS, WAY_NAMES), value=known.how),
        PickMany(
            "topics",
            _("Topics"),
            help=_("As many as you like, or none."),
            optional=True,
            options=_options(TOPICS, TOPIC_NAMES),
            value=known.topics,
        ),
        DateField(
            "next_day",
            _("Next date"),
            help=_("If you have one. I will ask you both the day after whether you met."),
            optional=True,
        ),
    )


def _options(values: Iterable[str], names: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(Option(value, _(names[value])) for value in values)


def _topics_only() -> str:
    return _("Topics only, please: I never ask what was said.")


def _seen_by_both() -> str:
    return _(
        "Your mentor or mentee sees this. Leads see that a meeting was logged and its date, never topics or length."
    )


def logged(
    meeting: Meeting, pair: Pair, reader: Person, upcoming: Meeting | None, *, was_on: date | None = None
) -> Message:
    """A meeting as it is logged. ``upcoming``: the next one. ``was_on``: the day that it had before a correction."""
    other = pair.other(reader).name
    if was_on is not None:
        said = _("{name} corrected your meeting of {day}.").format(name=other, day=said_day(was_on))
    elif meeting.logged_by == reader.id:
        said = _("Noted: you and {name} met on {day}.").format(name=other, day=said_day(meeting.day))
    else:
        said = _("{name} logged that you two met on {day}.").format(name=other, day=said_day(meeting.day))
    known = meeting.minutes is not None or meeting.how or meeting.topics
    label = _("Correct it") if known else _("Add topics")
    rows = _rows(meeting, upcoming, reader, moved=was_on is not None)
    return Message(
        said,
        (
            Text(said),
            *((Facts(rows),) if rows else ()),
            Buttons(
                (
                    Button(label, "correct_meeting", str(meeting.id), meeting.version, opens=True),
                    Button(
                        _("Change the date") if upcoming else _("Find the next time"),
                        "schedule",
                        str(pair.id),
                        opens=True,
                    ),
                )
            ),
        ),
        _("{name} sees this too. Leads see that a meeting was logged and its date, never topics or length.").format(
            name=other
        ),
    )


def _rows(meeting: Meeting, upcoming: Meeting | None, reader: Person, *, moved: bool) -> tuple[tuple[str, str], ...]:
    """What the first line does not say; it names the day, unless the day is what may have changed."""
    rows = [(_("Day"), said_day(meeting.day))] if moved else []
    if meeting.minutes is not None:
        length = ngettext("{n} minute", "{n} minutes", meeting.minutes).format(n=meeting.minutes)
        rows.append((_("Length"), length))
    if meeting.how:
        rows.append((_("How"), _(WAY_NAMES[meeting.how])))
    if meeting.topics:
        names = (_(TOPIC_NAMES[topic]) for topic in TOPICS if topic in meeting.topics)
        rows.append((_("Topics"), ", ".join(names)))
    if upcoming is not None:
        rows.append((_("Next date"), dates.said_when(upcoming, reader)))
    return tuple(rows)


def not_yet(meeting: Meeting) -> Message:
    """Somebody says that they met on a day to come."""
    said = _("Your meeting is on {day}. I will ask you the day after.").format(day=said_day(meeting.day))
    return Message(said, (Text(said),), _("Only you see this."))


_BY_ONE_TAP = replace(LOGGED, minutes=None, how="", topics=())
_CORRECTED = replace(LOGGED, day=date(2026, 10, 7), version=2)

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "log_form": lambda: log_form([PAIR], str(PAIR.id), MENTEE, today=date(2026, 10, 6)),
    "correction_form": lambda: correction_form(LOGGED),
    "correction_form_after_one_tap": lambda: correction_form(_BY_ONE_TAP),
    "logged_to_who_logged": lambda: logged(LOGGED, PAIR, MENTEE, ARRANGED),
    "logged_to_the_other": lambda: logged(LOGGED, PAIR, MENTOR, ARRANGED),
    "logged_by_one_tap": lambda: logged(_BY_ONE_TAP, PAIR, MENTEE, None),
    "corrected": lambda: logged(_CORRECTED, PAIR, MENTOR, ARRANGED, was_on=LOGGED.day),
    "not_yet": lambda: not_yet(ARRANGED),
}
