"""Action Learning Sets: a week before a session each member is asked whether they come; the day before, those who did
not say no are reminded and the facilitator hears who comes. One tap answers, another one changes the answer until the
session begins.

Only time, place and people are known here; what a set talks about is never asked for. The register is in
als_register.py, another time or place in als_change.py, ``/als`` in als_overview.py.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.examples import COMING, MENTOR, SESSION
from bot.flow import Event, Flow, Outcome, Private, Update
from bot.handlers.arranged import details
from bot.handlers.pause import quiet_of
from bot.invitations import calendar_link
from bot.programme import sets
from bot.programme.calendar import Dated
from bot.reading import about, id_in, ids_about
from bot.texts import _, marked, said_day, said_moment
from bot.ui import Block, Button, Buttons, Facts, Form, Link, Message, Text
from storage.places import dm
from storage.records import Due, LearningSet, Person, Programme, Session
from storage.unit_of_work import UnitOfWork

flow = Flow("als")

Answers = Sequence[tuple[Person, str]]
"""Every member with ``yes``, ``no``, ``maybe`` or, so far, nothing."""


def begin(programme: Programme, uow: UnitOfWork) -> None:
    """Have everybody asked to all sessions to come."""
    for learning_set in uow.sets.all(programme.id):
        plan_all(learning_set, uow)


def plan_all(learning_set: LearningSet, uow: UnitOfWork) -> None:
    """Have everybody asked to the sessions of a set that are to come: also after its members or its facilitator have
    changed."""
    for session in uow.sets.sessions(learning_set.id):
        if is_to_come(session, uow):
            plan(session, uow)


def plan(session: Session, uow: UnitOfWork) -> None:
    """Have everybody asked to a session in good time: also after it has changed."""
    drop_plans(session, uow)
    if is_to_come(session, uow):
        uow.due.add("als_prepare", str(session.id), max(uow.now, session.starts_at - sets.PREPARED_BEFORE))


def drop_plans(session: Session, uow: UnitOfWork) -> None:
    """Have nobody asked to a session."""
    facilitator = session.learning_set.facilitator
    uow.due.drop("als_prepare", str(session.id))
    for rule in ("als_who_comes", "als_register"):
        uow.due.drop(rule, about(session.id, facilitator.id))


@flow.job("als_prepare")
def prepare(due: Due, uow: UnitOfWork) -> None:
    """Reckon when members are asked and reminded, and when the facilitator hears who comes and who came; a week before
    the session once more, for members who have joined the programme meanwhile."""
    session = uow.sets.session(id_in(due.subject))
    if not is_to_come(session, uow):
        return
    for member in uow.sets.members(session.learning_set.id):
        book(session, member, uow.sets.answer_of(session, member), cards_there(session, member, uow), uow)
    facilitator = session.learning_set.facilitator
    told = sets.counted_at(session.starts_at, quiet_of(facilitator, uow))
    if told > uow.now:
        uow.due.add("als_who_comes", about(session.id, facilitator.id), told)
    uow.due.add("als_register", about(session.id, facilitator.id), session.ends_at)
    if session.starts_at - sets.INVITED_BEFORE > uow.now:
        uow.due.add("als_prepare", due.subject, session.starts_at - sets.INVITED_BEFORE)


@flow.job("als_who_comes")
def tell_who_comes(due: Due, uow: UnitOfWork) -> None:
    """Tell the facilitator who comes."""
    session_id, person_id = ids_about(due.subject)
    session = uow.sets.session(session_id)
    facilitator = session.learning_set.facilitator
    if facilitator.id == person_id and is_to_come(session, uow):
        uow.sets.note_counted(session)
        send(_count_key(session), who_comes(session, uow.sets.answers(session)), session, facilitator, uow)


def how_it_stands(event: Event, uow: UnitOfWork) -> Outcome:
    """The session as it is known now, with this member's answer."""
    session = uow.sets.session_for_member(event.who.id, id_in(event.subject))
    return Update(card(session, event.who, uow))


