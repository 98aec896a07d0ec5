"""Not now: every prompt can be put off, by three days, two weeks, or until a day of one's own choice.

A prompt is due work of one person; putting it off has that work done later instead. Whether the question still makes
sense by then is for the work itself to see.
"""

from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.examples import ARRANGED, MENTEE
from bot.flow import Event, Flow, FormErrors, Outcome, ShowForm, Update
from bot.programme import cadence
from bot.reading import about, ids_about, read_day, typed
from bot.texts import _, said_day
from bot.ui import Button, Buttons, DateField, Form, Message, Text
from storage.records import NotThere
from storage.unit_of_work import UnitOfWork

flow = Flow("not_now")

RULES = frozenset(
    {
        "welcome_reminder",
        "find_a_date",
        "pick_a_time",
        "did_you_meet",
        "als_register",
        "als_missed",
        "wave_ask",
        "consent_ask",
    }
)
"""What can be put off."""

SPANS = ("3", "14")
"""The days that the buttons offer."""

FURTHEST = timedelta(days=365)


@flow.button("not_now")
def put_off(event: Event, uow: UnitOfWork) -> Outcome:
    """Ask again some days from now."""
    question, _colon, days = event.subject.rpartition(":")
    if days not in SPANS:
        raise NotThere("no such span")
    return _ask_again(event, question, event.today + timedelta(days=int(days)), uow)


@flow.button("not_now_until")
def choose_day(event: Event, _uow: UnitOfWork) -> Outcome:
    """Let the person say when."""
    _mine(event, event.subject)
    return ShowForm(until_form(event.subject), "not_now_until", event.subject)


@flow.form("not_now_until")
def put_off_until(event: Event, uow: UnitOfWork) -> Outcome:
    """Ask again on the day that the person chose."""
    form = until_form(event.subject)
    day = read_day(typed(event.values, "day"))
    if day is None:
        raise FormErrors({"day": _("Please give a day, for example 31/03/2027.")}, form)
    if day <= event.today:
        raise FormErrors({"day": _("Please give a day from tomorrow on.")}, form)
    if day > event.today + FURTHEST:
        raise FormErrors({"day": _("Please give a day within the next year.")}, form)
    return _ask_again(event, event.subject, day, uow)


def _ask_again(event: Event, question: str, day: date, uow: UnitOfWork) -> Outcome:
    """Have the work done that morning and not before."""
    rule, subject = _mine(event, question)
    programme = uow.programmes.current()
    if programme is None:
        raise NotThere("no programme")
    at = cadence.morning(day, ZoneInfo(programme.time_zone))
    uow.due.drop(rule, subject)
    uow.due.add(rule, subject, at)
    return Update(put_off_until_day(at.astimezone(ZoneInfo(event.who.time_zone)).date()))


def _mine(event: Event, question: str) -> tuple[str, str]:
    """The rule and the subject of a question that this person was asked. Raises NotThere for anybody else's."""
    rule, _colon, subject = question.partition(":")
    _thing, person_id = ids_about(subject)
    if rule not in RULES or person_id != event.who.id:
        raise NotThere("not this person's question")
    return rule, subject


def not_now_row(rule: str, subject: str) -> tuple[Text, Buttons]:
    """The line and the buttons with which a prompt can be put off. ``subject``: as ``about`` makes it."""
    return Text(_("Not now? Ask me again:")), Buttons(
        (
            Button(_("In 3 days"), "not_now", f"{rule}:{subject}:3"),
            Button(_("In 2 weeks"), "not_now", f"{rule}:{subject}:14"),
            Button(_("Pick a day"), "not_now_until", f"{rule}:{subject}", opens=True),
        )
    )


def until_form(question: str) -> Form:
    """Until when a question is to wait."""
    day = DateField("day", _("Ask me again on"), help=_("Any day within the next year."))
    return Form(
        "not_now_until",
        _("Not now"),
        _("Ask me then"),
        (day,),
        seen_by=_("Only you see this. Nobody is told that you put something off."),
        subject=question,
    )


def put_off_until_day(day: date) -> Message:
    """The prompt is put off."""
    said = _("That is fine. I will come back to this on {day}, if it is still open then.").format(day=said_day(day))
    return Message(said, (Text(said),), _("Only you see this. Nobody is told that you put something off."))


def _example_form() -> Form:
    return until_form(f"did_you_meet:{about(ARRANGED.id, MENTEE.id)}")


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "until_form": _example_form,
    "put_off_until_day": lambda: put_off_until_day(date(2026, 12, 1)),
}
