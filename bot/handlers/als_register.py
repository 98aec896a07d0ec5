"""The register of an Action Learning Set: when a session is over, its facilitator notes who came, in one form that can
be corrected later. Leads see how many came.

Who has missed two sessions in a row is asked, once, whether something would make it easier to come. Leads are not told.
"""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from bot.examples import COMING, MENTOR, SESSION
from bot.flow import Event, Flow, FormErrors, Outcome, Private, ShowForm, Update, UserError
from bot.handlers import openings
from bot.handlers.als import counted, day, when
from bot.handlers.not_now import not_now_row
from bot.programme import cadence, sets
from bot.reading import about, id_in, ids_about, picked
from bot.texts import _
from bot.ui import Button, Buttons, Contact, Facts, Form, Message, Option, PickMany, Text
from storage.places import dm
from storage.records import Account, Due, NotThere, Person, Session
from storage.unit_of_work import UnitOfWork

flow = Flow("als_register")

Register = Sequence[tuple[Person, bool | None]]
"""Everybody in a register with whether they came; None where nobody has said."""


@flow.job("als_register")
def ask_who_came(due: Due, uow: UnitOfWork) -> None:
    """Ask the facilitator who came, unless the register is filled in."""
    session_id, person_id = ids_about(due.subject)
    session = uow.sets.session(session_id)
    openings.after_session(session.learning_set.programme_id, uow)
    facilitator = session.learning_set.facilitator
    if facilitator.id == person_id and session.state == "planned" and has_begun(session, uow):
        key = f"{_keys(session)}{due.due_at:%Y-%m-%d}"
        uow.outbox.add(to=dm(facilitator), key=key, message=who_came(session))