# Without ``again``: on Teams a yes after a no after a yes looks like the first yes once more. To note the same answer
# twice changes nothing.
@flow.button("als_yes")
@flow.button("als_no")
@flow.button("als_maybe")
def note_answer(event: Event, uow: UnitOfWork) -> Outcome:
    """Note whether a member comes. An answer to a time that has changed since is no answer to the new one."""
    session = uow.sets.session_for_member(event.who.id, id_in(event.subject))
    if not is_to_come(session, uow) or event.version != session.version:
        return how_it_stands(event, uow)
    answer = event.name.removeprefix("als_")
    uow.sets.answer(session.id, event.who.id, answer)
    there = show_answer(session, event.who, answer, uow)
    if answer == "no" and _reminder_key(session, event.who) in there:
        uow.outbox.withdraw(_reminder_key(session, event.who))
    book(session, event.who, answer, there, uow)
    return Update(invitation(session, event.who, answer))


@flow.button("als_not_now", again=how_it_stands)
def not_now(event: Event, uow: UnitOfWork) -> Outcome:
    """Leave it open until the reminder. Three days would be two questions within as many days and three messages within
    the week; in two weeks the session is over, so that the answer is no."""
    session = uow.sets.session_for_member(event.who.id, id_in(event.subject))
    if is_to_come(session, uow) and event.version == session.version and not uow.sets.answer_of(session, event.who):
        return Update(open_until_the_reminder(session, event.who))
    return how_it_stands(event, uow)


@flow.button("als_calendar")
def offer_for_calendar(event: Event, uow: UnitOfWork) -> Outcome:
    """Give a member or the facilitator the session for their calendar."""
    session = uow.sets.session(id_in(event.subject))
    if session.learning_set.facilitator.id != event.who.id:
        session = uow.sets.session_for_member(event.who.id, session.id)
    return Private(for_calendar(session, event.who, in_calendar(session, uow)))


# What the other files about sets need of it


def forget(member: Person, uow: UnitOfWork) -> None:
    """Let somebody belong to no set any more, and ask them to no session; their cards offer to take it out of calendars
    again."""
    for session in uow.sets.engaged(member.id):
        take_back(session, member, no_longer_asked(session, member, out_of_calendar(session, uow)), uow)
    uow.sets.leave_all(member.id)


def take_back(session: Session, member: Person, message: Message, uow: UnitOfWork) -> None:
    """Let no card ask a member to a session any more: one that waits is not sent, one that was sent shows this."""
    for key in card_keys(session, member):
        uow.outbox.withdraw(key)
        uow.outbox.replace(key, message, place=dm(member))


def has_a_card(session: Session, member: Person, uow: UnitOfWork) -> bool:
    """Whether a message about a session, at whatever time, was sent to a member, or waits."""
    return uow.outbox.newest(dm(member), _about(session, member)) is not None


def give_up(session: Session, message: Message, uow: UnitOfWork) -> None:
    """Tell the facilitator of this record, who facilitates the set no more, nothing further of a session; the card that
    told who comes shows this message."""
    drop_plans(session, uow)
    for key in (change_for_facilitator(session), _count_key(session)):
        uow.outbox.withdraw(key)
    uow.outbox.replace(_count_key(session), message, place=dm(session.learning_set.facilitator))


def is_to_come(session: Session, uow: UnitOfWork) -> bool:
    """Whether a session will take place, as far as is known, and has not begun."""
    return session.state == "planned" and session.starts_at > uow.now


def send(
    key: str, message: Message, session: Session, reader: Person, uow: UnitOfWork, *, not_before: datetime | None = None
) -> None:
    """Send something that is of no use any more once the session has begun. ``not_before``: when, if not now."""
    uow.outbox.add(to=dm(reader), key=key, message=message, not_before=not_before, useful_until=session.starts_at)


