"""Welcome: one card that says what the bot does, who sees what and which rules hold, and asks whether to take part.

Everybody who is invited gets it on the day the programme starts, and one reminder a week later. Nobody takes part
without a yes; a no can become a yes at any time. The second yes of a pair has the two introduced.
"""

from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.examples import CONTROL, MENTEE, MENTOR, PROGRAMME, participant
from bot.flow import Event, Flow, Outcome, Update, UserError
from bot.handlers.not_now import not_now_buttons
from bot.programme import cadence
from bot.reading import about, ids_about
from bot.texts import _, said_day
from bot.ui import Block, Bullets, Button, Buttons, Contact, Form, Heading, Message, Text
from storage.places import dm
from storage.records import Due, Participant, Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("welcome")


def begin(programme: Programme, uow: UnitOfWork) -> None:
    """Have everybody who is invited welcomed on the morning of the first day."""
    at = cadence.morning(programme.starts_on, ZoneInfo(programme.time_zone))
    for part in uow.people.participants(programme.id):
        if part.state == "invited":
            uow.due.add("welcome", _subject(part), at)


@flow.job("welcome")
def welcome(due: Due, uow: UnitOfWork) -> None:
    """Send the card to join."""
    part = _undecided(due, uow)
    if part is None:
        return
    programme = uow.programmes.get(part.programme_id)
    uow.outbox.add(to=dm(part.person), key=_card_key(part), message=join_card(part, programme))
    uow.due.add("welcome_reminder", due.subject, cadence.welcome_reminder(uow.now, ZoneInfo(programme.time_zone)))


@flow.job("welcome_reminder")
def remind(due: Due, uow: UnitOfWork) -> None:
    """Ask those who have not answered once more."""
    part = _undecided(due, uow)
    if part is None:
        return
    programme = uow.programmes.get(part.programme_id)
    key = f"{_reminder_keys(part)}{due.due_at:%Y-%m-%d}"
    uow.outbox.add(to=dm(part.person), key=key, message=reminder(part, programme))


def how_it_stands(event: Event, uow: UnitOfWork) -> Outcome:
    """Whether the person takes part."""
    part = participant_of(event, uow)
    return Update(_answered(part, uow.programmes.get(part.programme_id)))


@flow.button("join", again=how_it_stands)
def join(event: Event, uow: UnitOfWork) -> Outcome:
    """Take part; with the second yes of a pair the two are introduced."""
    part = participant_of(event, uow)
    if part.state == "joined":
        return how_it_stands(event, uow)
    uow.people.set_state(part.person.id, "joined")
    for pair in uow.pairs.proposed_of(part.person.id):
        other = uow.people.participant(pair.other(part.person).id)
        if other is not None and other.state == "joined":
            uow.due.add("introduce", str(pair.id), uow.now)
    return _close_cards(event, uow)


@flow.button("decline", again=how_it_stands)
def decline(event: Event, uow: UnitOfWork) -> Outcome:
    """Do not take part. Who takes part already cannot leave by an old card."""
    part = participant_of(event, uow)
    if part.state == "invited":
        uow.people.set_state(part.person.id, "declined")
        return _close_cards(event, uow)
    return how_it_stands(event, uow)


def participant_of(event: Event, uow: UnitOfWork) -> Participant:
    """The part of the person in the programme. Raises UserError for somebody who has none."""
    part = uow.people.participant(event.who.id)
    if part is None:
        raise UserError(no_part(uow.programmes.current()))
    return part


def taking_part(event: Event, uow: UnitOfWork) -> Participant:
    """The part of a person who said yes. Raises UserError with the card to join for somebody who has not."""
    part = participant_of(event, uow)
    if part.state != "joined":
        raise UserError(join_card(part, uow.programmes.get(part.programme_id)))
    return part


def _undecided(due: Due, uow: UnitOfWork) -> Participant | None:
    _programme_id, person_id = ids_about(due.subject)
    part = uow.people.participant(person_id)
    return part if part is not None and part.state == "invited" else None


def _close_cards(event: Event, uow: UnitOfWork) -> Outcome:
    """Let every card that asked show the answer; what has not been sent need not be."""
    part = participant_of(event, uow)
    message = _answered(part, uow.programmes.get(part.programme_id))
    uow.due.drop("welcome", _subject(part))
    uow.due.drop("welcome_reminder", _subject(part))
    for key in (_card_key(part), uow.outbox.newest(dm(part.person), _reminder_keys(part))):
        if key is not None:
            uow.outbox.withdraw(key)
            uow.outbox.replace(key, message, place=dm(part.person))
    return Update(message)


def _subject(part: Participant) -> str:
    return about(part.programme_id, part.person.id)


def _card_key(part: Participant) -> str:
    return f"welcome:{_subject(part)}"


def _reminder_keys(part: Participant) -> str:
    return f"welcome_reminder:{_subject(part)}:"


def _answered(part: Participant, programme: Programme) -> Message:
    match part.state:
        case "joined":
            return thanks(part, programme)
        case "declined":
            return declined(part, programme)
        case _:
            return join_card(part, programme)


# What is said


