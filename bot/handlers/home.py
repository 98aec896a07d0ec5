"""Home: who you are here, your next step, and a button for each thing that you can do now.

It is Slack's App Home, the answer to ``/mentoring`` and to the word "home", and the first thing that somebody sees who
installs the bot. Who has not said yes finds the card to join instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from bot.copies import asks, choices_button
from bot.examples import ARRANGED, CONTROL, LEAD, MENTEE, MENTOR, PAIR, PROGRAMME, SCHEDULED, participant
from bot.flow import Event, Flow, Outcome, Private, ShowHome, UserError
from bot.handlers import dates, schedule
from bot.handlers.arranged import meeting_buttons
from bot.handlers.help import whom_to_ask
from bot.handlers.open_waves import called, check_in_button, closing, example_wave, kind_of, results_button
from bot.handlers.welcome import not_taking_part
from bot.surveys.instrument import as_declared
from bot.texts import _, marked, said_day
from bot.ui import Block, Button, Buttons, Form, Heading, Message, Text
from storage.records import LedgerEntry, Meeting, Pair, Participant, Person, Programme, Proposal, Wave
from storage.unit_of_work import UnitOfWork

flow = Flow("home")

DUTIES = ("lead", "facilitator", "selector", "senior support")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a pair stands. ``ahead``: the arranged meeting that is to come. ``unclear``: the latest of those before
    today of which nobody has said whether it took place. ``proposal``: the open one."""

    pair: Pair
    meetings: int
    ahead: Meeting | None = None
    unclear: Meeting | None = None
    proposal: Proposal | None = None


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
        return not_taking_part(part, programme)
    check_ins = [wave for wave, _role in uow.waves.open_for(person.id)]
    if part.role == "control":
        has_results = any(_was_asked(entry, part.role, uow) for entry in uow.ledger.all(programme.id))
        return home_of_control(person, duties, programme, check_ins=check_ins, has_results=has_results)
    standings = [_standing(pair, event, uow) for pair in uow.pairs.of(person.id)]
    in_a_set = bool(uow.sets.of_member(person.id))
    has_results = bool(uow.ledger.all(programme.id))
    if not standings:
        home = home_of_waiting(part, duties, programme, in_a_set=in_a_set, check_ins=check_ins, has_results=has_results)
    else:
        home = home_of_pair(
            part,
            standings,
            duties,
            programme,
            event.at,
            in_a_set=in_a_set,
            check_ins=check_ins,
            has_results=has_results,
        )
    return home


def _was_asked(entry: LedgerEntry, role: str, uow: UnitOfWork) -> bool:
    return role in as_declared(uow.waves.get(entry.wave_id).instrument).audience


def _standing(pair: Pair, event: Event, uow: UnitOfWork) -> Standing:
    ahead = dates.upcoming(pair, event, uow)
    past = [meeting for meeting in uow.meetings.of_pair(pair.id, "arranged") if not dates.is_ahead(meeting, event)]
    proposal = uow.proposals.open_of(pair.id)
    return Standing(
        pair,
        meetings=len(uow.meetings.of_pair(pair.id, "logged")),
        ahead=ahead,
        unclear=past[-1] if past and ahead is None else None,
        proposal=proposal if proposal is not None and max(proposal.times) > event.at else None,
    )


# What is said


def home_of_pair(
    part: Participant,
    standings: Sequence[Standing],
    duties: Sequence[str],
    programme: Programme,
    now: datetime,
    *,
    in_a_set: bool,
    check_ins: Sequence[Wave] = (),
    has_results: bool = False,
) -> Message:
    """The home of a mentor or a mentee who has been introduced. ``check_ins``: those that are open for this person,
    whether or not they have answered."""
    steps: list[Block] = []
    for standing in standings:
        steps += _next_steps(standing, part.person, programme, now)
    steps += _open_check_ins(check_ins, part.person)
    doing = (
        Button(_("Log a meeting"), "log_meeting", opens=True),
        Button(_("Meeting agenda"), "agenda"),
        *((results_button(),) if has_results else ()),
    )
    seen_by = _("Only you see this. Leads see how many meetings were logged and the last date, never topics or length.")
    return _home(part.person, programme, duties, next_step=steps, doing=doing, in_a_set=in_a_set, seen_by=seen_by)


