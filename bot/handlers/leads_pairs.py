"""Pairs by hand: a lead pairs a mentor and a mentee, who are introduced once both have said yes, or ends a pair, with a
second tap. When a pair ends both are told kindly, what they arranged is cancelled, and they are asked nothing more.
"""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from bot.entering import today_in
from bot.examples import LEAD, MENTEE, MENTOR, PAIR, PROGRAMME, SCHEDULED
from bot.flow import Event, Flow, Outcome, Private, ShowForm, Update, UserError
from bot.handlers import arranged, dates, introduction, schedule
from bot.handlers.help import whom_to_ask
from bot.handlers.leads import leads_only
from bot.handlers.leads_change import (
    LONGEST_ADDRESS,
    MOST_LISTED,
    changed,
    changed_meanwhile,
    chosen_person,
    nobody_there,
    person_field,
    refuse_if,
    show,
    shown,
    version_of,
)
from bot.programme.pairs import ENDINGS, work_together
from bot.reading import id_in, picked, typed
from bot.texts import _, marked, said_moment
from bot.ui import (
    AnyField,
    Block,
    Bullets,
    Button,
    Buttons,
    Form,
    Link,
    Message,
    Option,
    PickMany,
    PickOne,
    Text,
    TextField,
)
from storage.places import dm
from storage.records import Meeting, NotThere, Pair, Person, Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("leads_pairs")

WHY = {
    "moved": marked("Moved to another post or region"),
    "left_training": marked("Left training"),
    "leave": marked("Parental or other long leave"),
    "no_time": marked("Not enough time"),
    "no_contact": marked("They could not reach each other"),
    "training": marked("Training or learning sets could not be kept up"),
    "not_a_match": marked("Not the right match"),
    "finished": marked("They reached what they had set out for"),
    "other": marked("Another reason"),
}
"""Why a pair ends, in the words of a list; each of ``ENDINGS`` has some."""


