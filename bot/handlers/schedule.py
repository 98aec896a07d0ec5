"""Scheduling: one of a pair proposes up to three times, the other picks one or proposes others, and both get the
meeting for their calendars. Whoever agreed on a time elsewhere says so, and it is arranged at once.

A pair has at most one meeting ahead and one open proposal. To propose while a meeting is ahead is to move it: it stays
as it was until a new time is picked, and remains the same event in calendars. Calendars remind of it; the bot does not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.examples import CONTROL, MENTEE, MENTOR, PAIR, SCHEDULED
from bot.flow import Event, Flow, FormErrors, Outcome, Private, ShowForm, Update, UserError
from bot.handlers import dates
from bot.handlers.arranged import (
    USUAL_LENGTH,
    arranged_for,
    details,
    double_booked,
    in_quiet_time,
    is_taken,
    listed,
    meeting_with,
    remarks_on,
    settle,
)
from bot.handlers.not_now import not_now_row
from bot.handlers.welcome import taking_part
from bot.programme.meetings import LONGEST, SHORTEST, is_too_far_ahead
from bot.programme.times import ClockChange, on_the_wall
from bot.reading import about, id_in, ids_about, picked, read_day, read_line, read_number, read_time, typed
from bot.texts import _, marked, said_day, said_moment, said_time
from bot.ui import (
    AnyField,
    Bullets,
    Button,
    Buttons,
    DateField,
    Form,
    Message,
    NumberField,
    Option,
    PickMany,
    Text,
    TextField,
    TimeField,
)
from storage.pairs import OPEN
from storage.places import dm
from storage.records import Due, Meeting, NotThere, Pair, Person, Proposal
from storage.unit_of_work import UnitOfWork

flow = Flow("schedule")

MOST_TIMES = 3
LONGEST_PLACE = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody filled in. ``agreed``: the two have settled on the only time already."""

    times: tuple[datetime, ...]
    minutes: int
    place: str
    agreed: bool