def book(session: Session, member: Person, answer: str, there: Collection[str], uow: UnitOfWork) -> None:
    """Queue a member's invitation and reminder until their times, so that the message budget keeps room for both. There
    is no reminder after a no, nor within a day of the invitation. ``there``: what ``cards_there`` found."""
    is_queued = _reminder_key(session, member) in there
    has_all = invitation_key(session, member) in there and (is_queued or answer == "no")
    if has_all or session.starts_at - uow.now > sets.PREPARED_BEFORE:
        return
    quiet = quiet_of(member, uow)
    invited = max(uow.now, sets.invited_at(session.starts_at, quiet))
    reminded = sets.reminded_at(session.starts_at, quiet)
    if invitation_key(session, member) not in there:
        message = invitation(session, member, answer, link=in_calendar(session, uow))
        send(invitation_key(session, member), message, session, member, uow, not_before=invited)
    if answer != "no" and not is_queued and sets.wants_a_reminder(invited, reminded):
        message = reminder(session, member, answer)
        send(_reminder_key(session, member), message, session, member, uow, not_before=reminded)


def cards_there(session: Session, member: Person, uow: UnitOfWork) -> set[str]:
    """The keys of those cards about a session that a member has or will get."""
    return uow.outbox.there(dm(member), card_keys(session, member))


def show_answer(session: Session, member: Person, answer: str, uow: UnitOfWork) -> set[str]:
    """Let every card about a session show a member's answer, and the facilitator's who comes. The keys of the member's
    cards that are there."""
    message = invitation(session, member, answer)
    cards = {
        invitation_key(session, member): message,
        change_key(session, member): message,
        _reminder_key(session, member): reminder(session, member, answer),
    }
    there = uow.outbox.replace_in(dm(member), cards)
    if session.is_counted:
        show_who_comes(session, uow)
    return there


def show_who_comes(session: Session, uow: UnitOfWork) -> None:
    """Let the facilitator's card show who comes, as far as it is known now."""
    message = who_comes(session, uow.sets.answers(session))
    uow.outbox.replace(_count_key(session), message, place=dm(session.learning_set.facilitator))


def invitation_key(session: Session, member: Person) -> str:
    """The key of the invitation to a session at its present time."""
    return f"{_cards(session, member)}invitation"


def change_key(session: Session, member: Person) -> str:
    """The key of the message that tells of the latest change."""
    return f"{_cards(session, member)}changed:{session.sequence}"


def card_keys(session: Session, member: Person) -> tuple[str, ...]:
    """The keys of all cards that may have asked a member to a session at its present time and place."""
    return invitation_key(session, member), _reminder_key(session, member), change_key(session, member)


def _reminder_key(session: Session, member: Person) -> str:
    return f"{_cards(session, member)}reminder"


def change_for_facilitator(session: Session) -> str:
    """The key of the message that tells the facilitator of the latest change."""
    return f"als_changed:{session.id}:{session.sequence}"


def _about(session: Session, member: Person) -> str:
    return f"als:{about(session.id, member.id)}:"


def _cards(session: Session, member: Person) -> str:
    return f"{_about(session, member)}v{session.version}:"


def _count_key(session: Session) -> str:
    return f"als_who_comes:{session.id}:v{session.version}"


def card(session: Session, member: Person, uow: UnitOfWork) -> Message:
    """What a member is shown about a session now."""
    if session.state == "cancelled":
        return cancelled(session, member, link=in_calendar(session, uow))
    if not is_to_come(session, uow):
        return begun(session, member)
    return invitation(session, member, uow.sets.answer_of(session, member))


def out_of_calendar(session: Session, uow: UnitOfWork) -> Link | None:
    """The link that takes a session, which does take place, out of the calendar of somebody who is asked to it no more.
    The sequence stays, so that it can come back into this calendar."""
    return in_calendar(replace(session, state="cancelled"), uow)


