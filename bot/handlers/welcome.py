"""Welcome: one card that says what the bot does, who sees what and which rules hold, and asks whether to take part.

Everybody who is invited gets it on the day the programme starts, or at once from then on, and one reminder a week
later. Nobody takes part without a yes; a no can become a yes at any time. The second yes of a pair has the two
introduced.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.copies import choices_button, is_open, what_is_asked
from bot.examples import CONTROL, MENTEE, MENTOR, PROGRAMME, participant
from bot.flow import Event, Flow, Outcome, Update, UserError
from bot.handlers.help import whom_to_ask
from bot.handlers.not_now import not_now_row
from bot.programme import cadence
from bot.reading import about, ids_about
from bot.texts import _, said_date
from bot.ui import Block, Bullets, Button, Buttons, Contact, Form, Heading, Message, Text
from storage.places import dm
from storage.records import Due, Participant, Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("welcome")


def begin(programme: Programme, uow: UnitOfWork) -> None:
    """Have everybody who is invited welcomed."""
    parts = uow.people.participants(programme.id)
    invite(programme, [part.person.id for part in parts if part.state == "invited"], uow)


def invite(programme: Programme, person_ids: Iterable[int], uow: UnitOfWork) -> None:
    """Have these people welcomed on the morning of the first day; at once where that is past."""
    subjects = [about(programme.id, person_id) for person_id in person_ids]
    uow.due.add_all("welcome", subjects, max(_first_morning(programme), uow.now))


def move(before: Programme, programme: Programme, uow: UnitOfWork) -> None:
    """The programme starts on another day: have those who have not been welcomed yet welcomed then."""
    uow.due.move("welcome", _first_morning(before), max(_first_morning(programme), uow.now))


def _first_morning(programme: Programme) -> datetime:
    return cadence.morning(programme.starts_on, ZoneInfo(programme.time_zone))


@flow.job("welcome")
def welcome(due: Due, uow: UnitOfWork) -> None:
    """Send the card to join. Who has no account yet gets it as soon as there is one."""
    part = _undecided(due, uow)
    if part is not None and uow.people.accounts_of(part.person.id):
        send_card(part, uow)


def send_card(part: Participant, uow: UnitOfWork) -> None:
    """Send the card to join, and have the reminder follow."""
    programme = uow.programmes.get(part.programme_id)
    uow.due.drop("welcome", _subject(part))
    uow.outbox.add(to=dm(part.person), key=_card_key(part), message=join_card(part, programme))
    uow.due.add("welcome_reminder", _subject(part), _when_to_remind(programme, uow))


def show_other_role(person_id: int, uow: UnitOfWork) -> None:
    """The person is invited as something else now: let a card that was sent say so."""
    if part := uow.people.participant(person_id):
        _show_card_again(part, uow)


def invite_again(part: Participant, uow: UnitOfWork) -> None:
    """Ask somebody who left once more: their card asks again, and the reminder tells of it."""
    uow.people.set_state(part.person.id, "invited")
    if not uow.outbox.newest(dm(part.person), _card_key(part)):
        invite(uow.programmes.get(part.programme_id), [part.person.id], uow)
        return
    _show_card_again(replace(part, state="invited", version=part.version + 1), uow)
    uow.due.add("welcome_reminder", _subject(part), uow.now)


def take_leave(part: Participant, uow: UnitOfWork) -> None:
    """Somebody takes part no more: every card that asked says so, and nothing is asked again."""
    uow.people.set_state(part.person.id, "left")
    _close_cards(replace(part, state="left"), uow)


def _show_card_again(part: Participant, uow: UnitOfWork) -> None:
    uow.outbox.replace(_card_key(part), join_card(part, uow.programmes.get(part.programme_id)), place=dm(part.person))


def _when_to_remind(programme: Programme, uow: UnitOfWork) -> datetime:
    return cadence.welcome_reminder(uow.now, ZoneInfo(programme.time_zone), programme.reminder_days)


@flow.job("welcome_reminder")
def remind(due: Due, uow: UnitOfWork) -> None:
    """Ask those who have not answered once more; who has been on leave all the time gets the card itself first."""
    part = _undecided(due, uow)
    if part is None:
        return
    programme = uow.programmes.get(part.programme_id)
    if uow.outbox.waits(dm(part.person), _card_key(part)):
        uow.due.add("welcome_reminder", due.subject, _when_to_remind(programme, uow))
        return
    key = f"{_reminder_keys(part)}{due.due_at:%Y-%m-%d}"
    uow.outbox.add(to=dm(part.person), key=key, message=reminder(part, programme))


def how_it_stands(event: Event, uow: UnitOfWork) -> Outcome:
    """Whether the person takes part."""
    part = participant_of(event, uow)
    return Update(_answered(part, uow.programmes.get(part.programme_id), uow))


@flow.button("join", again=how_it_stands)
def join(event: Event, uow: UnitOfWork) -> Outcome:
    """Take part; with the second yes of a pair the two are introduced."""
    part = participant_of(event, uow)
    if part.state in {"joined", "left"}:
        return how_it_stands(event, uow)
    uow.people.set_state(part.person.id, "joined")
    for pair in uow.pairs.proposed_of(part.person.id):
        other = uow.people.participant(pair.other(part.person).id)
        if other is not None and other.state == "joined":
            uow.due.add("introduce", str(pair.id), uow.now)
    return Update(_close_cards(participant_of(event, uow), uow))


@flow.button("decline", again=how_it_stands)
def decline(event: Event, uow: UnitOfWork) -> Outcome:
    """Do not take part. Who takes part already cannot leave by an old card."""
    part = participant_of(event, uow)
    if part.state == "invited":
        uow.people.set_state(part.person.id, "declined")
        return Update(_close_cards(participant_of(event, uow), uow))
    return how_it_stands(event, uow)


def participant_of(event: Event, uow: UnitOfWork) -> Participant:
    """The part of the person in the programme. Raises UserError for somebody who has none."""
    part = uow.people.participant(event.who.id)
    if part is None:
        raise UserError(no_part(uow.programmes.current()))
    return part


def taking_part(event: Event, uow: UnitOfWork) -> Participant:
    """The part of a person who said yes. Raises UserError with the card to join for somebody who has not, and with a
    kind line for somebody who takes part no more."""
    part = participant_of(event, uow)
    if part.state != "joined":
        raise UserError(not_taking_part(part, uow.programmes.get(part.programme_id)))
    return part


def not_taking_part(part: Participant, programme: Programme) -> Message:
    """What somebody is shown who has not said yes, or takes part no more."""
    return left(programme) if part.state == "left" else join_card(part, programme)


def _undecided(due: Due, uow: UnitOfWork) -> Participant | None:
    _programme_id, person_id = ids_about(due.subject)
    part = uow.people.participant(person_id)
    return part if part is not None and part.state == "invited" else None


def _close_cards(part: Participant, uow: UnitOfWork) -> Message:
    """Let every card that asked show how it stands now; what has not been sent need not be."""
    message = _answered(part, uow.programmes.get(part.programme_id), uow)
    uow.due.drop("welcome", _subject(part))
    uow.due.drop("welcome_reminder", _subject(part))
    for key in (_card_key(part), uow.outbox.newest(dm(part.person), _reminder_keys(part))):
        if key is not None:
            uow.outbox.withdraw(key)
            uow.outbox.replace(key, message, place=dm(part.person))
    return message


def _subject(part: Participant) -> str:
    return about(part.programme_id, part.person.id)


def _card_key(part: Participant) -> str:
    return f"welcome:{_subject(part)}"


def _reminder_keys(part: Participant) -> str:
    return f"welcome_reminder:{_subject(part)}:"


def _answered(part: Participant, programme: Programme, uow: UnitOfWork) -> Message:
    match part.state:
        case "joined":
            return thanks(part, programme, can_choose=is_open(programme, uow))
        case "declined":
            return declined(part, programme)
        case "left":
            return left(programme)
        case _:
            return join_card(part, programme)


# What is said


def join_card(part: Participant, programme: Programme) -> Message:
    """What it is, who sees what, the guidelines, privacy, and the question."""
    heading, what = _words_for(part)
    blocks: list[Block] = [
        Heading(heading),
        Text(_("Hello {name}. This is {programme}.").format(name=part.person.name, programme=programme.name)),
        Text(what.format(until=said_date(programme.ends_on))),
        Text(
            _(
                "It is voluntary, and separate from supervision and appraisal: I tell no supervisor and no progression "
                "panel whether you take part."
            )
        ),
        Heading(_("Who sees what")),
        _who_sees_what(part),
    ]
    if part.role != "control":
        blocks += [Heading(_("Ethical guidelines")), _guidelines()]
    blocks += [
        Heading(_("Privacy")),
        _what_is_stored(part),
        Text(_("For questions, or for a copy, a correction or the erasure of your data, write to:")),
        Contact(programme.contact_name, programme.contact_email),
        Text(_yes_means(part)),
        _join_buttons(part),
    ]
    summary = _("{programme}: would you like to take part?").format(programme=programme.name)
    return Message(summary, tuple(blocks), _seen_by(part))


def _words_for(part: Participant) -> tuple[str, str]:
    """Heading and what it is (with ``{until}``), by role."""
    match part.role:
        case "mentor":
            return (
                _("You are invited to be a peer mentor"),
                _(
                    "Until {until} you would support one colleague at an earlier stage. I introduce the two of you, "
                    "help you find dates and keep a short log. When, where and what you talk about is up to you both."
                ),
            )
        case "mentee":
            return (
                _("You are invited to have a peer mentor"),
                _(
                    "Until {until} a more experienced colleague would make time for you. I introduce the two of you, "
                    "help you find dates and keep a short log. When, where and what you talk about is up to you both."
                ),
            )
        case _:
            return (
                _("You are invited to the comparison group"),
                _(
                    "Until {until} you would get two or three short questionnaires. You would have no mentor from this "
                    "programme, and keep all the support that you have now. Your answers help to show what mentoring "
                    "changes, and what it does not."
                ),
            )


def _other_role(part: Participant) -> str:
    return _("mentee") if part.role == "mentor" else _("mentor")


def _who_sees_what(part: Participant) -> Bullets:
    if part.role == "control":
        return Bullets(
            (
                _("Leads know that you are invited, and see whether I can reach you."),
                _("Your answers are only ever counted together with those of others."),
                _("Support is open to you as it is to everybody; leads never learn that you asked."),
            )
        )
    return Bullets(
        (
            _("Your {other} sees what you two log about your meetings.").format(other=_other_role(part)),
            _(
                "Leads see whether your pair has been introduced, how many meetings were logged, when the last one "
                "was, and whether I can reach you."
            ),
            *_who_sees_sessions(part),
            _(
                "Every other month I ask a few questions. What you answer is sealed, counted with others, told only in "
                "steps, and destroyed; nobody sees whether you answered."
            ),
            _("Leads never see topics or lengths, nor that you asked for support."),
        )
    )


def _who_sees_sessions(part: Participant) -> tuple[str, ...]:
    if part.role != "mentor":
        return ()
    said = _(
        "If you are in an Action Learning Set, its facilitator sees whether you come; leads see how many came to each "
        "session."
    )
    return (said,)


def _what_is_stored(part: Participant) -> Bullets:
    if part.role == "control":
        return Bullets(
            (
                _("I store your name, e-mail address, chat account, workplace, grade and profile."),
                _("I also store your nation, your quiet hours and your answer to this card."),
            )
        )
    return Bullets(
        (
            _(
                "I store your name, e-mail address, chat account, workplace, grade and profile. Your {other} gets "
                "these once you have both said yes."
            ).format(other=_other_role(part)),
            _(
                "I also store your nation, your quiet hours, your answer to this card, the days you meet and, if you "
                "add them, length, way and topics. Never what was said."
            ),
            *((_("I store which sessions of a set you came to."),) if part.role == "mentor" else ()),
        )
    )


def _guidelines() -> Bullets:
    return Bullets(
        (
            _("What you tell each other stays between you."),
            _(
                "The limit: if a patient or anybody else is at serious risk, it has to be passed on. Tell the other "
                "first, if you can."
            ),
            _("Mentoring is not supervision, assessment or treatment. Say so when something needs other help."),
            _("No patient details, neither when you talk nor here."),
            _("When you first meet, agree how often and how you meet, and what to do if it does not work."),
        )
    )


def _yes_means(part: Participant) -> str:
    if part.role == "control":
        return _(
            "Yes means two things: you take part, and what I store is fine with you. You can stop at any time, without "
            "giving a reason."
        )
    return _(
        "Yes means three things: you take part, you keep to the guidelines, and what I store is fine with you. You can "
        "stop at any time, without giving a reason."
    )


def _seen_by(part: Participant) -> str:
    if part.role == "control":
        return _("Only you see this card and your answer. Leads see whether I can reach you.")
    return _("Only you see this card and your answer. Leads see whether your pair has been introduced.")


def _join_buttons(part: Participant) -> Buttons:
    return Buttons(
        (
            Button(_("Yes, I'll take part"), "join", _subject(part), part.version, primary=True),
            Button(_("Not for me"), "decline", _subject(part), part.version),
            Button(_("Get help"), "support"),
        )
    )


def reminder(part: Participant, programme: Programme) -> Message:
    """The one reminder: the same question in short."""
    said = _("Would you like to take part in {programme}?").format(programme=programme.name)
    return Message(
        said,
        (
            Text(said),
            Text(_("My first message says what it is, who sees what and which guidelines apply. A no is fine too.")),
            Text(_yes_means(part)),
            _join_buttons(part),
            *not_now_row("welcome_reminder", _subject(part)),
        ),
        _seen_by(part),
    )


def thanks(part: Participant, programme: Programme, *, can_choose: bool = False) -> Message:
    """After the yes, and what comes next. ``can_choose``: there is something about results to choose."""
    if part.role == "control":
        next_step = _("I will write when a questionnaire opens. Until then there is nothing to do.")
    elif part.role == "mentor":
        next_step = _("Next, I will introduce you to your mentee, as soon as everything is ready.")
    else:
        next_step = _("Next, I will introduce you to your mentor, as soon as everything is ready.")
    return Message(
        _("Thank you for taking part."),
        (
            Text(_("Thank you for taking part in {programme}.").format(programme=programme.name)),
            Text(next_step),
            *((Text(what_is_asked()), Buttons((choices_button(),))) if can_choose else ()),
            Text(_("You can stop at any time: a line to this address is enough.")),
            Contact(programme.contact_name, programme.contact_email),
            Buttons((Button(_("What can I do here?"), "home"), Button(_("Get help"), "support"))),
        ),
        _seen_by(part),
    )


def declined(part: Participant, programme: Programme) -> Message:
    """After the no."""
    said = _("That is fine, and thank you for telling me. I will not ask again.")
    later = _("If you change your mind, tap below, now or later. All support stays open to you.")
    return Message(
        said,
        (
            Text(said),
            Text(later),
            Contact(programme.contact_name, programme.contact_email),
            Buttons(
                (
                    Button(_("I changed my mind: yes"), "join", _subject(part), part.version),
                    Button(_("Get help"), "support"),
                )
            ),
        ),
        _seen_by(part),
    )


def left(programme: Programme) -> Message:
    """For somebody who takes part no more."""
    said = _("You no longer take part in {programme}. Thank you for having been with us.").format(
        programme=programme.name
    )
    later = _("I will not write to you by myself any more. All support stays open to you.")
    return Message(
        said,
        (Text(said), Text(later), *whom_to_ask(programme), Buttons((Button(_("Get help"), "support"),))),
        _("Only you see this."),
    )


def no_part(programme: Programme | None) -> Message:
    """For somebody who has another duty in the programme."""
    said = _("This is for mentors and mentees; you have another role in the programme.")
    return Message(said, (Text(said), *whom_to_ask(programme)), _("Only you see this."))


_MENTEE = participant(MENTEE, "mentee")
_MENTOR = participant(MENTOR, "mentor")
_CONTROL = participant(CONTROL, "control")

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "join_card_mentee": lambda: join_card(_MENTEE, PROGRAMME),
    "join_card_mentor": lambda: join_card(_MENTOR, PROGRAMME),
    "join_card_control": lambda: join_card(_CONTROL, PROGRAMME),
    "reminder": lambda: reminder(_MENTEE, PROGRAMME),
    "thanks_mentee": lambda: thanks(replace(_MENTEE, state="joined"), PROGRAMME),
    "thanks_mentor": lambda: thanks(replace(_MENTOR, state="joined"), PROGRAMME),
    "thanks_control": lambda: thanks(replace(_CONTROL, state="joined"), PROGRAMME),
    "thanks_with_choices": lambda: thanks(replace(_CONTROL, state="joined"), PROGRAMME, can_choose=True),
    "declined": lambda: declined(replace(_MENTEE, state="declined"), PROGRAMME),
    "left": lambda: left(PROGRAMME),
    "no_part": lambda: no_part(PROGRAMME),
}
