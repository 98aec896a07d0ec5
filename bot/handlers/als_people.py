"""Who belongs to an Action Learning Set, and who facilitates it: what follows once that is another. Who is new and who
goes gets one message each; the others' cards show how things stand. Those who have not said yes to the programme are
told nothing, and are asked to sessions once they have.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.examples import COMING, LEAD, LEARNING_SET, MENTOR, PROGRAMME, SESSION
from bot.handlers import als
from bot.handlers.als_change import add_button
from bot.handlers.als_register import has_begun, register_button, show_on_card
from bot.handlers.arranged import details
from bot.handlers.help import whom_to_ask
from bot.handlers.pause import quiet_of
from bot.programme import sets
from bot.programme.quiet import next_allowed
from bot.reading import about
from bot.texts import _
from bot.ui import Block, Button, Buttons, Facts, Form, Link, Message, Text
from storage.places import dm
from storage.records import LearningSet, Person, Programme, Session
from storage.unit_of_work import UnitOfWork

LISTED = 5
"""Sessions that a former member takes out of their calendar, and open registers that a new facilitator finds."""

OffCalendar = Sequence[tuple[Session, Link | None]]
"""Sessions to come that may be in somebody's calendar, with the links that take them out."""


@dataclass(frozen=True, slots=True)
class People:
    """Who meets. ``learning_set``: None before there is one. ``members``: those who take part in the programme."""

    learning_set: LearningSet | None
    members: tuple[Person, ...]

    @property
    def everybody(self) -> dict[int, Person]:
        """Members and facilitator, by id."""
        facilitators = (self.learning_set.facilitator,) if self.learning_set else ()
        return {person.id: person for person in (*self.members, *facilitators)}

    def part_of(self, person: Person) -> str:
        """``facilitator``, ``member`` or, for who is neither, nothing."""
        if self.learning_set is not None and self.learning_set.facilitator.id == person.id:
            return "facilitator"
        return "member" if person.id in {member.id for member in self.members} else ""


NOBODY = People(None, ())
"""Who was in a set that is new."""


def people_of(learning_set: LearningSet, uow: UnitOfWork) -> People:
    """Who is in a set now."""
    return People(learning_set, tuple(uow.sets.members(learning_set.id)))


def follow(before: People, learning_set: LearningSet, by: Person | None, uow: UnitOfWork) -> None:
    """Let everything follow once a set has another name, facilitator or members: cards, plans, and one message to each
    who is new or goes, but for the one who changed it. ``before``: who was in it. ``by``: None where it was a file."""
    after = people_of(learning_set, uow)
    sessions = uow.sets.sessions(learning_set.id)
    everybody = before.everybody | after.everybody
    for session in sessions:
        if session.state == "planned":
            _show_on_cards(session, before, after, uow)
    for person in everybody.values():
        was, becomes = before.part_of(person), after.part_of(person)
        if was != becomes and (by is None or by.id != person.id):
            _tell(person, (was, becomes), learning_set, sessions, uow)
    als.plan_all(learning_set, uow)


# Doing


def _tell(
    person: Person, parts: tuple[str, str], learning_set: LearningSet, sessions: Sequence[Session], uow: UnitOfWork
) -> None:
    """Tell somebody what they are in the set now. News that has not gone out yet is overtaken; who has thus never heard
    that it was otherwise is told nothing. News of a session within the week is the invitation to it. ``parts``: what
    they were, and what they are."""
    was, becomes = parts
    beginning = f"als_people:{about(learning_set.id, person.id)}:"
    waits = uow.outbox.newest(dm(person), beginning)
    if waits is not None and uow.outbox.waits(dm(person), waits):
        uow.outbox.withdraw(waits)
        if not uow.outbox.waits(dm(person), waits):
            was = waits.removeprefix(beginning).partition(":")[0]
    if was == becomes:
        return
    key = f"{beginning}{was}:{uow.new_id()}"
    to_come = [session for session in sessions if als.is_to_come(session, uow)]
    match becomes:
        case "facilitator":
            ended = [s for s in sessions if s.state == "planned" and s.ends_at <= uow.now]
            message = now_facilitator(learning_set, uow.sets.members(learning_set.id), to_come[:1], ended[-LISTED:])
        case "member":
            following = _in_time(to_come, person, uow)
            if following and sets.invited_at(following[0].starts_at, quiet_of(person, uow)) <= uow.now:
                _invite(following[0], person, key, uow)
                return
            message = now_member(learning_set, person, following[0] if following else None)
        case _:
            programme = uow.programmes.get(learning_set.programme_id)
            goodbye = no_longer_facilitator if was == "facilitator" else no_longer_member
            message = goodbye(learning_set, person, _off_calendar(to_come, person, was, uow), programme)
    uow.outbox.add(to=dm(person), key=key, message=message)