def home_of_waiting(
    part: Participant,
    duties: Sequence[str],
    programme: Programme,
    *,
    in_a_set: bool = False,
    check_ins: Sequence[Wave] = (),
    has_results: bool = False,
) -> Message:
    """The home of a mentor or a mentee who has not been introduced yet. ``check_ins``: as in ``home_of_pair``."""
    mentor = _("I will introduce you to your mentee as soon as everything is ready. There is nothing to do until then.")
    mentee = _("I will introduce you to your mentor as soon as everything is ready. There is nothing to do until then.")
    said = mentor if part.role == "mentor" else mentee
    seen_by = _("Only you see this. Leads see whether your pair has been introduced.")
    steps = [Text(said), *_open_check_ins(check_ins, part.person)]
    doing = (results_button(),) if has_results else ()
    return _home(part.person, programme, duties, next_step=steps, doing=doing, in_a_set=in_a_set, seen_by=seen_by)


def _open_check_ins(check_ins: Sequence[Wave], person: Person) -> list[Block]:
    said = _("A {what} is open until {moment}.")
    blocks: list[Block] = []
    for wave in check_ins:
        blocks += [
            Text(said.format(what=called(kind_of(wave)), moment=closing(wave, person))),
            Buttons((check_in_button(wave, primary=False),)),
        ]
    return blocks


def _next_steps(standing: Standing, person: Person, programme: Programme, now: datetime) -> list[Block]:
    """What comes next for a pair, and the buttons that do just that. After the end nobody is asked to meet; what the
    pair has arranged all the same stays."""
    pair = standing.pair
    name = pair.other(person).name
    steps: list[Block] = []
    if meeting := standing.ahead:
        steps.append(Text(_("You meet {name} on {day}.").format(name=name, day=dates.said_when(meeting, person))))
        change = Button(_("Change the date"), "schedule", str(pair.id), opens=True)
        steps.append(Buttons(meeting_buttons(meeting) if meeting.starts_at else (change,)))
    if meeting := standing.unclear:
        steps.append(Text(_("Did you and {name} meet on {day}?").format(name=name, day=said_day(meeting.day))))
        steps.append(Buttons(dates.whether_they_met(meeting)))
    if proposal := standing.proposal:
        steps += _open_proposal(proposal, pair, person, now)
    if not steps and now.astimezone(ZoneInfo(programme.time_zone)).date() <= programme.ends_on:
        first = _("Find a date for your first meeting with {name}.")
        following = _("Find a date for your next meeting with {name}.")
        steps.append(Text((following if standing.meetings else first).format(name=name)))
        steps.append(Buttons((dates.find_a_time(pair, primary=True),)))
    return steps


def _open_proposal(proposal: Proposal, pair: Pair, person: Person, now: datetime) -> tuple[Block, ...]:
    name = pair.other(person).name
    if proposal.by_id == person.id:
        said = _("You proposed times to {name}, who has not picked one yet.").format(name=name)
        return Text(said), Buttons(schedule.your_choices(proposal, pair))
    said = _("{name} proposes a time for your meeting. Which one suits you?").format(name=name)
    return Text(said), Buttons((*schedule.time_buttons(proposal, person, now), schedule.none_of_these(pair)))


def home_of_control(
    person: Person,
    duties: Sequence[str],
    programme: Programme,
    *,
    check_ins: Sequence[Wave] = (),
    has_results: bool = False,
) -> Message:
    """The home of somebody in the comparison group. ``check_ins``: as in ``home_of_pair``."""
    said = _(
        "You are in the comparison group. I will write when a questionnaire opens; there is nothing to do until then."
    )
    steps = _open_check_ins(check_ins, person) or [Text(said)]
    doing = (results_button(),) if has_results else ()
    return _home(person, programme, duties, next_step=steps, doing=doing, seen_by=_("Only you see this."))


def home_of_helper(person: Person, duties: Sequence[str], programme: Programme) -> Message:
    """The home of somebody who takes no part as mentor, mentee or control."""
    words = {
        "lead": _("You lead this programme. Each month I post the facts about all pairs in the leads channel."),
        "facilitator": _(
            "You facilitate an Action Learning Set. I tell you the day before a session who comes, and ask you "
            "afterwards who came."
        ),
        "selector": _("You select mentors for this programme. There is nothing to do here now."),
        "senior support": _(
            "You are a senior whom people may ask for a talk. I will write as soon as somebody asks for you; leads "
            "are not told."
        ),
    }
    said: list[Block] = [Text(words[duty]) for duty in duties]
    seen_by = _("Only you see this.")
    return _home(person, programme, duties, next_step=said, seen_by=seen_by, takes_part=False)