@flow.button("pair_people", leads=True)
def open_pairing(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form with mentors and mentees, those without a pair first."""
    programme = leads_only(event, uow)
    return ShowForm(_pairing_form(programme, uow), "pair_people")


@flow.form("pair_people", leads=True, again=show)
def pair_people(event: Event, uow: UnitOfWork) -> Outcome:
    """Pair two people: they are introduced as soon as both take part."""
    programme = leads_only(event, uow)
    form = _pairing_form(programme, uow)
    errors: dict[str, str] = {}
    mentor = _chosen(event, "mentor", programme, errors, uow)
    mentee = _chosen(event, "mentee", programme, errors, uow)
    if mentor is not None and mentee is not None:
        there = [pair for pair in uow.pairs.not_ended_of(mentor.id) if pair.mentee.id == mentee.id]
        if there:
            return Private(a_pair_already(there[0]))
        doubts = _doubts(mentor, mentee, programme, uow)
        if doubts and not picked(event.values, "all_the_same"):
            tick = _("If that is fine, tick here to pair them all the same.")
            errors["all_the_same"] = " ".join((*doubts, tick))
    refuse_if(errors, form)
    if mentor is None or mentee is None:
        raise UserError(nobody_there())
    pair_id = uow.pairs.propose(programme.id, mentor.id, mentee.id)
    uow.due.add("introduce", str(pair_id), uow.now)
    return Private(changed(event, programme, are_a_pair(mentor, mentee), uow, details=(_what_follows(),)))


@flow.button("find_pair", leads=True)
def open_choice(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form that asks which pair is to end, and why, if that may be said."""
    return ShowForm(_choice_form(leads_only(event, uow), uow), "find_pair")


@flow.form("find_pair", leads=True)
def say_what_it_means(event: Event, uow: UnitOfWork) -> Outcome:
    """Say what it means to end the pair that was chosen, and ask once more."""
    programme = leads_only(event, uow)
    form = _choice_form(programme, uow)
    text = typed(event.values, "pair")
    pairs = uow.pairs.not_ended(programme.id, limit=MOST_LISTED + 1)
    if len(pairs) > MOST_LISTED:
        person = uow.people.by_email(text)
        found = uow.pairs.not_ended_of(person.id) if person else []
        error = _("I know no pair of somebody with this e-mail address. Please check it.")
    else:
        found = [pair for pair in pairs if str(pair.id) == text]
        error = _("Please choose from the list.")
    reason = typed(event.values, "reason")
    errors = {} if found else {"pair": error}
    if reason not in {"", *ENDINGS}:
        errors["reason"] = _("Please choose from the list, or leave it open.")
    refuse_if(errors, form)
    return Private(what_ending_means(found[:MOST_BUTTONS], reason))


def how_it_stands(event: Event, uow: UnitOfWork) -> Outcome:
    """Whether the pair has ended."""
    leads_only(event, uow)
    pair, reason = _ending(event, uow)
    return Update(has_ended(pair) if pair.state == "ended" else what_ending_means([pair], reason))


@flow.button("end_pair", leads=True, again=how_it_stands)
def end(event: Event, uow: UnitOfWork) -> Outcome:
    """End a pair. A button from before the two were paired or introduced anew ends nothing."""
    programme = leads_only(event, uow)
    pair, reason = _ending(event, uow)
    if pair.state == "ended":
        return how_it_stands(event, uow)
    if event.version != _version(pair):
        raise UserError(changed_meanwhile())
    end_pair(pair, programme, uow, reason=reason)
    return Update(changed(event, programme, no_pair_any_more(pair), uow))


def end_pair(
    pair: Pair, programme: Programme, uow: UnitOfWork, *, reason: str = "", leaver: Person | None = None
) -> None:
    """End a pair, and tell both; not those who have never heard of each other. ``reason``: one of ``ENDINGS`` or empty;
    neither of the two is told. ``leaver``: the one of the two who takes part no more, and is told nothing."""
    unheard = introduction.take_back(pair, uow)
    schedule.stop(pair, uow)
    dates.stop(pair, uow)
    called_off = arranged.call_off(pair, uow)
    uow.pairs.end(pair.id, reason)
    for person in pair.people:
        links = [(meeting, arranged.out_of_calendar(person, meeting, pair, uow)) for meeting in called_off]
        message = ended(pair, person, programme, links, leaver=leaver)
        for meeting in called_off:
            if card := arranged.card_of(person, meeting, uow):
                uow.outbox.withdraw(card)
                uow.outbox.replace(card, message, place=dm(person))
        if not unheard and (leaver is None or leaver.id != person.id):
            key = f"pair_ended:{pair.id}:{pair.introduced_at:%Y-%m-%dT%H:%M:%S}"
            uow.outbox.add(to=dm(person), key=key, message=message)


# Reading

MOST_BUTTONS = 6


def _listed(role: str, programme: Programme, uow: UnitOfWork) -> list[Person]:
    return uow.people.listed(programme.id, role=role, limit=MOST_LISTED + 1)


def _pairing_form(programme: Programme, uow: UnitOfWork) -> Form:
    people = {role: _listed(role, programme, uow) for role in ("mentor", "mentee")}
    if not all(people.values()):
        raise UserError(nobody_there())
    return pairing_form(people["mentor"], people["mentee"], uow.pairs.paired(programme.id))


def _chosen(event: Event, role: str, programme: Programme, errors: dict[str, str], uow: UnitOfWork) -> Person | None:
    """The mentor or the mentee; None, and an error, where that is nobody, or somebody of another role."""
    person = chosen_person(event, role, _listed(role, programme, uow), errors, uow)
    if person is None:
        return None
    part = uow.people.participant(person.id)
    if part is None or part.role != role or part.state == "left":
        wrong = _("{name} is no mentor here.") if role == "mentor" else _("{name} is no mentee here.")
        errors[role] = wrong.format(name=person.name)
        return None
    return person


def _doubts(mentor: Person, mentee: Person, programme: Programme, uow: UnitOfWork) -> list[str]:
    """What may be meant, but seldom is."""
    today = today_in(programme, uow)
    doubts = []
    organisations = [uow.people.organisation_of(person.id, today) for person in (mentor, mentee)]
    if work_together(*organisations):
        doubts.append(_("Both work at {organisation}.").format(organisation=organisations[0]))
    mentors = ", ".join(pair.mentor.name for pair in uow.pairs.not_ended_of(mentee.id))
    if mentors:
        doubts.append(_("{mentee} has a mentor already: {mentors}.").format(mentee=mentee.name, mentors=mentors))
    return doubts


def _choice_form(programme: Programme, uow: UnitOfWork) -> Form:
    pairs = uow.pairs.not_ended(programme.id, limit=MOST_LISTED + 1)
    if not pairs:
        raise UserError(nobody_there())
    return choice_form(pairs)


def _ending(event: Event, uow: UnitOfWork) -> tuple[Pair, str]:
    """The pair that a button is to end, and why. Raises NotThere for anything else."""
    pair_id, _colon, reason = event.subject.partition(":")
    if reason not in {"", *ENDINGS}:
        raise NotThere("no such reason")
    return uow.pairs.get(id_in(pair_id)), reason


def _subject(pair: Pair, reason: str) -> str:
    return f"{pair.id}:{reason}" if reason else str(pair.id)


def _version(pair: Pair) -> int:
    return version_of(pair.state == "proposed", pair.introduced_at)


# What is said


def pairing_form(mentors: Sequence[Person], mentees: Sequence[Person], paired: set[int]) -> Form:
    """Who is to be a pair. ``paired``: the ids of those who have one; they come last."""
    return Form(
        "pair_people",
        _("Pair two people"),
        _("Pair them"),
        (
            _candidates("mentor", _("Mentor"), mentors, paired),
            _candidates("mentee", _("Mentee"), mentees, paired),
            PickMany(
                "all_the_same",
                _("If something speaks against it"),
                help=_("Both work at one organisation, or the mentee has a mentor already."),
                optional=True,
                options=(Option("yes", _("Pair them all the same")),),
            ),
        ),
        seen_by=_("Both learn of each other once both take part. The other leads see that you paired them."),
        intro=_("Those without a pair come first. Both are introduced as soon as both take part."),
    )


def _candidates(name: str, label: str, people: Sequence[Person], paired: set[int]) -> AnyField:
    in_order = sorted(people, key=lambda person: person.id in paired)
    marks = {person.id: _(" (has a pair)") for person in people if person.id in paired}
    return person_field(name, label, in_order, marks=marks)


def choice_form(pairs: Sequence[Pair]) -> Form:
    """Which pair, and why? Of very many, one is found by an e-mail address."""
    if len(pairs) > MOST_LISTED:
        label = _("E-mail address of one of the two")
        too_many = _("There are too many pairs for a list.")
        field: AnyField = TextField("pair", label, help=too_many, max_length=LONGEST_ADDRESS)
    else:
        options = tuple(Option(str(pair.id), shown(_both(pair))) for pair in pairs)
        field = PickOne("pair", _("Pair"), options=options)
    return Form(
        "find_pair",
        _("End a pair"),
        _("Next"),
        (
            field,
            PickOne(
                "reason",
                _("Why, if you may say so"),
                _("The two are not told. The report counts the reasons, without names."),
                optional=True,
                options=tuple(Option(code, _(words)) for code, words in WHY.items()),
            ),
        ),
        seen_by=_("Only you see this. Nothing ends yet: you are asked once more."),
    )


def _both(pair: Pair) -> str:
    return _("{mentor} and {mentee}").format(mentor=pair.mentor.name, mentee=pair.mentee.name)


def are_a_pair(mentor: Person, mentee: Person) -> str:
    """The two are paired."""
    return _("{mentor} and {mentee} are a pair.").format(mentor=mentor.name, mentee=mentee.name)


def _what_follows() -> str:
    return _("I introduce them as soon as both take part.")


def no_pair_any_more(pair: Pair) -> str:
    """The two are paired no more."""
    return _("{mentor} and {mentee} are no longer a pair.").format(mentor=pair.mentor.name, mentee=pair.mentee.name)


def a_pair_already(pair: Pair) -> Message:
    """The two have been paired before."""
    said = _("{mentor} and {mentee} are a pair already. Nothing has changed.").format(
        mentor=pair.mentor.name, mentee=pair.mentee.name
    )
    return Message(said, (Text(said),), _("Only you see this."))


def what_ending_means(pairs: Sequence[Pair], reason: str = "") -> Message:
    """What happens when a pair ends; one button for each."""
    said = _("To end a pair means:")
    names = [_("End {mentor} and {mentee}").format(mentor=p.mentor.name, mentee=p.mentee.name) for p in pairs]
    buttons = [
        Button(shown(n), "end_pair", _subject(p, reason), _version(p)) for n, p in zip(names, pairs, strict=True)
    ]
    return Message(
        said,
        (
            Text(said),
            Bullets(
                (
                    _("Both get a kind message, if they have been introduced. It names no reason."),
                    _("Meetings that they have arranged are cancelled, in their calendars too."),
                    _("I ask them for dates and meetings no more. What they logged stays counted."),
                    _noted(reason),
                )
            ),
            Buttons((*buttons, *_keep(buttons))),
        ),
        _("Only you see this. The other leads see it if you end the pair."),
    )


def _noted(reason: str) -> str:
    if not reason:
        return _("No reason is noted.")
    return _("Noted for the report, which counts reasons without names: “{reason}”.").format(reason=_(WHY[reason]))


def _keep(buttons: Sequence[Button]) -> tuple[Button, ...]:
    """The way back, where the row has room for it."""
    return (Button(_("Leave it as it is"), "leads_change"),) if len(buttons) < MOST_BUTTONS else ()


def has_ended(pair: Pair) -> Message:
    """The pair has ended already."""
    said = no_pair_any_more(pair)
    return Message(said, (Text(said),), _("Only you see this."))


def ended(
    pair: Pair,
    reader: Person,
    programme: Programme,
    called_off: Sequence[tuple[Meeting, Link | None]],
    *,
    leaver: Person | None = None,
) -> Message:
    """To one of the two. ``called_off``: meetings that are cancelled, with the links for the calendar."""
    name = pair.other(reader).name
    if leaver is not None and leaver.id != reader.id:
        said = _("{name} no longer takes part in {programme}, so your pair has ended.").format(
            name=name, programme=programme.name
        )
    else:
        said = _("Your pair with {name} in {programme} has ended.").format(name=name, programme=programme.name)
    return Message(
        said,
        (
            Text(said),
            Text(_("That happens for many reasons and is no judgement on either of you. Thank you for your time.")),
            *_called_off(called_off, reader),
            *whom_to_ask(programme),
            Buttons((Button(_("Get help"), "support"),)),
        ),
        _("Only you see this. Leads see that your pair has ended."),
    )


def _called_off(called_off: Sequence[tuple[Meeting, Link | None]], reader: Person) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for meeting, link in called_off:
        if meeting.starts_at is not None:
            moment = said_moment(meeting.starts_at, ZoneInfo(reader.time_zone))
            blocks.append(Text(_("Your meeting of {moment} is cancelled.").format(moment=moment)))
            blocks += [link] if link else []
    return tuple(blocks)


def _example_ended() -> Message:
    url = "https://mentoring.westmarch.example/files/bF2uK1xq0mZ7aW9dRt4sYw"
    return ended(PAIR, MENTEE, PROGRAMME, ((SCHEDULED, Link(_("Take it out of your calendar"), url)),))


_MANY = (MENTOR,) * (MOST_LISTED + 1)

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "pairing_form": lambda: pairing_form((MENTOR, LEAD), (MENTEE,), {MENTOR.id}),
    "pairing_form_of_many": lambda: pairing_form(_MANY, _MANY, set()),
    "choice_form": lambda: choice_form((PAIR,)),
    "choice_form_of_many": lambda: choice_form((PAIR,) * (MOST_LISTED + 1)),
    "a_pair_already": lambda: a_pair_already(PAIR),
    "what_ending_means": lambda: what_ending_means((PAIR,)),
    "what_ending_means_with_a_reason": lambda: what_ending_means((PAIR,), "moved"),
    "has_ended": lambda: has_ended(PAIR),
    "ended": _example_ended,
    "ended_since_the_other_left": lambda: ended(PAIR, MENTOR, PROGRAMME, (), leaver=MENTEE),
}