def in_calendar(session: Session, uow: UnitOfWork) -> Link | None:
    """The link to a session, or to its cancellation, for a calendar; None where no file can be fetched."""
    programme = uow.programmes.get(session.learning_set.programme_id)
    event = Dated(
        uid=session.uid,
        sequence=session.sequence,
        starts_at=session.starts_at,
        minutes=session.minutes,
        summary=_("Action Learning Set: {name}").format(name=session.learning_set.name),
        description=_(
            "{programme}, with {facilitator}. To say whether you come, type als to the bot: what you change in your "
            "calendar, nobody sees."
        ).format(programme=programme.name, facilitator=session.learning_set.facilitator.name),
        place=session.place,
    )
    return calendar_link(event, programme, uow, cancelled=session.state == "cancelled")


# What is said

ANSWERS = {
    "yes": marked("You said yes. You can change your answer until the session begins."),
    "no": marked("You said no, and that is fine. You can change your answer until the session begins."),
    "maybe": marked("You said maybe. You can change your answer until the session begins."),
}


def when(session: Session, reader: Person) -> str:
    """When a session begins, on the reader's own wall."""
    return said_moment(session.starts_at, ZoneInfo(reader.time_zone))


def day(session: Session, reader: Person) -> str:
    """The day of a session, on the reader's own wall."""
    return said_day(session.starts_at.astimezone(ZoneInfo(reader.time_zone)).date())


def calendar_button(session: Session) -> Button:
    """Gives the session for a calendar."""
    return Button(_("For my calendar"), "als_calendar", str(session.id))


def answer_buttons(session: Session, answer: str, *more: Button) -> tuple[Block, ...]:
    """Yes, no and maybe, with the answer so far above them, or the question."""
    labels = {"yes": _("Yes"), "no": _("No"), "maybe": _("Maybe")}
    row = tuple(
        Button(label, f"als_{value}", str(session.id), session.version, primary=value == answer)
        for value, label in labels.items()
    )
    return Text(_(ANSWERS[answer]) if answer else _("Will you come?")), Buttons((*row, *more))


def invitation(session: Session, member: Person, answer: str, *, link: Link | None = None) -> Message:
    """Will you come? With an answer, it shows it. ``link``: to the calendar file, where it comes with the message."""
    name = session.learning_set.name
    later = () if answer else (Button(_("Not now"), "als_not_now", str(session.id), session.version),)
    calendar = () if link else (calendar_button(session),)
    return Message(
        _("{name}: will you come on {when}?").format(name=name, when=when(session, member)),
        (
            Text(
                _("Your Action Learning Set, {name}, meets {facilitator} on {when}.").format(
                    name=name, facilitator=session.learning_set.facilitator.name, when=when(session, member)
                )
            ),
            *details(session.minutes, session.place),
            *answer_buttons(session, answer, *later, *calendar),
            *((link,) if link else ()),
        ),
        seen_by(session),
    )


def reminder(session: Session, member: Person, answer: str) -> Message:
    """The session is near."""
    said = _("A reminder: your Action Learning Set, {name}, meets {facilitator} on {when}.").format(
        name=session.learning_set.name, facilitator=session.learning_set.facilitator.name, when=when(session, member)
    )
    return Message(
        said,
        (
            Text(said),
            *details(session.minutes, session.place),
            *answer_buttons(session, answer, calendar_button(session)),
        ),
        seen_by(session),
    )


def open_until_the_reminder(session: Session, member: Person) -> Message:
    """To somebody who does not want to answer now."""
    said = _(
        "That is fine. You can answer here until the session begins on {when}; I ask once more at most, shortly before."
    ).format(when=when(session, member))
    return Message(said, (Text(said), *answer_buttons(session, "")), seen_by(session))


def begun(session: Session, member: Person) -> Message:
    """It is too late for an answer."""
    said = _("The session of {name} on {when} has begun or is over, so there is nothing to answer any more.").format(
        name=session.learning_set.name, when=when(session, member)
    )
    return Message(said, (Text(said), to_the_set()), _("Only you see this."))