@flow.command("schedule", help=marked("Find a time with your mentor or mentee"))
@flow.button("schedule")
def open_form(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form; for a meeting that is arranged, with its length and place."""
    return ShowForm(_form_for(event, uow)[0], "schedule", event.subject)


@flow.form("schedule")
def propose(event: Event, uow: UnitOfWork) -> Outcome:
    """Propose times to the other, instead of any that are open; or arrange what the two have agreed."""
    form, pairs = _form_for(event, uow)
    errors: dict[str, str] = {}
    pair = dates.chosen_pair(event.values, pairs, errors)
    offer = _read_offer(event, pair, errors, uow)
    if errors or pair is None:
        raise FormErrors(errors, form)
    if proposal := uow.proposals.open_of(pair.id):
        _close(proposal, pair, "superseded", uow)
    if offer.agreed:
        return Private(settle(pair, offer.times[0], event, uow, minutes=offer.minutes, place=offer.place))
    proposal = uow.proposals.add(pair.id, event.who.id, offer.times, minutes=offer.minutes, place=offer.place)
    other = pair.other(event.who)
    for person in pair.people:
        dates.stop_looking(pair, person, uow)
    uow.outbox.add(
        to=dm(other),
        key=f"{_card_keys(proposal)}first",
        message=_card(proposal, pair, other, event.at, uow),
        useful_until=max(proposal.times),
    )
    return Private(_card(proposal, pair, event.who, event.at, uow))


@flow.job("pick_a_time")
def ask_again(due: Due, uow: UnitOfWork) -> None:
    """Ask somebody who put it off once more, while there is still a time to pick."""
    proposal_id, person_id = ids_about(due.subject)
    try:
        proposal = uow.proposals.for_person(person_id, proposal_id)
    except NotThere:
        return  # put off by a button that was made up
    if proposal.state == "open" and proposal.by_id != person_id and max(proposal.times) > uow.now:
        pair, person = uow.pairs.get(proposal.pair_id), uow.people.get(person_id)
        uow.outbox.add(
            to=dm(person),
            key=f"{_card_keys(proposal)}{due.due_at:%Y-%m-%d}",
            message=_card(proposal, pair, person, uow.now, uow),
            useful_until=max(proposal.times),
        )


def how_it_stands(event: Event, uow: UnitOfWork) -> Outcome:
    """What has become of a proposal."""
    proposal, pair = _proposal_of(event, uow)
    planned = dates.upcoming(pair, event, uow)
    if proposal.state == "picked" and planned is not None and planned.starts_at in proposal.times:
        return Update(arranged_for(event.who, planned, pair, uow))
    return Update(_card(proposal, pair, event.who, event.at, uow))


@flow.button("pick_time", again=how_it_stands)
def pick(event: Event, uow: UnitOfWork) -> Outcome:
    """Pick one of the times: the meeting is arranged, or moved to it."""
    proposal, pair = _proposal_of(event, uow)
    number = ids_about(event.subject)[1]
    if not 1 <= number <= len(proposal.times):
        raise NotThere("no such time")
    starts_at = proposal.times[number - 1]
    if proposal.by_id == event.who.id:
        raise UserError(yours_to_wait_for(pair.other(event.who)))
    if pair.state not in OPEN:
        raise NotThere("the pair has ended")
    if proposal.state != "open":
        return how_it_stands(event, uow)
    if starts_at <= event.at:
        raise UserError(time_is_past(starts_at, pair, event.who))
    if is_taken(starts_at, pair, event, uow):
        raise UserError(day_is_taken(starts_at, pair, event.who))
    if not _close(proposal, pair, "picked", uow):
        return how_it_stands(event, uow)
    return Update(settle(pair, starts_at, event, uow, minutes=proposal.minutes, place=proposal.place))


@flow.button("withdraw_times", again=how_it_stands)
def withdraw(event: Event, uow: UnitOfWork) -> Outcome:
    """Take one's own proposal back."""
    proposal, pair = _proposal_of(event, uow)
    if proposal.by_id != event.who.id:
        raise NotThere("not this person's proposal")
    _close(proposal, pair, "withdrawn", uow)
    return how_it_stands(event, uow)


# What other conversations need of it


def stop(pair: Pair, uow: UnitOfWork) -> None:
    """The pair has ended: there is nothing to pick from any more."""
    if proposal := uow.proposals.open_of(pair.id):
        _close(proposal, pair, "superseded", uow)
        asked = next(person for person in pair.people if person.id != proposal.by_id)
        if card := uow.outbox.newest(dm(asked), _card_keys(proposal)):
            uow.outbox.replace(card, pair_has_ended(), place=dm(asked))


# Doing


def _form_for(event: Event, uow: UnitOfWork) -> tuple[Form, list[Pair]]:
    pairs, subject = dates.choice_of_pairs(event, uow)
    planned = dates.upcoming(pairs[0], event, uow) if len(pairs) == 1 else None
    return schedule_form(pairs, subject, event.who, planned), pairs


def _proposal_of(event: Event, uow: UnitOfWork) -> tuple[Proposal, Pair]:
    """The proposal that a button is about, and its pair. Raises NotThere for anybody else's."""
    taking_part(event, uow)
    proposal_id = id_in(event.subject.partition("-")[0])
    proposal = uow.proposals.for_person(event.who.id, proposal_id)
    return proposal, uow.pairs.get(proposal.pair_id)


def _close(proposal: Proposal, pair: Pair, state: str, uow: UnitOfWork) -> bool:
    """Close a proposal, and the card that asked about it; whether it was still open."""
    if not uow.proposals.close(proposal.id, state):
        return False
    asked = next(person for person in pair.people if person.id != proposal.by_id)
    uow.due.drop("pick_a_time", about(proposal.id, asked.id))
    if card := uow.outbox.newest(dm(asked), _card_keys(proposal)):
        uow.outbox.withdraw(card)
        closed = no_longer_open(replace(proposal, state=state), pair, asked)
        uow.outbox.replace(card, closed, place=dm(asked))
    return True


def _card_keys(proposal: Proposal) -> str:
    return f"times:{proposal.id}:"


# Reading


def _read_offer(event: Event, pair: Pair | None, errors: dict[str, str], uow: UnitOfWork) -> Offer:
    """What was filled in; what cannot be taken is noted in ``errors``."""
    times: list[datetime] = []
    for number in range(1, MOST_TIMES + 1):
        at = _read_moment(event, number, errors)
        if at is None:
            continue
        if at in times:
            errors[f"time_{number}"] = _("You have given this time already.")
        if pair is not None and is_taken(at, pair, event, uow):
            errors[f"day_{number}"] = _("You two have a meeting on that day already. Please give another day.")
        times.append(at)
    minutes = read_number(typed(event.values, "minutes"))
    if minutes is None or not SHORTEST <= minutes <= LONGEST:
        errors["minutes"] = _("Please give a number of minutes from {shortest} to {longest}.").format(
            shortest=SHORTEST, longest=LONGEST
        )
    place = read_line(typed(event.values, "place"))
    if len(place) > LONGEST_PLACE:
        errors["place"] = _("Please use at most {most} characters.").format(most=LONGEST_PLACE)
    agreed = bool(picked(event.values, "agreed"))
    if agreed and len(times) > 1:
        errors["agreed"] = _("You have given more than one time. Please give the one that you agreed, or untick this.")
    return Offer(tuple(times), minutes or USUAL_LENGTH, place, agreed)


def _read_moment(event: Event, number: int, errors: dict[str, str]) -> datetime | None:
    """One of the times; None where there is none. Only the first must be given."""
    day_field, time_field = f"day_{number}", f"time_{number}"
    given = typed(event.values, day_field), typed(event.values, time_field)
    if number > 1 and not any(given):
        return None
    day, at = read_day(given[0]), read_time(given[1])
    if day is None:
        errors[day_field] = _("Please give a day, for example 31/03/2027.")
    elif day < event.today:
        errors[day_field] = _("This day is past. Please give a day to come.")
    elif is_too_far_ahead(day, event.today):
        errors[day_field] = _("Please give a day within the next year.")
    if at is None:
        errors[time_field] = _("Please give a time of day, for example 17:30.")
    if day is None or at is None or day_field in errors:
        return None
    moment = on_the_wall(day, at, ZoneInfo(event.who.time_zone))
    if isinstance(moment, ClockChange):
        errors[time_field] = about_the_clocks(moment)
        return None
    if moment <= event.at:
        errors[time_field] = _("This time is past. Please give a time to come.")
    return moment


def about_the_clocks(change: ClockChange) -> str:
    """What is wrong with a time of day that does not exist, or comes twice."""
    begins, ends = said_time(change.begins.time()), said_time(change.ends.time())
    if change.comes_twice:
        said = _(
            "The clocks go back that night, and this time comes twice. Please give one before {begins}, or {ends} or "
            "later."
        )
    else:
        said = _(
            "The clocks go forward that night, and this time does not exist. Please give one before {begins}, or "
            "{ends} or later."
        )
    return said.format(begins=begins, ends=ends)


# What is said


def schedule_form(pairs: list[Pair], subject: str, person: Person, planned: Meeting | None) -> Form:
    """Up to three times, how long and where. ``planned``: the meeting that is to be moved, if there is one."""
    fields: list[AnyField] = [*dates.pick_pair(pairs, person)]
    for number, label in enumerate((_("First time"), _("Second time"), _("Third time")), start=1):
        day = _("{time}: day").format(time=label)
        at = _("{time}: time of day").format(time=label)
        zone = _("In your own time zone: {zone}.").format(zone=person.time_zone) if number == 1 else ""
        fields.append(DateField(f"day_{number}", day, optional=number > 1))
        fields.append(TimeField(f"time_{number}", at, help=zone, optional=number > 1))
    timed = planned if planned is not None and planned.starts_at is not None else None
    minutes = timed.minutes if timed and timed.minutes else USUAL_LENGTH
    fields += [
        NumberField("minutes", _("Length in minutes"), value=str(minutes)),
        TextField(
            "place",
            _("Place or link"),
            help=_("Where you meet, or the link of a video call. No patient details, please."),
            optional=True,
            value=timed.place if timed else "",
            max_length=LONGEST_PLACE,
        ),
        PickMany(
            "agreed",
            _("Agreed already?"),
            optional=True,
            options=(Option("yes", _("We have agreed on the first time; arrange it")),),
        ),
    ]
    moving = timed is not None and timed.starts_at is not None
    return Form(
        "schedule",
        _("Move the meeting") if moving else _("Find a time"),
        _("Propose"),
        tuple(fields),
        seen_by=_("The two of you see this. Leads do not."),
        subject=subject,
        intro=_("The meeting stays as it is until a new time is picked.")
        if moving
        else _("Propose one to three times. The other one picks, and you both get the meeting for your calendars."),
    )


def _card(proposal: Proposal, pair: Pair, reader: Person, now: datetime, uow: UnitOfWork) -> Message:
    """A proposal as it stands for this reader."""
    if proposal.state != "open":
        return no_longer_open(proposal, pair, reader)
    times = [at for at in proposal.times if at > now]
    remarks = remarks_on(reader, times, proposal.minutes, pair, uow)
    if proposal.by_id == reader.id:
        return your_times(proposal, pair, reader, remarks)
    return pick_a_time(proposal, pair, reader, now, remarks)


def pick_a_time(proposal: Proposal, pair: Pair, reader: Person, now: datetime, remarks: Sequence[str] = ()) -> Message:
    """Which of these times? To the one who is asked. ``remarks``: what the reader should know of them."""
    name = pair.other(reader).name
    said = _("{name} proposes a time for your meeting. Which one suits you?").format(name=name)
    return Message(
        said,
        (
            Text(said),
            *details(proposal.minutes, proposal.place),
            *listed(remarks),
            Buttons((*time_buttons(proposal, reader, now), none_of_these(pair))),
            *not_now_row("pick_a_time", about(proposal.id, reader.id)),
        ),
        _("{name} sees what you pick. Leads do not.").format(name=name),
    )


def time_buttons(proposal: Proposal, reader: Person, now: datetime) -> tuple[Button, ...]:
    """A button for each of the times that are still to come, in the reader's own zone."""
    zone = ZoneInfo(reader.time_zone)
    return tuple(
        Button(said_moment(at, zone), "pick_time", about(proposal.id, number), primary=True)
        for number, at in enumerate(proposal.times, start=1)
        if at > now
    )


def none_of_these(pair: Pair) -> Button:
    """The button for who would rather propose times than pick one."""
    return Button(_("None of these: propose others"), "schedule", str(pair.id), opens=True)


def your_choices(proposal: Proposal, pair: Pair) -> tuple[Button, ...]:
    """What can be done with one's own proposal."""
    return (
        Button(_("Propose others"), "schedule", str(pair.id), opens=True),
        Button(_("Withdraw it"), "withdraw_times", str(proposal.id)),
    )


def your_times(proposal: Proposal, pair: Pair, reader: Person, remarks: Sequence[str] = ()) -> Message:
    """The times are proposed: to the one who did."""
    name = pair.other(reader).name
    zone = ZoneInfo(reader.time_zone)
    said = _("I am asking {name} to pick a time.").format(name=name)
    return Message(
        said,
        (
            Text(said),
            Bullets(tuple(said_moment(at, zone) for at in proposal.times)),
            *details(proposal.minutes, proposal.place),
            *listed(remarks),
            Buttons(your_choices(proposal, pair)),
        ),
        _("{name} sees these times. Leads do not.").format(name=name),
    )


def no_longer_open(proposal: Proposal, pair: Pair, reader: Person) -> Message:
    """A proposal that nobody can pick from any more."""
    name = pair.other(reader).name
    mine = proposal.by_id == reader.id
    match proposal.state, mine:
        case "withdrawn", True:
            said = _("You took these times back; {name} can no longer pick one.").format(name=name)
        case "withdrawn", False:
            said = _("{name} took these times back. Nothing has changed.").format(name=name)
        case "superseded", _mine:
            said = _("Other times were proposed after these.")
        case _picked:
            said = _("A time was picked already.")
    return Message(
        said,
        (Text(said), Buttons((dates.find_a_time(pair),))),
        _("The two of you see this. Leads do not."),
    )


def pair_has_ended() -> Message:
    """In place of times, after the end of the pair."""
    said = _("There is nothing to pick any more: your pair has ended.")
    return Message(said, (Text(said),), _("Only you see this."))


def yours_to_wait_for(other: Person) -> Message:
    """Somebody picks from their own proposal."""
    said = _("You proposed these times, so {name} picks one. I will tell you.").format(name=other.name)
    return Message(said, (Text(said),), _("Only you see this."))


def time_is_past(starts_at: datetime, pair: Pair, reader: Person) -> Message:
    """A time was picked too late."""
    said = _("{moment} is past, so nothing is arranged.").format(
        moment=said_moment(starts_at, ZoneInfo(reader.time_zone))
    )
    return Message(said, (Text(said), Buttons((dates.find_a_time(pair),))), _("Only you see this."))


def day_is_taken(starts_at: datetime, pair: Pair, reader: Person) -> Message:
    """A time was picked on a day on which the two have met."""
    day = starts_at.astimezone(ZoneInfo(reader.time_zone)).date()
    said = _("You two have another meeting on {day}, so nothing is arranged.").format(day=said_day(day))
    return Message(said, (Text(said), Buttons((dates.find_a_time(pair),))), _("Only you see this."))


_NOW = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
_TIMES = tuple(datetime(2026, 11, day, hour, 30, tzinfo=UTC) for day, hour in ((17, 17), (19, 8), (21, 10)))
_PROPOSAL = Proposal(31, PAIR.id, MENTOR.id, "open", 45, "Café by the main entrance", _TIMES)
_ONE = replace(_PROPOSAL, times=_TIMES[:1], place="")


def _remarks() -> tuple[str, ...]:
    return double_booked(_TIMES[0], MENTEE, meeting_with(CONTROL.name)), in_quiet_time(_TIMES[2], MENTEE)


def _closed(state: str, reader: Person) -> Message:
    return no_longer_open(replace(_PROPOSAL, state=state), PAIR, reader)


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "schedule_form": lambda: schedule_form([PAIR], str(PAIR.id), MENTOR, None),
    "form_to_move": lambda: schedule_form([PAIR], str(PAIR.id), MENTOR, SCHEDULED),
    "pick_a_time": lambda: pick_a_time(_PROPOSAL, PAIR, MENTEE, _NOW, _remarks()),
    "pick_the_only_time": lambda: pick_a_time(_ONE, PAIR, MENTEE, _NOW),
    "your_times": lambda: your_times(_PROPOSAL, PAIR, MENTOR, _remarks()[1:]),
    "withdrawn_by_you": lambda: _closed("withdrawn", MENTOR),
    "withdrawn_by_the_other": lambda: _closed("withdrawn", MENTEE),
    "superseded": lambda: _closed("superseded", MENTEE),
    "picked_already": lambda: _closed("picked", MENTEE),
    "pair_has_ended": pair_has_ended,
    "yours_to_wait_for": lambda: yours_to_wait_for(MENTEE),
    "time_is_past": lambda: time_is_past(_TIMES[0], PAIR, MENTEE),
    "day_is_taken": lambda: day_is_taken(_TIMES[0], PAIR, MENTEE),
}