def join_card(part: Participant, programme: Programme) -> Message:
    """What it is, who sees what, the guidelines, privacy, and the question."""
    heading, what, privacy = _words_for(part)
    blocks: list[Block] = [
        Heading(heading),
        Text(_("Hello {name}. This is {programme}.").format(name=part.person.name, programme=programme.name)),
        Text(what.format(until=said_day(programme.ends_on))),
        Text(
            _(
                "It is voluntary, and apart from supervision and appraisal: neither a supervisor nor a progression "
                "panel hears from me whether you take part."
            )
        ),
        Heading(_("Who sees what")),
        _who_sees_what(part),
    ]
    if part.role != "control":
        blocks += [Heading(_("Ethical guidelines")), _guidelines()]
    blocks += [
        Heading(_("Privacy")),
        Bullets((*privacy, _("Ask for a copy, a correction or erasure at any time: the contact is below."))),
        Text(_yes_means(part)),
        Contact(programme.contact_name, programme.contact_email),
        _join_buttons(part),
    ]
    summary = _("{programme}: would you like to take part?").format(programme=programme.name)
    return Message(summary, tuple(blocks), _seen_by(part))


def _words_for(part: Participant) -> tuple[str, str, tuple[str, ...]]:
    """Heading, what it is (with ``{until}``), and what is stored, by role."""
    account = _("Stored: your name, e-mail, chat account, place of work, grade and profile.")
    meetings = _("Also when you met and, if you say so, how long, how and about which topics. Never what was said.")
    match part.role:
        case "mentor":
            return (
                _("You are invited to be a peer mentor"),
                _(
                    "Until {until} you support one colleague at an earlier stage. I introduce the two of you, help "
                    "you find dates and keep a short log. When, where and about what you meet is up to you two."
                ),
                (account, meetings, _("Your mentee gets your profile and e-mail address.")),
            )
        case "mentee":
            return (
                _("You are invited to have a peer mentor"),
                _(
                    "Until {until} a more experienced colleague has time for you. I introduce the two of you, help "
                    "you find dates and keep a short log. When, where and about what you meet is up to you two."
                ),
                (account, meetings, _("Your mentor gets your profile and e-mail address.")),
            )
        case _:
            return (
                _("You are invited to the comparison group"),
                _(
                    "Until {until} you get two or three short questionnaires and nothing else. You have no mentor "
                    "from this programme and keep all the support that you have now. Your answers show what "
                    "mentoring changes, and what it does not."
                ),
                (account, _("Questionnaires are sealed until they close, then counted together and destroyed.")),
            )


def _who_sees_what(part: Participant) -> Bullets:
    if part.role == "control":
        return Bullets(
            (
                _("Leads see that you are in the comparison group and whether I can reach you."),
                _("Nobody sees your answers: they are only counted together with those of others."),
                _("Support is open to you as it is to everybody; leads never learn that you asked."),
            )
        )
    other = _("mentee") if part.role == "mentor" else _("mentor")
    return Bullets(
        (
            _("Your {other} sees what you two log about your meetings.").format(other=other),
            _(
                "Leads see the state of your pair, how many meetings were logged and when the last one was, and "
                "whether I can reach you."
            ),
            _("Leads never see topics, lengths or answers."),
        )
    )


def _guidelines() -> Bullets:
    return Bullets(
        (
            _("What you tell each other stays between you."),
            _(
                "The limit: where a patient or anybody else is at serious risk, it has to be passed on; tell the "
                "other first, if you can."
            ),
            _("Mentoring is not supervision, assessment or treatment. Say so when something needs other help."),
            _("No patient details, neither in your talks nor here."),
            _("Make a short contract when you first meet: how often, how, and what to do if it does not work."),
        )
    )


def _yes_means(part: Participant) -> str:
    if part.role == "control":
        return _("One tap on yes says yes to two things: taking part and privacy. You can stop at any time.")
    return _(
        "One tap on yes says yes to three things: taking part, the guidelines and privacy. You can stop at any time, "
        "without giving a reason."
    )


def _seen_by(part: Participant) -> str:
    if part.role == "control":
        return _("Only you see this card. Leads see whether you take part.")
    return _("Only you see this card and your answer. Leads see whether your pair has been introduced.")


def _join_buttons(part: Participant) -> Buttons:
    return Buttons(
        (
            Button(_("Yes, I take part"), "join", _subject(part), part.version, primary=True),
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
            Text(_("My first message says what it is, who sees what and which guidelines hold. A no is fine, too.")),
            Text(_yes_means(part)),
            _join_buttons(part),
            not_now_buttons("welcome_reminder", _subject(part)),
        ),
        _seen_by(part),
    )


def thanks(part: Participant, programme: Programme) -> Message:
    """After the yes, and what comes next."""
    if part.role == "control":
        next_step = _("I will write when a questionnaire opens. Until then there is nothing to do.")
    elif part.role == "mentor":
        next_step = _("Next I introduce you to your mentee, as soon as everything is ready.")
    else:
        next_step = _("Next I introduce you to your mentor, as soon as everything is ready.")
    return Message(
        _("Thank you for taking part."),
        (
            Text(_("Thank you for taking part in {programme}.").format(programme=programme.name)),
            Text(next_step),
            Text(_("You can stop at any time: a line to the contact is enough.")),
            Contact(programme.contact_name, programme.contact_email),
            Buttons((Button(_("What can I do here?"), "home"), Button(_("Get help"), "support"))),
        ),
        _seen_by(part),
    )


def declined(part: Participant, programme: Programme) -> Message:
    """After the no."""
    said = _("That is fine, and thank you for telling me. I will not ask again.")
    later = _("Should you change your mind, tap below, now or later. All support stays open to you.")
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


def no_part(programme: Programme | None) -> Message:
    """For somebody who has another duty in the programme."""
    said = _("This is for mentors and mentees, and you are neither.")
    contact = (Contact(programme.contact_name, programme.contact_email),) if programme else ()
    return Message(said, (Text(said), *contact), _("Only you see this."))


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
    "declined": lambda: declined(replace(_MENTEE, state="declined"), PROGRAMME),
    "no_part": lambda: no_part(PROGRAMME),
}
