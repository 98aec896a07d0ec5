"""Home: who you are here, your next step, and a button for each thing that you can do now.

It is Slack's App Home, the answer to ``/mentoring`` and to the word "home", and the first thing that somebody sees who
installs the bot. Who has not said yes finds the card to join instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.examples import ARRANGED, CONTROL, LEAD, MENTEE, MENTOR, PAIR, PROGRAMME, participant
from bot.flow import Event, Flow, Outcome, Private, ShowHome, UserError
from bot.handlers.welcome import join_card
from bot.texts import _, marked, said_day
from bot.ui import Block, Button, Buttons, Contact, Form, Heading, Message, Text
from storage.records import Meeting, Pair, Participant, Person, Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("home")

DUTIES = ("lead", "facilitator", "selector", "senior support")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a pair stands. ``planned``: the latest arranged meeting that nobody has said anything about yet."""

    pair: Pair
    meetings: int
    planned: Meeting | None


@flow.command("mentoring", help=marked("My next step, and everything I can do"))
@flow.command("home", help=marked("The same as mentoring"), scope="typed")
@flow.button("home")
@flow.on("installed")
def show_privately(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the home as an answer that only this person sees."""
    return Private(home_of(event, uow))


@flow.on("home")
def show_home(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the home in its own place."""
    return ShowHome(home_of(event, uow))


def home_of(event: Event, uow: UnitOfWork) -> Message:
    """The home of a person as it is now."""
    programme = uow.programmes.current()
    if programme is None:
        raise UserError(nothing_yet())
    person = event.who
    part = uow.people.participant(person.id)
    duties = [duty for duty in DUTIES if uow.people.has_duty(person.id, duty)]
    if part is None:
        return home_of_helper(person, duties, programme)
    if part.state != "joined":
        return join_card(part, programme)
    if part.role == "control":
        return home_of_control(person, duties, programme)
    standings = [_standing(pair, uow) for pair in uow.pairs.of(person.id)]
    return home_of_pair(part, standings, duties, programme, event.today)


def _standing(pair: Pair, uow: UnitOfWork) -> Standing:
    planned = uow.meetings.of_pair(pair.id, "arranged")
    return Standing(pair, len(uow.meetings.of_pair(pair.id, "logged")), planned[-1] if planned else None)


# What is said


def home_of_pair(
    part: Participant, standings: Sequence[Standing], duties: Sequence[str], programme: Programme, today: date
) -> Message:
    """The home of a mentor or a mentee who takes part."""
    steps = [_next_step(standing, part.person, today) for standing in standings] or [(_waiting(part), ())]
    words: list[Block] = []
    for said, buttons in steps:
        words += [Text(said), Buttons(buttons)] if buttons else [Text(said)]
    doing = (
        Button(_("Log a meeting"), "log_meeting", opens=True),
        Button(_("Note a date"), "arrange_meeting", opens=True),
        Button(_("An agenda for a meeting"), "agenda"),
    )
    return _home(
        part.person, programme, duties, next_step=words, doing=doing if standings else (), seen_by=_seen_by_pair()
    )


def _seen_by_pair() -> str:
    return _("Only you see this. Leads see that meetings were logged and the last date, never topics or length.")


def _waiting(part: Participant) -> str:
    if part.role == "mentor":
        return _(
            "I will introduce you to your mentee as soon as everything is ready. There is nothing to do until then."
        )
    return _("I introduce you to your mentor as soon as everything is ready. There is nothing to do until then.")


def _next_step(standing: Standing, person: Person, today: date) -> tuple[str, tuple[Button, ...]]:
    """What comes next for a pair, and the buttons that do just that."""
    name = standing.pair.other(person).name
    meeting = standing.planned
    if meeting is not None and meeting.day >= today:
        return _("You meet {name} on {day}.").format(name=name, day=said_day(meeting.day)), ()
    if meeting is not None:
        said = _("Did you and {name} meet on {day}?").format(name=name, day=said_day(meeting.day))
        return said, (
            Button(_("We met"), "we_met", str(meeting.id), meeting.version, primary=True),
            Button(_("It didn't happen"), "not_met", str(meeting.id), meeting.version),
            Button(_("Log with details"), "correct_meeting", str(meeting.id), meeting.version, opens=True),
        )
    if not standing.meetings:
        return _("Find a date for your first meeting with {name}.").format(name=name), ()
    return _("Find a date for your next meeting with {name}.").format(name=name), ()


def home_of_control(person: Person, duties: Sequence[str], programme: Programme) -> Message:
    """The home of somebody in the comparison group."""
    said = _("You take part in the comparison group. I write when a questionnaire opens; until then nothing is to do.")
    seen_by = _("Only you see this. Leads see whether you take part.")
    return _home(person, programme, duties, next_step=[Text(said)], seen_by=seen_by)


def home_of_helper(person: Person, duties: Sequence[str], programme: Programme) -> Message:
    """The home of somebody who takes no part as mentor, mentee or control."""
    words = {
        "lead": _("You lead this programme. Each month I post the facts about all pairs in the leads channel."),
        "facilitator": _("You facilitate an Action Learning Set in this programme. There is nothing to do here now."),
        "selector": _("You select mentors for this programme. There is nothing to do here now."),
        "senior support": _(
            "You are a senior whom people may ask for a talk. I write as soon as somebody asks for you; leads are "
            "not told."
        ),
    }
    said: list[Block] = [Text(words[duty]) for duty in duties]
    return _home(person, programme, duties, next_step=said, seen_by=_("Only you see this."))


def _home(
    person: Person,
    programme: Programme,
    duties: Sequence[str],
    *,
    next_step: Sequence[Block],
    doing: Sequence[Button] = (),
    seen_by: str,
) -> Message:
    leading = (Button(_("Facts about all pairs"), "leads"),) if "lead" in duties else ()
    blocks: list[Block] = [
        Text(_("Hello {name}. This is {programme}.").format(name=person.name, programme=programme.name)),
    ]
    if next_step:
        blocks += [Heading(_("Next step")), *next_step]
    blocks += [
        Heading(_("What you can do here")),
        Buttons((*doing, *leading, Button(_("Get help"), "support"))),
        Text(_("Questions about the programme go to:")),
        Contact(programme.contact_name, programme.contact_email),
    ]
    return Message(_("{programme}: your home").format(programme=programme.name), tuple(blocks), seen_by)


def nothing_yet() -> Message:
    """Before a programme is loaded."""
    said = _("No programme is running here yet.")
    return Message(said, (Text(said),), _("Only you see this."))


_MENTEE = participant(MENTEE, "mentee", "joined")
_MENTOR = participant(MENTOR, "mentor", "joined")
_TODAY = date(2026, 11, 10)


def _example(part: Participant, *standings: Standing, today: date = _TODAY) -> Message:
    return home_of_pair(part, standings, (), PROGRAMME, today)


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "waiting_mentee": lambda: _example(_MENTEE),
    "waiting_mentor": lambda: _example(_MENTOR),
    "first_date": lambda: _example(_MENTEE, Standing(PAIR, 0, None)),
    "next_date": lambda: _example(_MENTEE, Standing(PAIR, 3, None)),
    "arranged": lambda: _example(_MENTEE, Standing(PAIR, 1, ARRANGED)),
    "did_you_meet": lambda: _example(_MENTOR, Standing(PAIR, 1, ARRANGED), today=date(2026, 11, 18)),
    "two_mentees": lambda: _example(
        _MENTOR, Standing(PAIR, 1, ARRANGED), Standing(replace(PAIR, id=6, mentee=CONTROL), 0, None)
    ),
    "control": lambda: home_of_control(CONTROL, (), PROGRAMME),
    "lead": lambda: home_of_helper(LEAD, ("lead",), PROGRAMME),
    "senior": lambda: home_of_helper(LEAD, ("senior support",), PROGRAMME),
    "facilitator": lambda: home_of_helper(LEAD, ("facilitator",), PROGRAMME),
    "nothing_yet": nothing_yet,
}