def cancelled(session: Session, reader: Person, *, link: Link | None = None) -> Message:
    """It does not take place."""
    said = _("The session of {name} on {when} is cancelled.").format(
        name=session.learning_set.name, when=when(session, reader)
    )
    seen = _("Everybody in the set gets this. There is nothing to answer.")
    return Message(said, (Text(said), *((link,) if link else ()), to_the_set()), seen)


def no_longer_asked(session: Session, reader: Person, link: Link | None) -> Message:
    """On the cards of somebody who belongs to the set no more."""
    said = _("You are no longer in {name}, so there is nothing to answer about its session on {when}.").format(
        name=session.learning_set.name, when=when(session, reader)
    )
    return Message(said, (Text(said), *((link,) if link else ())), _("Only you see this."))


def for_calendar(session: Session, reader: Person, link: Link | None) -> Message:
    """The session for a calendar, as far as a file can be fetched."""
    said = _("{name} meets on {when}.").format(name=session.learning_set.name, when=when(session, reader))
    other_way = Text(_("I cannot offer a file here, so please note it down."))
    return Message(
        said,
        (Text(said), *details(session.minutes, session.place), link or other_way),
        _("Only you see this link; it works until the session is over."),
    )


def to_the_set() -> Buttons:
    """The button that shows a member's set."""
    return Buttons((Button(_("Show my set"), "als"),))


def seen_by(session: Session) -> str:
    """Who sees a member's answer."""
    return _("{name} sees your answer, as the facilitator. Leads see only how many came to a session.").format(
        name=session.learning_set.facilitator.name
    )


def who_comes(session: Session, answers: Answers) -> Message:
    """To the facilitator, who comes: numbers and names."""
    said = _("{name} meets on {when}. {yes} of {members} say that they come.").format(
        name=session.learning_set.name,
        when=when(session, session.learning_set.facilitator),
        yes=sum(answer == "yes" for _member, answer in answers),
        members=len(answers),
    )
    change = Button(_("Change or cancel"), "als_change", str(session.id), opens=True)
    return Message(
        said,
        (Text(said), *who_says_what(answers), Buttons((change, calendar_button(session)))),
        _("Only you see the names; members know that you do. Leads see only how many came, from the register."),
    )


def who_says_what(answers: Answers) -> tuple[Block, ...]:
    """Numbers and names for each answer that somebody gave, and for none."""
    labels = {"yes": _("Yes"), "maybe": _("Maybe"), "no": _("No"), "": _("No answer yet")}
    rows = []
    for value, label in labels.items():
        names = [member.name for member, answer in answers if answer == value]
        if names:
            rows.append((label, counted(names)))
    return (Facts(tuple(rows)),) if rows else ()


def counted(names: Sequence[str]) -> str:
    """Names, and how many there are."""
    return _("{count}: {names}").format(count=len(names), names=", ".join(names))


_FILE = "https://mentoring.westmarch.example/files/bF2uK1xq0mZ7aW9dRt4sYw"
_ONLINE = replace(SESSION, place="https://meet.westmarch.example/als-north")

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "invitation": lambda: invitation(SESSION, MENTOR, "", link=Link(_("Add it to your calendar"), _FILE)),
    "invitation_answered": lambda: invitation(_ONLINE, MENTOR, "yes"),
    "reminder": lambda: reminder(SESSION, MENTOR, ""),
    "reminder_maybe": lambda: reminder(_ONLINE, MENTOR, "maybe"),
    "for_calendar": lambda: for_calendar(SESSION, MENTOR, Link(_("Add it to your calendar"), _FILE)),
    "for_calendar_without_a_link": lambda: for_calendar(_ONLINE, MENTOR, None),
    "open_until_the_reminder": lambda: open_until_the_reminder(SESSION, MENTOR),
    "begun": lambda: begun(SESSION, MENTOR),
    "cancelled": lambda: cancelled(SESSION, MENTOR, link=Link(_("Take it out of your calendar"), _FILE)),
    "no_longer_asked": lambda: no_longer_asked(SESSION, MENTOR, Link(_("Take it out of your calendar"), _FILE)),
    "who_comes": lambda: who_comes(SESSION, COMING),
}