def _in_time(to_come: Sequence[Session], person: Person, uow: UnitOfWork) -> list[Session]:
    """The sessions that have not begun by the time at which somebody can be told of them."""
    heard_at = next_allowed([quiet_of(person, uow)], uow.now)
    return [session for session in to_come if session.starts_at > heard_at]


def _invite(session: Session, member: Person, otherwise: str, uow: UnitOfWork) -> None:
    """Tell a new member with the invitation to a session. Who was a member before may have had the invitation: then
    this is a message of its own."""
    key = als.invitation_key(session, member)
    if uow.outbox.newest(dm(member), key) is not None:
        key = otherwise
    als.send(key, now_invited(session, member, als.in_calendar(session, uow)), session, member, uow)


def _off_calendar(to_come: Sequence[Session], person: Person, was: str, uow: UnitOfWork) -> OffCalendar:
    """What may be in somebody's calendar: for a member the next session, and those about which they have a card."""
    off = to_come
    if was == "member":
        off = [*to_come[:1], *(session for session in to_come[1:] if als.has_a_card(session, person, uow))]
    return [(session, als.out_of_calendar(session, uow)) for session in off[:LISTED]]


def _show_on_cards(session: Session, before: People, after: People, uow: UnitOfWork) -> None:
    """Let the cards that people have of a session show how things stand; somebody else may see an answer now."""
    former = before.learning_set.facilitator if before.learning_set else None
    if former is not None and former.id != session.learning_set.facilitator.id:
        _hand_over(session, former, uow)
    if not als.is_to_come(session, uow):
        return
    for person in (before.everybody | after.everybody).values():
        is_member, was_member = (people.part_of(person) == "member" for people in (after, before))
        if is_member and (not was_member or before.learning_set != after.learning_set):
            als.show_answer(session, person, uow.sets.answer_of(session, person), uow)
        elif was_member and not is_member and als.has_a_card(session, person, uow):
            link = als.out_of_calendar(session, uow)
            als.take_back(session, person, als.no_longer_asked(session, person, link), uow)
    als.show_who_comes(session, uow)


def _hand_over(session: Session, former: Person, uow: UnitOfWork) -> None:
    """Let the former facilitator hear no more of a session. Its register, once it is open, is for the new one."""
    message = somebody_else(session)
    as_it_was = replace(session, learning_set=replace(session.learning_set, facilitator=former))
    als.give_up(as_it_was, message, uow)
    if has_begun(session, uow):
        show_on_card(as_it_was, message, uow)
        if session.ends_at > uow.now:
            uow.due.add("als_register", about(session.id, session.learning_set.facilitator.id), session.ends_at)


# What is said


def now_member(learning_set: LearningSet, member: Person, session: Session | None) -> Message:
    """To a new member, with the next session, if there is one."""
    said = _you_are_in(learning_set)
    if session is None:
        following: tuple[Block, ...] = (Text(_("No session is planned yet.")),)
    else:
        following = (
            Text(_("Next session: {when}").format(when=als.when(session, member))),
            *details(session.minutes, session.place),
        )
    return Message(
        said,
        (
            Text(said),
            Text(_what_a_set_is()),
            *following,
            Text(_("I ask you a week before each session whether you come.")),
            als.to_the_set(),
        ),
        _("Leads and {facilitator} know who is in the set. There is nothing to answer.").format(
            facilitator=learning_set.facilitator.name
        ),
    )


def now_invited(session: Session, member: Person, link: Link | None) -> Message:
    """To a new member of a set that meets soon: will they come?"""
    said = _you_are_in(session.learning_set)
    later = Button(_("Not now"), "als_not_now", str(session.id), session.version)
    return Message(
        said,
        (
            Text(said),
            Text(_what_a_set_is()),
            Text(_("Next session: {when}").format(when=als.when(session, member))),
            *details(session.minutes, session.place),
            *als.answer_buttons(session, "", later, *(() if link else (als.calendar_button(session),))),
            *((link,) if link else ()),
        ),
        als.seen_by(session),
    )


