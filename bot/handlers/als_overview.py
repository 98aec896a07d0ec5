"""Action Learning Sets at a glance. ``/als`` shows a member the next session with their answer, and a facilitator who
comes and which registers are open; leads see when each set meets next. From here sessions and sets are
changed and added."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.examples import COMING, FACILITATOR, LEAD, LEARNING_SET, MENTOR, SESSION
from bot.flow import Event, Flow, Outcome, Private, ShowForm
from bot.handlers import als
from bot.handlers.als_change import add_button, change_button
from bot.handlers.als_register import has_begun, register_button
from bot.handlers.arranged import details
from bot.handlers.leads import leads_only
from bot.handlers.leads_change import MOST_LISTED, refuse_if, shown
from bot.handlers.leads_sets import LONGEST_NAME, add_set_button, change_set_button
from bot.reading import typed
from bot.texts import _, marked, ngettext
from bot.ui import (
    AnyField,
    Block,
    Bullets,
    Button,
    Buttons,
    Form,
    Heading,
    Message,
    Option,
    PickOne,
    Text,
    TextField,
)
from storage.records import LearningSet, Person, Session
from storage.unit_of_work import UnitOfWork

flow = Flow("als_overview")

LISTED = 5
"""Sets of one facilitator, and sessions after the next one."""
SHOWN_TO_LEADS = 8
"""Sets, those without a session first."""


@flow.command("als", help=marked("My Action Learning Set: the next session, and who comes"))
@flow.button("als")
def show(event: Event, uow: UnitOfWork) -> Outcome:
    """Show everything about sets that concerns this person."""
    person = event.who
    blocks: list[Block] = []
    for learning_set in uow.sets.of_member(person.id):
        to_come = _to_come(learning_set, uow)
        answer = uow.sets.answer_of(to_come[0], person) if to_come else ""
        blocks += for_member(learning_set, to_come, person, answer)
    for learning_set in uow.sets.facilitated_by(person.id)[:LISTED]:
        to_come = _to_come(learning_set, uow)
        answers = uow.sets.answers(to_come[0]) if to_come else ()
        sessions = uow.sets.sessions(learning_set.id)
        open_registers = [s for s in sessions if has_begun(s, uow) and s.state == "planned"]
        blocks += for_facilitator(learning_set, to_come, person, answers, open_registers)
    return Private(overview(blocks))


@flow.button("als_sets", leads=True)
def show_sets(event: Event, uow: UnitOfWork) -> Outcome:
    """For a lead: the sets, and what can be changed."""
    programme = leads_only(event, uow)
    following = uow.sets.next_sessions(programme.id)
    listed = [(learning_set, following.get(learning_set.id)) for learning_set in uow.sets.all(programme.id)]
    return Private(sets_for_leads(listed, event.who))


@flow.button("find_set", leads=True)
def open_search(event: Event, uow: UnitOfWork) -> Outcome:
    """For a lead: show the form that asks which set it is about."""
    listed = uow.sets.all(leads_only(event, uow).id)
    return ShowForm(search_form(listed), "find_set") if listed else Private(sets_for_leads((), event.who))


@flow.form("find_set", leads=True)
def find_set(event: Event, uow: UnitOfWork) -> Outcome:
    """For a lead: one set, and what can be changed."""
    programme = leads_only(event, uow)
    listed = uow.sets.all(programme.id)
    text = typed(event.values, "set")
    by_name = len(listed) > MOST_LISTED
    found = [one for one in listed if text in ({one.name} if by_name else {str(one.id)})]
    error = _("I know no set of this name. Please check it.") if by_name else _("Please choose from the list.")
    refuse_if({} if found else {"set": error}, search_form(listed))
    following = uow.sets.next_sessions(programme.id)
    return Private(sets_for_leads([(one, following.get(one.id)) for one in found], event.who))


def _to_come(learning_set: LearningSet, uow: UnitOfWork) -> list[Session]:
    return [session for session in uow.sets.sessions(learning_set.id) if als.is_to_come(session, uow)]


# What is said


def overview(blocks: Sequence[Block]) -> Message:
    """All about one's sets."""
    if not blocks:
        said = _(
            "You are in no Action Learning Set at the moment. Mentors meet in these small groups to learn together."
        )
        return Message(said, (Text(said),), _("Only you see this."))
    seen_by = _("Only you see this. The facilitator sees who comes; leads see only how many came to a session.")
    return Message(_("Your Action Learning Set"), tuple(blocks), seen_by)


def for_member(learning_set: LearningSet, to_come: Sequence[Session], member: Person, answer: str) -> list[Block]:
    """The next session with one's answer, and when the set meets after that."""
    heading = Heading(learning_set.name)
    facilitator = Text(_("Facilitator: {name}").format(name=learning_set.facilitator.name))
    if not to_come:
        return [heading, facilitator, _nothing_planned()]
    session, *later = to_come
    return [
        heading,
        facilitator,
        Text(_("Next session: {when}").format(when=als.when(session, member))),
        *details(session.minutes, session.place),
        *als.answer_buttons(session, answer, als.calendar_button(session)),
        *_later(later, member),
    ]


