"""Sessions of Action Learning Sets at another time or place, cancelled or added: by the facilitator, or by a lead. The
members are told, and calendars follow, since it stays the same event. With another time everybody is asked anew.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.examples import LEAD, LEARNING_SET, MENTOR, SESSION
from bot.flow import Event, Flow, FormErrors, Outcome, Private, ShowForm, UserError
from bot.handlers import als
from bot.handlers.arranged import details
from bot.handlers.leads import leads_now
from bot.handlers.leads_change import tell_the_others
from bot.handlers.pause import quiet_of
from bot.handlers.schedule import LONGEST_PLACE, about_the_clocks
from bot.programme import sets
from bot.programme.meetings import is_too_far_ahead
from bot.programme.times import ClockChange, on_the_wall
from bot.reading import id_in, read_day, read_line, read_number, read_time, typed
from bot.texts import _
from bot.ui import (
    AnyField,
    Block,
    Button,
    Buttons,
    DateField,
    Form,
    Link,
    Message,
    NumberField,
    Option,
    PickOne,
    Text,
    TextField,
    TimeField,
)
from storage.places import dm
from storage.records import LearningSet, NotThere, Person, Session
from storage.unit_of_work import UnitOfWork

flow = Flow("als_change")

USUAL_LENGTH = 120
"""Minutes."""


@dataclass(frozen=True, slots=True)
class Terms:
    """When a session begins, how long it is and where."""

    starts_at: datetime
    minutes: int
    place: str


@flow.button("als_change", leads=True)
def open_change(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form with what is known of a session to come."""
    session = _session_to_change(event, uow)
    return ShowForm(change_form(session, event.who), "als_change", event.subject)


@flow.form("als_change", leads=True)
def change(event: Event, uow: UnitOfWork) -> Outcome:
    """Change or cancel a session, and tell everybody whom it concerns."""
    before = _session_to_change(event, uow)
    form = change_form(before, event.who)
    if event.version != before.sequence:
        raise UserError(changed_meanwhile(before, event.who))
    if typed(event.values, "state") == "cancelled":
        return _cancel(before, event, uow)
    terms = _read_terms(event, before.learning_set, form, uow, but=before)
    if terms == Terms(before.starts_at, before.minutes, before.place):
        return Private(as_it_was(before, event.who))
    session = uow.sets.change_session(before.id, terms.starts_at, terms.minutes, terms.place)
    tell_of_change(before, session, event.who, uow)
    _tell_leads(session, event, uow)
    return Private(changed_by_you(session, event.who, als.in_calendar(session, uow)))