@flow.button("als_register")
def open_register(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the register of a session that has begun."""
    session = _begun_session(event, uow)
    register = uow.sets.register(session)
    if not register:
        raise UserError(nobody_listed(session))
    expected = {member.id for member, answer in uow.sets.answers(session) if answer == "yes"}
    return ShowForm(register_form(session, register, expected), "als_register", event.subject)


@flow.form("als_register")
def fill_register(event: Event, uow: UnitOfWork) -> Outcome:
    """Note who came, for the first time or better than before; who has missed two in a row is asked the day after."""
    session = _begun_session(event, uow)
    form = register_form(session, uow.sets.register(session), set())
    present = picked(event.values, "present")
    known = {option.value for field in form.fields if isinstance(field, PickMany) for option in field.options}
    if not present:
        hint = _("If nobody came, the session did not take place: please say so on the card instead.")
        raise FormErrors({"present": hint}, form)
    if not set(present) <= known:
        raise FormErrors({"present": _("Please choose from the list.")}, form)
    uow.sets.fill_register(session, {int(value) for value in present})
    openings.after_session(session.learning_set.programme_id, uow)
    register = uow.sets.register(session)
    for member, _came in register:
        _ask_later_what_would_help(session, member, uow)
    message = filled(session, register)
    show_on_card(session, message, uow)
    return Private(message)


def how_it_stands(event: Event, uow: UnitOfWork) -> Outcome:
    """Whether the session took place, as far as it is known."""
    session = _begun_session(event, uow)
    match session.state:
        case "held":
            return Update(filled(session, uow.sets.register(session)))
        case "cancelled":
            return Update(not_held(session))
        case _:
            return Update(who_came(session))


@flow.button("als_not_held", again=how_it_stands)
def note_that_it_was_not_held(event: Event, uow: UnitOfWork) -> Outcome:
    """Note that a session did not take place: nobody has missed it."""
    session = _begun_session(event, uow)
    if session.state == "planned":
        session = uow.sets.cancel_session(session.id)
        show_on_card(session, not_held(session), uow)
    return how_it_stands(event, uow)


@flow.job("als_missed")
def ask_what_would_help(due: Due, uow: UnitOfWork) -> None:
    """Ask a member whether something would make it easier to come, if the register still says that it was not."""
    session_id, person_id = ids_about(due.subject)
    try:
        session = uow.sets.session_for_member(person_id, session_id)
    except NotThere:
        return  # a member no more, or put off by a button that was made up
    member = uow.people.get(person_id)
    missed = _missed(session, member, uow)
    if session in missed and len(missed) >= sets.MISSED_IN_A_ROW:
        accounts = uow.people.accounts_of(session.learning_set.facilitator.id, reachable=True)
        key = f"{_question_keys(session, member)}{due.due_at:%Y-%m-%d}"
        uow.outbox.add(to=dm(member), key=key, message=what_would_help(session, member, accounts))


def has_begun(session: Session, uow: UnitOfWork) -> bool:
    """Whether somebody can have come to a session by now."""
    return session.starts_at <= uow.now


def show_on_card(session: Session, message: Message, uow: UnitOfWork) -> None:
    """Let the last card that asked the facilitator who came show what is known; who has not been asked need not be."""
    facilitator = session.learning_set.facilitator
    uow.due.drop("als_register", about(session.id, facilitator.id))
    if key := uow.outbox.newest(dm(facilitator), _keys(session)):
        uow.outbox.withdraw(key)
        uow.outbox.replace(key, message, place=dm(facilitator))


def _begun_session(event: Event, uow: UnitOfWork) -> Session:
    """A session that has begun, for its facilitator alone. Raises UserError for one to come."""
    session = uow.sets.session_for_facilitator(event.who.id, id_in(event.subject))
    if not has_begun(session, uow):
        raise UserError(not_begun(session))
    return session


def _ask_later_what_would_help(session: Session, member: Person, uow: UnitOfWork) -> None:
    """Have a member asked tomorrow, once for each run of sessions that they have missed: a register that is corrected
    by then leaves them in peace."""
    missed = _missed(session, member, uow)
    asked = any(uow.outbox.newest(dm(member), _question_keys(one, member)) for one in missed)
    if len(missed) < sets.MISSED_IN_A_ROW or asked:
        return
    programme = uow.programmes.get(session.learning_set.programme_id)
    for one in missed:
        uow.due.drop("als_missed", about(one.id, member.id))
    at = cadence.morning_later(uow.now, 1, ZoneInfo(programme.time_zone))
    uow.due.add("als_missed", about(missed[0].id, member.id), at)


def _missed(session: Session, member: Person, uow: UnitOfWork) -> list[Session]:
    """The sessions that a member has missed in a row up to now."""
    history = uow.sets.came(session.learning_set.id, member.id)
    return [history[i][0] for i in sets.missed_lately([came for _session, came in history])]


def _keys(session: Session) -> str:
    return f"als_register:{session.id}:"


def _question_keys(session: Session, member: Person) -> str:
    return f"als_missed:{about(session.id, member.id)}:"


# What is said


def who_came(session: Session) -> Message:
    """To the facilitator: who came?"""
    said = _("Who came to the session of {name} on {day}?").format(
        name=session.learning_set.name, day=day(session, session.learning_set.facilitator)
    )
    subject = str(session.id)
    return Message(
        said,
        (
            Text(said),
            Buttons(
                (
                    Button(_("Fill in the register"), "als_register", subject, opens=True, primary=True),
                    Button(_("It did not take place"), "als_not_held", subject),
                )
            ),
            *not_now_row("als_register", about(session.id, session.learning_set.facilitator.id)),
        ),
        _("Only you see the names. Leads see how many came to each session."),
    )


def register_form(session: Session, register: Register, expected: set[int]) -> Form:
    """Who came. Until somebody has said, those who meant to come are ticked."""
    is_known = any(came is not None for _person, came in register)
    ticked = tuple(str(p.id) for p, came in register if (came if is_known else p.id in expected))
    return Form(
        "als_register",
        _("Register"),
        _("Save"),
        (
            PickMany(
                "present",
                _("Who came on {day}?").format(day=day(session, session.learning_set.facilitator)),
                options=tuple(Option(str(person.id), person.name) for person, _came in register),
                value=ticked,
            ),
        ),
        seen_by=_("Only you see the names. Leads see how many came to each session."),
        subject=str(session.id),
        intro=_(
            "Only who came, never what was said. Who misses two sessions in a row gets one kind question from me: "
            "whether anything would make it easier to come."
        ),
    )


def filled(session: Session, register: Register) -> Message:
    """The register, filled in."""
    came = [person.name for person, was_there in register if was_there]
    missed = [person.name for person, was_there in register if was_there is False]
    said = _("{came} of {members} came to the session of {name} on {day}.").format(
        came=len(came),
        members=len(came) + len(missed),
        name=session.learning_set.name,
        day=day(session, session.learning_set.facilitator),
    )
    rows = ((_("Came"), came), (_("Did not come"), missed))
    return Message(
        said,
        (
            Text(said),
            Facts(tuple((label, counted(names)) for label, names in rows if names)),
            Buttons((Button(_("Correct it"), "als_register", str(session.id), opens=True),)),
        ),
        _("Only you see the names. Leads see how many came."),
    )


def register_button(session: Session) -> Button:
    """Opens the register of a session that has begun."""
    label = _("Register of {day}").format(day=day(session, session.learning_set.facilitator))
    return Button(label, "als_register", str(session.id), opens=True)


def not_held(session: Session) -> Message:
    """The session did not take place."""
    said = _("Noted: the session of {name} on {day} did not take place. It counts for nobody as missed.").format(
        name=session.learning_set.name, day=day(session, session.learning_set.facilitator)
    )
    after_all = Button(_("It did take place"), "als_register", str(session.id), opens=True)
    return Message(said, (Text(said), Buttons((after_all,))), _("Only you see this."))


def not_begun(session: Session) -> Message:
    """It is too early for the register."""
    said = _("This session is on {when}. I will ask you afterwards who came.").format(
        when=when(session, session.learning_set.facilitator)
    )
    return Message(said, (Text(said),), _("Only you see this."))


def nobody_listed(session: Session) -> Message:
    """There is nobody who could have come."""
    said = _("Nobody is a member of {name} yet, so there is no register to fill in.").format(
        name=session.learning_set.name
    )
    return Message(said, (Text(said),), _("Only you see this."))


def what_would_help(session: Session, member: Person, accounts: Sequence[Account]) -> Message:
    """To a member who has missed two sessions in a row. ``accounts``: how to reach the facilitator."""
    facilitator = session.learning_set.facilitator
    said = _("Would anything make it easier to come to {name}?").format(name=session.learning_set.name)
    return Message(
        said,
        (
            Text(
                _(
                    "It looks as if the last sessions of your Action Learning Set, {name}, did not work out for you. "
                    "That happens: rotas get in the way, and so does life."
                ).format(name=session.learning_set.name)
            ),
            Text(
                _(
                    "Would another day, another hour or joining by video make it easier? {facilitator} would be glad "
                    "to hear from you, also if the register is wrong."
                ).format(facilitator=facilitator.name)
            ),
            Contact(facilitator.name, facilitator.email, tuple((a.platform, a.tenant, a.user) for a in accounts)),
            Buttons((Button(_("Show my set"), "als"), Button(_("Get help"), "support"))),
            *not_now_row("als_missed", about(session.id, member.id)),
        ),
        _("Only you see this. {facilitator} knows that I ask after two sessions; leads are not told.").format(
            facilitator=facilitator.name
        ),
    )


_REGISTER: Register = tuple((member, answer == "yes") for member, answer in COMING)
_ACCOUNT = Account("slack", "T0WESTMARCH", "U0MARGUERITE")

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "who_came": lambda: who_came(SESSION),
    "register_form": lambda: register_form(SESSION, tuple((p, None) for p, _a in COMING), {COMING[0][0].id}),
    "register_form_again": lambda: register_form(SESSION, _REGISTER, set()),
    "filled": lambda: filled(SESSION, _REGISTER),
    "not_held": lambda: not_held(SESSION),
    "not_begun": lambda: not_begun(SESSION),
    "nobody_listed": lambda: nobody_listed(SESSION),
    "what_would_help": lambda: what_would_help(SESSION, MENTOR, (_ACCOUNT,)),
}