def for_facilitator(
    learning_set: LearningSet,
    to_come: Sequence[Session],
    facilitator: Person,
    answers: als.Answers,
    open_registers: Sequence[Session],
) -> list[Block]:
    """The next session with who comes, what can be changed, and registers that are not filled in."""
    blocks: list[Block] = [Heading(_("{name}, which you facilitate").format(name=learning_set.name))]
    if to_come:
        session = to_come[0]
        blocks += [
            Text(_("Next session: {when}").format(when=als.when(session, facilitator))),
            *details(session.minutes, session.place),
            *als.who_says_what(answers),
        ]
    else:
        blocks.append(_nothing_planned())
    change = (change_button(to_come[0]), als.calendar_button(to_come[0])) if to_come else ()
    register = tuple(register_button(session) for session in open_registers[-3:])
    return [*blocks, Buttons((*change, add_button(learning_set), *register)), *_later(to_come[1:], facilitator)]


def _nothing_planned() -> Text:
    return Text(_("No session is planned."))


def _later(sessions: Sequence[Session], reader: Person) -> tuple[Block, ...]:
    if not sessions:
        return ()
    return Text(_("After that:")), Bullets(tuple(als.when(session, reader) for session in sessions[:LISTED]))


def sets_for_leads(listed: Sequence[tuple[LearningSet, Session | None]], reader: Person) -> Message:
    """Each set with its next session, and what can be changed; those without one first."""
    in_order = sorted(listed, key=lambda entry: entry[1].starts_at.timestamp() if entry[1] else 0.0)
    blocks: list[Block] = []
    for learning_set, session in in_order[:SHOWN_TO_LEADS]:
        doing = (change_button(session),) if session else ()
        blocks += [
            Heading(learning_set.name),
            Text(_next_session(session, reader)),
            Text(_("Facilitator: {name}").format(name=learning_set.facilitator.name)),
            Buttons((*doing, add_button(learning_set), change_set_button(learning_set))),
        ]
    more = len(in_order) - SHOWN_TO_LEADS
    if more > 0:
        blocks.append(Text(ngettext("and {count} more set", "and {count} more sets", more).format(count=more)))
    find = (Button(_("Find a set"), "find_set", opens=True),) if more > 0 else ()
    return Message(
        _("Action Learning Sets"),
        (*(blocks or (Text(_("There are no sets yet.")),)), Buttons((add_set_button(), *find))),
        _("Only you see this answer. The other leads can ask for the same."),
    )


def search_form(listed: Sequence[LearningSet]) -> Form:
    """Which set? Of very many, one is found by its name."""
    if len(listed) > MOST_LISTED:
        too_many = _("There are too many sets for a list: please type the name.")
        field: AnyField = TextField("set", _("Set"), help=too_many, max_length=LONGEST_NAME)
    else:
        field = PickOne("set", _("Set"), options=tuple(Option(str(one.id), shown(one.name)) for one in listed))
    return Form(
        "find_set",
        _("Find a set"),
        _("Next"),
        (field,),
        seen_by=_("Only you see this. Nothing changes yet."),
    )


def _next_session(session: Session | None, reader: Person) -> str:
    if session is None:
        return _("No session is planned.")
    return _("Next session: {when}").format(when=als.when(session, reader))


_NEXT = replace(SESSION, id=32, starts_at=datetime(2027, 1, 20, 14, 0, tzinfo=UTC))
_SOUTH = replace(LEARNING_SET, id=4, name="Southern set")

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "member": lambda: overview(for_member(LEARNING_SET, (SESSION, _NEXT), MENTOR, "")),
    "member_answered": lambda: overview(for_member(LEARNING_SET, (SESSION,), MENTOR, "maybe")),
    "member_between_sessions": lambda: overview(for_member(LEARNING_SET, (), MENTOR, "")),
    "facilitator": lambda: overview(for_facilitator(LEARNING_SET, (_NEXT,), FACILITATOR, COMING, (SESSION,))),
    "facilitator_without_sessions": lambda: overview(for_facilitator(LEARNING_SET, (), FACILITATOR, (), ())),
    "in_no_set": lambda: overview(()),
    "sets_for_leads": lambda: sets_for_leads([(LEARNING_SET, SESSION), (_SOUTH, None)], LEAD),
    "sets_for_leads_many": lambda: sets_for_leads([(LEARNING_SET, SESSION)] * (SHOWN_TO_LEADS + 1), LEAD),
    "search_form": lambda: search_form((LEARNING_SET, _SOUTH)),
    "search_form_of_many": lambda: search_form((LEARNING_SET,) * (MOST_LISTED + 1)),
    "sets_for_leads_none": lambda: sets_for_leads([], LEAD),
}