def _home(
    person: Person,
    programme: Programme,
    duties: Sequence[str],
    *,
    next_step: Sequence[Block],
    doing: Sequence[Button] = (),
    in_a_set: bool = False,
    seen_by: str,
    takes_part: bool = True,
) -> Message:
    learning = (Button(_("Action Learning Set"), "als"),) if in_a_set or "facilitator" in duties else ()
    leading = (Button(_("Facts about all pairs"), "leads"),) if "lead" in duties else ()
    blocks: list[Block] = [
        Text(_("Hello {name}. This is {programme}.").format(name=person.name, programme=programme.name)),
    ]
    if next_step:
        blocks += [Heading(_("Next step")), *next_step]
    blocks += [
        Heading(_("What you can do here")),
        *((Buttons((*doing, *learning, *leading)),) if doing or learning or leading else ()),
        Buttons(
            (
                Button(_("Leave and quiet times"), "pause"),
                *((choices_button(),) if takes_part and asks(programme) else ()),
                Button(_("Get help"), "support"),
            )
        ),
        *whom_to_ask(programme),
    ]
    return Message(_("{programme}: your home").format(programme=programme.name), tuple(blocks), seen_by)


def nothing_yet() -> Message:
    """Before a programme is loaded."""
    said = _("No programme is running here yet.")
    return Message(said, (Text(said),), _("Only you see this."))


_MENTEE = participant(MENTEE, "mentee", "joined")
_MENTOR = participant(MENTOR, "mentor", "joined")
_NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
_TIMES = (datetime(2026, 11, 17, 17, 30, tzinfo=UTC), datetime(2026, 11, 19, 8, 30, tzinfo=UTC))
_PROPOSAL = Proposal(31, PAIR.id, MENTOR.id, "open", 60, "", _TIMES)


def _example(part: Participant, *standings: Standing) -> Message:
    return home_of_pair(part, standings, (), PROGRAMME, _NOW, in_a_set=part.role == "mentor")


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "waiting_mentee": lambda: home_of_waiting(_MENTEE, (), PROGRAMME),
    "waiting_mentor": lambda: home_of_waiting(_MENTOR, (), PROGRAMME),
    "first_date": lambda: _example(_MENTEE, Standing(PAIR, 0)),
    "next_date": lambda: _example(_MENTEE, Standing(PAIR, 3)),
    "after_the_end": lambda: home_of_pair(
        _MENTEE,
        (Standing(PAIR, 9),),
        (),
        replace(PROGRAMME, ends_on=date(2026, 11, 9)),
        _NOW,
        in_a_set=False,
        has_results=True,
    ),
    "arranged": lambda: _example(_MENTEE, Standing(PAIR, 1, ahead=ARRANGED)),
    "arranged_with_a_time": lambda: _example(_MENTEE, Standing(PAIR, 1, ahead=SCHEDULED)),
    "did_you_meet": lambda: _example(_MENTOR, Standing(PAIR, 1, unclear=ARRANGED)),
    "times_to_pick_from": lambda: _example(_MENTEE, Standing(PAIR, 1, proposal=_PROPOSAL)),
    "times_proposed": lambda: _example(_MENTOR, Standing(PAIR, 1, proposal=_PROPOSAL)),
    "two_mentees": lambda: _example(
        _MENTOR, Standing(PAIR, 1, ahead=ARRANGED), Standing(replace(PAIR, id=6, mentee=CONTROL), 0)
    ),
    "check_in": lambda: home_of_pair(
        _MENTEE,
        (Standing(PAIR, 1, ahead=ARRANGED),),
        (),
        PROGRAMME,
        _NOW,
        in_a_set=False,
        check_ins=(example_wave(),),
        has_results=True,
    ),
    "check_in_waiting": lambda: home_of_waiting(_MENTOR, (), PROGRAMME, check_ins=(example_wave(),), has_results=True),
    "control": lambda: home_of_control(CONTROL, (), PROGRAMME),
    "control_with_a_questionnaire": lambda: home_of_control(
        CONTROL, (), PROGRAMME, check_ins=(example_wave(name="baseline"),)
    ),
    "control_with_choices": lambda: home_of_control(CONTROL, (), replace(PROGRAMME, disclosure="research")),
    "lead": lambda: home_of_helper(LEAD, ("lead",), PROGRAMME),
    "senior": lambda: home_of_helper(LEAD, ("senior support",), PROGRAMME),
    "facilitator": lambda: home_of_helper(LEAD, ("facilitator",), PROGRAMME),
    "nothing_yet": nothing_yet,
}