def _you_are_in(learning_set: LearningSet) -> str:
    return _("You are now in {name}, an Action Learning Set with {facilitator}.").format(
        name=learning_set.name, facilitator=learning_set.facilitator.name
    )


def _what_a_set_is() -> str:
    return _("In such a small group mentors meet regularly to learn together. What is said there stays there.")


def no_longer_member(learning_set: LearningSet, member: Person, off: OffCalendar, programme: Programme) -> Message:
    """To somebody who was taken out of a set."""
    said = _("You are no longer in {name}, so I ask you to its sessions no more.").format(name=learning_set.name)
    return Message(
        said,
        (
            Text(said),
            Text(_("Sets change for many reasons, and this is no judgement on you. What you came to stays counted.")),
            *_take_out(off, member),
            *whom_to_ask(programme),
        ),
        _("Leads and {facilitator} know who is in the set. There is nothing to answer.").format(
            facilitator=learning_set.facilitator.name
        ),
    )


def now_facilitator(
    learning_set: LearningSet,
    members: Sequence[Person],
    following: Sequence[Session],
    open_registers: Sequence[Session],
) -> Message:
    """To a new facilitator: what they facilitate, and what they get from now on. ``following``: the next session, if
    there is one."""
    reader = learning_set.facilitator
    said = _("You now facilitate {name}, an Action Learning Set.").format(name=learning_set.name)
    when = als.when(following[0], reader) if following else _("none is planned yet")
    rows = [(_("Next session"), when)]
    if members:
        rows.append((_("Members"), als.counted([member.name for member in members])))
    registers = tuple(register_button(session) for session in open_registers)
    return Message(
        said,
        (
            Text(said),
            Facts(tuple(rows)),
            Text(
                _(
                    "The day before a session I tell you who comes, and afterwards I ask you who came. To plan or "
                    "change sessions, type als to me at any time."
                )
            ),
            Buttons((add_button(learning_set), *als.to_the_set().buttons)),
            *((Text(_("Still to be filled in:")), Buttons(registers)) if registers else ()),
        ),
        _("Only you see this. Members see who facilitates their set, and so do leads."),
    )


def no_longer_facilitator(learning_set: LearningSet, former: Person, off: OffCalendar, programme: Programme) -> Message:
    """To somebody who facilitates a set no more."""
    said = _("You no longer facilitate {name}; {facilitator} does from now on.").format(
        name=learning_set.name, facilitator=learning_set.facilitator.name
    )
    return Message(
        said,
        (
            Text(said),
            Text(_("I send you nothing more about its sessions. Thank you for your time.")),
            *_take_out(off, former),
            *whom_to_ask(programme),
        ),
        _("Only you see this. Members see who facilitates their set, and so do leads."),
    )


def somebody_else(session: Session) -> Message:
    """On the cards of a former facilitator."""
    said = _("{facilitator} facilitates {name} now, so there is nothing to do here.").format(
        facilitator=session.learning_set.facilitator.name, name=session.learning_set.name
    )
    return Message(said, (Text(said),), _("Only you see this."))


def _take_out(off: OffCalendar, reader: Person) -> tuple[Block, ...]:
    """The sessions that are to leave a calendar, as far as there are links."""
    blocks: list[Block] = []
    for session, link in off:
        if link:
            blocks += [Text(_("Session on {when}:").format(when=als.when(session, reader))), link]
    return tuple(blocks)


def _out() -> Link:
    url = "https://mentoring.westmarch.example/files/bF2uK1xq0mZ7aW9dRt4sYw"
    return Link(_("Take it out of your calendar"), url)


_AMONG = tuple(member for member, _answer in COMING)

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "now_member": lambda: now_member(LEARNING_SET, MENTOR, SESSION),
    "now_member_before_the_first_session": lambda: now_member(LEARNING_SET, MENTOR, None),
    "now_invited": lambda: now_invited(SESSION, MENTOR, None),
    "no_longer_member": lambda: no_longer_member(LEARNING_SET, MENTOR, ((SESSION, _out()),), PROGRAMME),
    "now_facilitator": lambda: now_facilitator(LEARNING_SET, _AMONG, (SESSION,), ()),
    "now_facilitator_with_a_register": lambda: now_facilitator(LEARNING_SET, (), (), (SESSION,)),
    "no_longer_facilitator": lambda: no_longer_facilitator(LEARNING_SET, LEAD, ((SESSION, _out()),), PROGRAMME),
    "somebody_else": lambda: somebody_else(SESSION),
}