@flow.button("als_add", leads=True)
def open_addition(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form for another session of a set."""
    return ShowForm(addition_form(_set_to_change(event, uow), event.who), "als_add", event.subject)


@flow.form("als_add", leads=True)
def add(event: Event, uow: UnitOfWork) -> Outcome:
    """Plan another session; its members are asked to it in good time."""
    learning_set = _set_to_change(event, uow)
    terms = _read_terms(event, learning_set, addition_form(learning_set, event.who), uow)
    session = uow.sets.add_session(learning_set.id, terms.starts_at, terms.minutes, terms.place)
    als.plan(session, uow)
    _tell_leads(session, event, uow)
    return Private(changed_by_you(session, event.who, als.in_calendar(session, uow)))


# Doing


def _set_to_change(event: Event, uow: UnitOfWork) -> LearningSet:
    """A set, for its facilitator and for leads. Raises NotThere for anybody else."""
    learning_set = uow.sets.get(id_in(event.subject))
    if learning_set.facilitator.id != event.who.id and not leads_now(event, uow):
        raise NotThere("no set that this person may change")
    return learning_set


def _session_to_change(event: Event, uow: UnitOfWork) -> Session:
    """A session to come, for its facilitator and for leads. Raises NotThere for anybody else, UserError for a session
    that is over or cancelled."""
    session = uow.sets.session(id_in(event.subject))
    if session.learning_set.facilitator.id != event.who.id and not leads_now(event, uow):
        raise NotThere("no session that this person may change")
    if not als.is_to_come(session, uow):
        raise UserError(too_late(session, event.who))
    return session


def _cancel(before: Session, event: Event, uow: UnitOfWork) -> Outcome:
    session = uow.sets.cancel_session(before.id)
    tell_of_change(before, session, event.who, uow)
    _tell_leads(session, event, uow)
    return Private(als.cancelled(session, event.who, link=als.in_calendar(session, uow)))


def _tell_leads(session: Session, event: Event, uow: UnitOfWork) -> None:
    """Tell the other leads what a lead has done; what a facilitator does is for the set alone."""
    if session.learning_set.facilitator.id != event.who.id:
        programme = uow.programmes.get(session.learning_set.programme_id)
        name, when = session.learning_set.name, als.when(session, event.who)
        if session.state == "cancelled":
            said = _("The session of {name} on {when} is cancelled.").format(name=name, when=when)
        else:
            said = _("{name} meets on {when}.").format(name=name, when=when)
        tell_the_others(event, programme, said, uow)


def tell_of_change(before: Session, session: Session, by: Person | None, uow: UnitOfWork) -> None:
    """Tell members and facilitator of another time or place or a cancellation, but not the one who changed it; have
    everybody asked anew where the time is another. ``by``: None where it was changed by a file."""
    for member in uow.sets.members(session.learning_set.id):
        _tell_member(before, session, member, uow)
    facilitator = session.learning_set.facilitator
    if by is None or by.id != facilitator.id:
        link = als.in_calendar(session, uow)
        if session.state == "cancelled":
            message = als.cancelled(session, facilitator, link=link)
        else:
            message = changed_by_a_lead(session, link)
        als.send(als.change_for_facilitator(session), message, session, facilitator, uow)
    if session.version != before.version or session.state == "cancelled":
        als.drop_plans(before, uow)
        als.plan(session, uow)


def _tell_member(before: Session, session: Session, member: Person, uow: UnitOfWork) -> None:
    """Tell a member, and let older cards show how things stand. Who has not been asked to a session yet hears of its
    place with the invitation; news of another time within the week before a session is the invitation."""
    if session.version == before.version and session.state == "planned":
        _tell_of_place(before, session, member, uow)
        return
    link = als.in_calendar(session, uow)
    key = als.change_key(session, member)
    if session.state == "cancelled":
        message = older = als.cancelled(session, member, link=link)
    else:
        message, older = moved(before, session, member, link), moved_away(before, session, member)
        if sets.invited_at(session.starts_at, quiet_of(member, uow)) <= uow.now:
            key = als.invitation_key(session, member)
    als.take_back(before, member, older, uow)
    als.send(key, message, session, member, uow)


def _tell_of_place(before: Session, session: Session, member: Person, uow: UnitOfWork) -> None:
    asked = als.invitation_key(session, member)
    knows = uow.outbox.newest(dm(member), asked) is not None and not uow.outbox.waits(dm(member), asked)
    answer = uow.sets.answer_of(session, member)
    uow.outbox.withdraw(als.change_key(before, member))
    als.show_answer(session, member, answer, uow)
    if knows:
        message = elsewhere(session, member, answer, als.in_calendar(session, uow))
        als.send(als.change_key(session, member), message, session, member, uow)


# Reading


def _read_terms(
    event: Event, learning_set: LearningSet, form: Form, uow: UnitOfWork, *, but: Session | None = None
) -> Terms:
    """What was filled in. ``but``: the session that is changed. Raises FormErrors for what cannot be taken."""
    errors: dict[str, str] = {}
    starts_at = _read_start(event, errors)
    minutes = read_number(typed(event.values, "minutes"))
    if minutes is None or not sets.SHORTEST <= minutes <= sets.LONGEST:
        errors["minutes"] = _("Please give a number of minutes from {shortest} to {longest}.").format(
            shortest=sets.SHORTEST, longest=sets.LONGEST
        )
    place = read_line(typed(event.values, "place"))
    if len(place) > LONGEST_PLACE:
        errors["place"] = _("Please use at most {most} characters.").format(most=LONGEST_PLACE)
    if starts_at and minutes and not errors:
        engaged = _engaged_then(learning_set, starts_at, minutes, but, uow)
        if engaged:
            errors["time"] = _(
                "At that time another session is planned for: {names}. Please give another time."
            ).format(names=", ".join(engaged))
    if errors or starts_at is None or minutes is None:
        raise FormErrors(errors, form)
    return Terms(starts_at, minutes, place)


def _read_start(event: Event, errors: dict[str, str]) -> datetime | None:
    """The moment that was given; None, and errors, where there is none."""
    day, at = read_day(typed(event.values, "day")), read_time(typed(event.values, "time"))
    if day is None:
        errors["day"] = _("Please give a day, for example 31/03/2027.")
    elif day < event.today:
        errors["day"] = _("This day is past. Please give a day to come.")
    elif is_too_far_ahead(day, event.today):
        errors["day"] = _("Please give a day within the next year.")
    if at is None:
        errors["time"] = _("Please give a time of day, for example 17:30.")
    if day is None or at is None or errors:
        return None
    moment = on_the_wall(day, at, ZoneInfo(event.who.time_zone))
    if isinstance(moment, ClockChange):
        errors["time"] = about_the_clocks(moment)
        return None
    if moment <= event.at:
        errors["time"] = _("This time is past. Please give a time to come.")
    return moment


def _engaged_then(
    learning_set: LearningSet, starts_at: datetime, minutes: int, but: Session | None, uow: UnitOfWork
) -> list[str]:
    """The names of those of a set who would have to be in two sessions at once."""
    span = (starts_at, starts_at + timedelta(minutes=minutes))
    people = (learning_set.facilitator, *uow.sets.members(learning_set.id))
    return [
        person.name
        for person in people
        if sets.clash(
            span,
            ((s.starts_at, s.ends_at) for s in uow.sets.engaged(person.id) if but is None or s.id != but.id),
        )
    ]


# What is said


def change_form(session: Session, reader: Person) -> Form:
    """A session as it is planned, to be changed or cancelled."""
    takes_place = PickOne(
        "state",
        _("The session"),
        options=(Option("planned", _("takes place, as below")), Option("cancelled", _("is cancelled"))),
        value="planned",
    )
    return Form(
        "als_change",
        _("Change or cancel"),
        _("Save"),
        (takes_place, *_fields(session.starts_at, session.minutes, session.place, reader)),
        seen_by=_("Members and facilitator of the set are told what changes. Leads see it too."),
        subject=str(session.id),
        version=session.sequence,
        intro=_("{name}, {when}").format(name=session.learning_set.name, when=als.when(session, reader)),
    )


def addition_form(learning_set: LearningSet, reader: Person) -> Form:
    """Another session of a set."""
    return Form(
        "als_add",
        _("Add a session"),
        _("Save"),
        _fields(None, USUAL_LENGTH, "", reader),
        seen_by=_("Members and facilitator of the set see it. Leads see it too."),
        subject=str(learning_set.id),
        intro=_("Members of {name} are asked a week before, and reminded the day before.").format(
            name=learning_set.name
        ),
    )


def _fields(starts_at: datetime | None, minutes: int, place: str, reader: Person) -> tuple[AnyField, ...]:
    local = starts_at.astimezone(ZoneInfo(reader.time_zone)) if starts_at else None
    return (
        DateField("day", _("Day"), value=f"{local:%Y-%m-%d}" if local else ""),
        TimeField(
            "time",
            _("Begins at"),
            help=_("In your own time zone: {zone}.").format(zone=reader.time_zone),
            value=f"{local:%H:%M}" if local else "",
        ),
        NumberField("minutes", _("Length in minutes"), value=str(minutes)),
        TextField(
            "place",
            _("Place or link"),
            help=_("Members read it with the invitation. Where you meet, or the link of a video call."),
            optional=True,
            value=place,
            max_length=LONGEST_PLACE,
        ),
    )


def moved(before: Session, session: Session, member: Person, link: Link | None) -> Message:
    """To a member: the session is at another time. Will they come?"""
    said = _("The session of {name} is now on {when}, instead of {before}.").format(
        name=session.learning_set.name, when=als.when(session, member), before=als.when(before, member)
    )
    return Message(
        said,
        (
            Text(said),
            *details(session.minutes, session.place),
            *als.answer_buttons(session, ""),
            *((link,) if link else ()),
        ),
        als.seen_by(session),
    )


def moved_away(before: Session, session: Session, member: Person) -> Message:
    """On older cards of a session that has moved."""
    said = _("The session of {name} on {before} has moved to {when}.").format(
        name=session.learning_set.name, when=als.when(session, member), before=als.when(before, member)
    )
    return Message(said, (Text(said), als.to_the_set()), _("Everybody in the set gets this."))


def elsewhere(session: Session, member: Person, answer: str, link: Link | None) -> Message:
    """To a member: the session is at another place, or shorter or longer. Their answer stays."""
    said = _("The session of {name} on {when} has changed: please note its length and place.").format(
        name=session.learning_set.name, when=als.when(session, member)
    )
    return Message(
        said,
        (
            Text(said),
            *details(session.minutes, session.place),
            *als.answer_buttons(session, answer),
            *((link,) if link else ()),
        ),
        als.seen_by(session),
    )


def changed_by_a_lead(session: Session, link: Link | None) -> Message:
    """To the facilitator, who did not change it."""
    said = _("A lead has changed the session of {name}. It is on {when}.").format(
        name=session.learning_set.name, when=als.when(session, session.learning_set.facilitator)
    )
    return _as_planned(said, session, link)


def changed_by_you(session: Session, reader: Person, link: Link | None) -> Message:
    """To the one who changed or added a session."""
    said = _("Noted: {name} meets on {when}.").format(name=session.learning_set.name, when=als.when(session, reader))
    return _as_planned(said, session, link, Text(_("The members hear of it from me.")))


def _as_planned(said: str, session: Session, link: Link | None, *more: Block) -> Message:
    return Message(
        said,
        (
            Text(said),
            *details(session.minutes, session.place),
            *more,
            *((link,) if link else ()),
            Buttons((change_button(session),)),
        ),
        _("Members, facilitator and leads see when and where a set meets."),
    )


def as_it_was(session: Session, reader: Person) -> Message:
    """The form was sent without any change."""
    said = _("Nothing has changed: {name} meets on {when}.").format(
        name=session.learning_set.name, when=als.when(session, reader)
    )
    return Message(said, (Text(said), Buttons((change_button(session),))), _("Only you see this."))


def changed_meanwhile(session: Session, reader: Person) -> Message:
    """Somebody else changed the session while the form was open."""
    said = _("Somebody else has just changed this session. It is now on {when}.").format(when=als.when(session, reader))
    return Message(said, (Text(said), Buttons((change_button(session),))), _("Only you see this."))


def too_late(session: Session, reader: Person) -> Message:
    """A session that cannot be changed any more."""
    if session.state == "cancelled":
        said = _("The session of {name} on {when} is cancelled already. Nothing has changed.")
    else:
        said = _("The session of {name} on {when} has begun or is over. Nothing has changed.")
    said = said.format(name=session.learning_set.name, when=als.when(session, reader))
    return Message(said, (Text(said),), _("Only you see this."))


def change_button(session: Session) -> Button:
    """Opens the form for a session to come."""
    return Button(_("Change or cancel"), "als_change", str(session.id), opens=True)


def add_button(learning_set: LearningSet) -> Button:
    """Opens the form for another session of a set."""
    return Button(_("Add a session"), "als_add", str(learning_set.id), opens=True)


_LATER = replace(SESSION, starts_at=datetime(2026, 11, 25, 14, 0, tzinfo=UTC), sequence=1, version=2)


def _update() -> Link:
    return Link(_("Update your calendar"), "https://mentoring.westmarch.example/files/bF2uK1xq0mZ7aW9dRt4sYw")


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "change_form": lambda: change_form(SESSION, LEAD),
    "addition_form": lambda: addition_form(LEARNING_SET, LEAD),
    "moved": lambda: moved(SESSION, _LATER, MENTOR, _update()),
    "moved_away": lambda: moved_away(SESSION, _LATER, MENTOR),
    "elsewhere": lambda: elsewhere(replace(SESSION, sequence=1), MENTOR, "yes", _update()),
    "changed_by_a_lead": lambda: changed_by_a_lead(_LATER, _update()),
    "changed_by_you": lambda: changed_by_you(_LATER, LEAD, _update()),
    "as_it_was": lambda: as_it_was(SESSION, LEAD),
    "changed_meanwhile": lambda: changed_meanwhile(_LATER, LEAD),
    "too_late": lambda: too_late(SESSION, LEAD),
    "too_late_cancelled": lambda: too_late(replace(SESSION, state="cancelled"), LEAD),
}
