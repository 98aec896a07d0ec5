"""Pause: everybody says when the bot is to leave them in peace. Not now, leave, quiet hours, days without messages and
bank holidays are on one card, with buttons for three days and two weeks and a form for the rest.

What is set here holds for whatever the bot starts by itself, also in group chats; answers still come at once. Reasons
are neither asked nor stored, and leads see nothing of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from bot.examples import LEAD, MENTEE
from bot.flow import Event, Flow, FormErrors, Outcome, Private, ShowForm, Update
from bot.programme.quiet import Leave, Quiet
from bot.reading import picked, read_day, typed
from bot.texts import _, marked, said_day, said_time
from bot.ui import Block, Button, Buttons, DateField, Facts, Form, Message, Option, PickMany, PickOne, Text, Values
from storage import places
from storage.records import NotThere, Person
from storage.unit_of_work import UnitOfWork

flow = Flow("pause")

SPANS = ("3", "14")
"""The days that the buttons offer."""

FURTHEST = timedelta(days=365)
SHOWN = 6
"""Leaves on the card: as many as a row has buttons to cancel them."""

NO_HOURS = "none"
NATIONS = {
    "ENG": marked("England"),
    "WLS": marked("Wales"),
    "SCT": marked("Scotland"),
    "NIR": marked("Northern Ireland"),
}
WEEKDAYS = {
    "0": marked("Monday"),
    "1": marked("Tuesday"),
    "2": marked("Wednesday"),
    "3": marked("Thursday"),
    "4": marked("Friday"),
    "5": marked("Saturday"),
    "6": marked("Sunday"),
}


@flow.command("pause", help=marked("Not now: leave, quiet hours, days without messages"))
@flow.button("pause")
def show(event: Event, uow: UnitOfWork) -> Outcome:
    """Show what holds now."""
    return Private(_how_it_stands(event, uow))


def show_again(event: Event, uow: UnitOfWork) -> Outcome:
    """Show what holds now, on the card that was tapped."""
    return Update(_how_it_stands(event, uow))


# Without ``again``: on Teams a pause that is entered, ended and entered once more looks like the first one. To do
# either twice changes nothing.
@flow.button("pause_for")
def pause_for(event: Event, uow: UnitOfWork) -> Outcome:
    """Leave the person in peace for some days, beginning with today."""
    if event.subject not in SPANS:
        raise NotThere("no such span")
    last = event.today + timedelta(days=int(event.subject) - 1)
    uow.leave.add(event.who.id, event.today, last, today=event.today)
    return show_again(event, uow)


@flow.button("pause_end")
def end_leave(event: Event, uow: UnitOfWork) -> Outcome:
    """The person is back, or is not going away: what waits for the end of this leave may come now."""
    first = read_day(event.subject)
    if first is None:
        raise NotThere("no such leave")
    uow.leave.cancel(event.who.id, first, today=event.today)
    _look_again(event.who, uow)
    return show_again(event, uow)


@flow.button("pause_form")
def open_form(event: Event, _uow: UnitOfWork) -> Outcome:
    """Show the form."""
    return ShowForm(pause_form(event.who), "pause_form")


@flow.form("pause", again=show)
def save(event: Event, uow: UnitOfWork) -> Outcome:
    """Keep what was chosen from now on."""
    errors: dict[str, str] = {}
    away = _read_leave(event, errors)
    hours = _read_hours(event.values, errors)
    days = "".join(day for day in WEEKDAYS if day in picked(event.values, "no_send_days"))
    if len(days) == len(WEEKDAYS):
        errors["no_send_days"] = _("Please leave at least one day on which I may write.")
    region = typed(event.values, "region")
    if region not in NATIONS:
        errors["region"] = _("Please pick one of the four.")
    if errors or hours is None:
        raise FormErrors(errors, pause_form(event.who))
    uow.people.set_quiet_time(event.who.id, quiet_from=hours[0], quiet_until=hours[1], no_send_days=days, region=region)
    if away is not None:
        uow.leave.add(event.who.id, *away, today=event.today)
    _look_again(event.who, uow)
    return Private(_how_it_stands(event, uow))


def _read_leave(event: Event, errors: dict[str, str]) -> Leave | None:
    """The leave that was entered; None, perhaps with errors, where there is none. It begins today if that is left
    open."""
    given = {name: typed(event.values, name) for name in ("leave_from", "leave_until")}
    if not any(given.values()):
        return None
    days = {name: read_day(text) for name, text in given.items() if text}
    if "leave_until" not in days:
        errors["leave_until"] = _("Please give the last day as well.")
    for name, day in days.items():
        if day is None:
            errors[name] = _("Please give a day, for example 31/03/2027.")
        elif day < event.today:
            errors[name] = _("That day is over: please give today or a later day.")
        elif day > event.today + FURTHEST:
            errors[name] = _("Please give a day within the next year.")
    first, last = days.get("leave_from", event.today), days.get("leave_until")
    if errors or first is None or last is None:
        return None
    if last < first:
        errors["leave_until"] = _("The last day is before the first, {day}.").format(day=said_day(first))
    return first, last


def _read_hours(values: Values, errors: dict[str, str]) -> tuple[int, int] | None:
    """From and until which hour it is quiet, twice the same for never; None, and errors, where that cannot be."""
    given = [typed(values, name) for name in ("quiet_from", "quiet_until")]
    if given[0] == NO_HOURS:
        return 0, 0
    hours = [_HOURS.get(text) for text in given]
    for name, hour in zip(("quiet_from", "quiet_until"), hours, strict=True):
        if hour is None:
            errors[name] = _("Please pick an hour.")
    first, last = hours
    if first is None or last is None:
        return None
    if first == last:
        errors["quiet_until"] = _(
            "From {hour} until {hour} would leave no hour at all. If you want no quiet hours, pick that in the field "
            "above."
        ).format(hour=said_time(time(first)))
    return first, last


_HOURS = {str(hour): hour for hour in range(24)}


def _look_again(person: Person, uow: UnitOfWork) -> None:
    """Let delivery reckon anew when what waits for this person may go."""
    for place in (places.dm(person), *map(places.group, uow.pairs.of(person.id))):
        uow.outbox.hurry(place)


def _how_it_stands(event: Event, uow: UnitOfWork) -> Message:
    person = uow.people.get(event.who.id)
    leave = uow.leave.of(person.id, since=event.today)
    is_senior = uow.people.has_duty(person.id, "senior support")
    return how_it_stands(person, leave, event.today, is_senior=is_senior)


# What delivery and other conversations need of it


def quiet_of(person: Person, uow: UnitOfWork) -> Quiet:
    """When this person is left in peace from today on."""
    days = frozenset(map(int, person.no_send_days))
    leave = _leave_of(person, uow)
    return Quiet(ZoneInfo(person.time_zone), person.region, person.quiet_from, person.quiet_until, days, leave)


def away_until(person: Person, uow: UnitOfWork) -> date | None:
    """The last day of the leave that this person is on today; None for who is not away."""
    today = uow.now.astimezone(ZoneInfo(person.time_zone)).date()
    return next((last for first, last in _leave_of(person, uow) if first <= today <= last), None)


def _leave_of(person: Person, uow: UnitOfWork) -> tuple[Leave, ...]:
    today = uow.now.astimezone(ZoneInfo(person.time_zone)).date()
    if person.away_until is None or person.away_until < today:
        return ()
    return uow.leave.of(person.id, since=today)


# What is said


def how_it_stands(person: Person, leave: Sequence[Leave], today: date, *, is_senior: bool) -> Message:
    """When the person is left in peace, and how to change that. ``leave``: what is not over, earliest first."""
    now = next((last for first, last in leave if first <= today <= last), None)
    said = _("I write to you as usual, but not at these times:")
    if now is not None:
        said = _("You are on a pause until the end of {day}.").format(day=said_day(now))
    blocks: list[Block] = [
        Text(said),
        Facts((*_times(person), *((_("Leave"), _span(first, last)) for first, last in leave[:SHOWN]))),
        Text(
            _(
                "This holds for everything that I start by myself, in group chats too; it comes afterwards, little by "
                "little. What you do here I still answer at once. I do not ask why, and store no reason."
            )
        ),
        Buttons(
            (
                Button(_("Pause for 3 days"), "pause_for", "3"),
                Button(_("Pause for 2 weeks"), "pause_for", "14"),
                Button(_("Leave, hours and days"), "pause_form", opens=True),
            )
        ),
    ]
    if leave:
        blocks.append(Buttons(tuple(_end(first, today) for first, _last in leave[:SHOWN])))
    if is_senior:
        blocks.append(Text(_("While you are on leave, I suggest other seniors, as long as there are two.")))
    return Message(said, tuple(blocks), _seen_by(is_senior=is_senior))


def _times(person: Person) -> tuple[tuple[str, str], ...]:
    hours = _("None")
    if person.quiet_from != person.quiet_until:
        first, last = (said_time(time(hour)) for hour in (person.quiet_from, person.quiet_until))
        hours = _("{first} to {last}, {zone} time").format(first=first, last=last, zone=person.time_zone)
    days = ", ".join(_(WEEKDAYS[day]) for day in person.no_send_days)
    return (
        (_("Quiet hours"), hours),
        (_("Days without messages"), days or _("None")),
        (_("Bank holidays"), _(NATIONS[person.region])),
    )


def _span(first: date, last: date) -> str:
    if first == last:
        return said_day(first)
    return _("{first} to {last}").format(first=said_day(first), last=said_day(last))


def _end(first: date, today: date) -> Button:
    if first <= today:
        return Button(_("I am back"), "pause_end", first.isoformat(), primary=True)
    return Button(_("Cancel leave from {day}").format(day=said_day(first)), "pause_end", first.isoformat())


def _seen_by(*, is_senior: bool) -> str:
    if is_senior:
        return _("Only you see this; leads never do. Who asks to talk with you reads when you will get the request.")
    return _("Only you see this. Nobody is told that you pause, and leads never see it.")


def pause_form(person: Person) -> Form:
    """Leave to come, and the hours and days of every week."""
    hours = tuple(Option(value, said_time(time(hour))) for value, hour in _HOURS.items())
    has_hours = person.quiet_from != person.quiet_until
    return Form(
        "pause",
        _("Leave, hours and days"),
        _("Save"),
        (
            DateField(
                "leave_from", _("Leave: first day"), _("If you leave this open, it begins today."), optional=True
            ),
            DateField("leave_until", _("Leave: last day"), _("Leave that you entered before stays."), optional=True),
            PickOne(
                "quiet_from",
                _("Quiet hours from"),
                options=(Option(NO_HOURS, _("No quiet hours")), *hours),
                value=str(person.quiet_from) if has_hours else NO_HOURS,
            ),
            PickOne("quiet_until", _("Quiet hours until"), options=hours, value=str(person.quiet_until)),
            PickMany(
                "no_send_days",
                _("No messages on"),
                optional=True,
                options=tuple(Option(value, _(name)) for value, name in WEEKDAYS.items()),
                value=tuple(person.no_send_days),
            ),
            PickOne(
                "region",
                _("No messages on bank holidays in"),
                options=tuple(Option(value, _(name)) for value, name in NATIONS.items()),
                value=person.region,
            ),
        ),
        seen_by=_("Only you see this. Nobody is told that you pause, and leads never see it."),
    )


_TODAY = date(2026, 11, 10)
_NOW = (date(2026, 11, 9), date(2026, 11, 15))
_CHRISTMAS = (date(2026, 12, 21), date(2027, 1, 3))
_ONE_DAY = (date(2027, 2, 12), date(2027, 2, 12))

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "usual": lambda: how_it_stands(MENTEE, (), _TODAY, is_senior=False),
    "away": lambda: how_it_stands(MENTEE, (_NOW, _CHRISTMAS, _ONE_DAY), _TODAY, is_senior=False),
    "no_hours": lambda: how_it_stands(
        replace(MENTEE, quiet_from=0, quiet_until=0, no_send_days="", region="NIR"), (), _TODAY, is_senior=False
    ),
    "senior": lambda: how_it_stands(LEAD, (_CHRISTMAS,), _TODAY, is_senior=True),
    "pause_form": lambda: pause_form(MENTEE),
}
