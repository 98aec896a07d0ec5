"""Action Learning Sets by hand: a lead makes a set, gives it another name or another facilitator, and says who is in
it. Sets are for mentors, who are asked to sessions once they have said yes to the programme. The form lists all mentors
alike, so that leads cannot tell from it who has said no.

A person is in one set at most: to move somebody, take them out of one and put them into the other.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.examples import FACILITATOR, LEARNING_SET, MENTOR
from bot.flow import Event, Flow, FormErrors, Outcome, Private, ShowForm, UserError
from bot.handlers import als, als_people
from bot.handlers.als_change import add_button
from bot.handlers.leads import leads_only
from bot.handlers.leads_change import (
    MOST_LISTED,
    changed,
    changed_meanwhile,
    chosen_person,
    nothing_changed,
    person_field,
    show,
    shown,
    tell_the_others,
    version_of,
)
from bot.programme import sets
from bot.reading import id_in, picked, read_line, typed
from bot.texts import _
from bot.ui import AnyField, Bullets, Button, Buttons, Form, Message, Option, PickMany, Text, TextField
from storage.records import LearningSet, Person, Programme, Session
from storage.sets import AnotherSet
from storage.unit_of_work import UnitOfWork

flow = Flow("leads_sets")

LONGEST_NAME = 100
LONGEST_LIST = 3000
"""Characters of e-mail addresses, where there are too many people for a list."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom a lead can choose, and what is there so far. ``members``: those who belong to ``learning_set``, which is
    None for a new one. ``elsewhere``: the other sets of people who are in one, by person."""

    learning_set: LearningSet | None
    members: tuple[Person, ...]
    facilitators: tuple[Person, ...]
    mentors: tuple[Person, ...]
    elsewhere: Mapping[int, LearningSet]

    @property
    def version(self) -> int:
        """Another one once the set is another."""
        if self.learning_set is None:
            return 0
        members = sorted(member.id for member in self.members)
        return version_of(self.learning_set.name, self.learning_set.facilitator.id, members)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A set as a lead wants it."""

    name: str
    facilitator: Person
    members: tuple[Person, ...]


@flow.button("add_set", leads=True)
def open_addition(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form for a new set."""
    return ShowForm(set_form(_choice(leads_only(event, uow), None, uow)), "add_set")


@flow.form("add_set", leads=True, again=show)
def add(event: Event, uow: UnitOfWork) -> Outcome:
    """Make a set; its people are told."""
    programme = leads_only(event, uow)
    wanted = _read(event, programme, _choice(programme, None, uow), uow)
    made = uow.sets.add(programme.id, wanted.name, wanted.facilitator.id)
    _put_in(made, wanted.members, uow)
    als_people.follow(als_people.NOBODY, made, event.who, uow)
    message = is_made(made, len(wanted.members))
    tell_the_others(event, programme, message.summary, uow)
    return Private(message)


@flow.button("change_set", leads=True)
def open_change(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form with a set as it is."""
    programme = leads_only(event, uow)
    choice = _choice(programme, uow.sets.get(id_in(event.subject)), uow)
    return ShowForm(set_form(choice), "change_set", event.subject)


@flow.form("change_set", leads=True, again=show)
def change(event: Event, uow: UnitOfWork) -> Outcome:
    """Give a set another name, another facilitator or other members; those whom it concerns are told."""
    programme = leads_only(event, uow)
    choice = _choice(programme, uow.sets.hold(id_in(event.subject)), uow)
    before = choice.learning_set
    if before is None or event.version != choice.version:
        raise UserError(changed_meanwhile())
    wanted = _read(event, programme, choice, uow)
    details = _what_changes(choice, wanted)
    if not details:
        return Private(nothing_changed())
    people = als_people.people_of(before, uow)
    after = uow.sets.change(before.id, name=wanted.name, facilitator_id=wanted.facilitator.id)
    for member in _without(choice.members, wanted.members):
        uow.sets.remove_member(before.id, member.id)
    _put_in(after, _without(wanted.members, choice.members), uow)
    als_people.follow(people, after, event.who, uow)
    said = _("{name} has changed.").format(name=after.name)
    return Private(changed(event, programme, said, uow, details=(*details, _who_is_told())))


# Doing


def _choice(programme: Programme, learning_set: LearningSet | None, uow: UnitOfWork) -> Choice:
    """Whom there is to choose from. Raises UserError where no set can be made of them."""
    belonging = uow.sets.belonging(programme.id)
    own = {p for p, theirs in belonging.items() if learning_set is not None and theirs.id == learning_set.id}
    mentors = uow.people.listed(programme.id, role="mentor", limit=MOST_LISTED + 1)
    facilitators = uow.people.with_duty(programme.id, "facilitator")
    if not facilitators:
        raise UserError(no_facilitator())
    if len(mentors) < sets.FEWEST_MEMBERS and learning_set is None:
        raise UserError(too_few_mentors())
    return Choice(
        learning_set,
        tuple(sorted((uow.people.get(person_id) for person_id in own), key=lambda person: (person.name, person.id))),
        tuple(facilitators),
        tuple(mentors),
        {p: theirs for p, theirs in belonging.items() if p not in own},
    )


def _put_in(learning_set: LearningSet, people: Sequence[Person], uow: UnitOfWork) -> None:
    try:
        for person in sorted(people, key=lambda person: person.id):
            uow.sets.add_member(learning_set.id, person.id)
    except AnotherSet:  # another lead was faster
        raise UserError(changed_meanwhile()) from None


def _without(people: Sequence[Person], others: Sequence[Person]) -> list[Person]:
    ids = {other.id for other in others}
    return [person for person in people if person.id not in ids]


# Reading


def _read(event: Event, programme: Programme, choice: Choice, uow: UnitOfWork) -> Wanted:
    """The set that was filled in. Raises FormErrors for one that cannot be."""
    errors: dict[str, str] = {}
    name = _read_name(event, programme, choice, errors, uow)
    facilitator = chosen_person(event, "facilitator", choice.facilitators, errors, uow)
    if facilitator is not None and facilitator.id not in {one.id for one in choice.facilitators}:
        errors["facilitator"] = _("{name} is no facilitator here.").format(name=facilitator.name)
    members = _read_members(event, choice, errors, uow)
    if facilitator is not None and "members" not in errors:
        _refuse_what_cannot_be(facilitator, members, choice, errors, uow)
    if errors or facilitator is None:
        raise FormErrors(errors, set_form(choice))
    return Wanted(name, facilitator, tuple(members))


def _read_name(event: Event, programme: Programme, choice: Choice, errors: dict[str, str], uow: UnitOfWork) -> str:
    name = read_line(typed(event.values, "name"))
    own = choice.learning_set.id if choice.learning_set else None
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = _("Please give a name of at most {most} characters.").format(most=LONGEST_NAME)
    elif any(one.name.casefold() == name.casefold() for one in uow.sets.all(programme.id) if one.id != own):
        errors["name"] = _("There is a set of this name already. Please give another one.")
    return name


def _read_members(event: Event, choice: Choice, errors: dict[str, str], uow: UnitOfWork) -> list[Person]:
    """The members; with an error, where they cannot be those of a set."""
    if _too_many_to_list(choice):
        members = _by_address(typed(event.values, "members"), choice, errors, uow)
    else:
        offered = {str(person.id): person for person in _offered(choice)}
        members = [offered[value] for value in dict.fromkeys(picked(event.values, "members")) if value in offered]
        if len(members) < len(set(picked(event.values, "members"))):
            errors["members"] = _("Somebody whom you chose is no mentor here any more. Please choose from the list.")
    in_others = [
        _("{name} is in {other}.").format(name=member.name, other=choice.elsewhere[member.id].name)
        for member in members
        if member.id in choice.elsewhere
    ]
    if "members" in errors:
        return members
    if in_others:
        errors["members"] = " ".join((*in_others, _("To move somebody, please take them out there first.")))
    elif not sets.FEWEST_MEMBERS <= len(members) <= sets.MOST_MEMBERS:
        errors["members"] = _("A set has from {fewest} to {most} members; these are {count}.").format(
            fewest=sets.FEWEST_MEMBERS, most=sets.MOST_MEMBERS, count=len(members)
        )
    return members


def _by_address(text: str, choice: Choice, errors: dict[str, str], uow: UnitOfWork) -> list[Person]:
    """Those whose e-mail addresses were typed."""
    there = {member.id for member in choice.members}
    found: dict[int, Person] = {}
    unknown = []
    for address in filter(None, re.split(r"[\s,;<>]+", text)):
        person = uow.people.by_email(address)
        part = uow.people.participant(person.id) if person else None
        is_mentor = part is not None and part.role == "mentor" and part.state != "left"
        if person is not None and (is_mentor or person.id in there):
            found[person.id] = person
        else:
            unknown.append(address)
    if unknown:
        errors["members"] = _("I know no mentor with these e-mail addresses: {addresses}").format(
            addresses=", ".join(unknown[: sets.MOST_MEMBERS])
        )
    return list(found.values())


def _refuse_what_cannot_be(
    facilitator: Person, members: Sequence[Person], choice: Choice, errors: dict[str, str], uow: UnitOfWork
) -> None:
    """Note an error for a facilitator who would be a member as well, and for people who would have to be in two
    sessions at once."""
    if facilitator.id in {member.id for member in members}:
        errors["members"] = _("{name} is the facilitator, and cannot be a member as well.").format(
            name=facilitator.name
        )
    if choice.learning_set is None:
        return
    sessions = [session for session in uow.sets.sessions(choice.learning_set.id) if als.is_to_come(session, uow)]
    for field, people in (("facilitator", (facilitator,)), ("members", _without(members, choice.members))):
        clashes = [clash for person in people if (clash := _clash(person, sessions, uow))]
        if clashes:
            errors.setdefault(field, " ".join(clashes))


def _clash(person: Person, sessions: Sequence[Session], uow: UnitOfWork) -> str:
    """Which session somebody cannot come to, because they have another one then; empty where there is none."""
    own = {session.id for session in sessions}
    others = [(s.starts_at, s.ends_at) for s in uow.sets.engaged(person.id) if s.id not in own]
    for session in sessions:
        if sets.clash((session.starts_at, session.ends_at), others):
            return _("{name} has another session on {when}. Please move one of the two first.").format(
                name=person.name, when=als.when(session, person)
            )
    return ""


# What is said


def set_form(choice: Choice) -> Form:
    """A new set, or one as it is."""
    there = choice.learning_set
    facilitator = there.facilitator if there else None
    if facilitator is not None and facilitator.id not in {one.id for one in choice.facilitators}:
        facilitator = None
    name = TextField(
        "name",
        _("Name"),
        help=_("For example: Northern set."),
        value=there.name if there else "",
        max_length=LONGEST_NAME,
    )
    return Form(
        "change_set" if there else "add_set",
        _("Change the set") if there else _("Add a set"),
        _("Save"),
        (name, person_field("facilitator", _("Facilitator"), choice.facilitators, chosen=facilitator), _whom(choice)),
        seen_by=_("Whoever is new or goes gets a message from me. The other leads see one line about it."),
        subject=str(there.id) if there else "",
        version=choice.version,
        intro=_("Who has not said yes to the programme yet is asked to sessions once they have."),
    )


def _whom(choice: Choice) -> AnyField:
    label = _("Members")
    how_many = _("From {fewest} to {most} mentors, each in one set only.").format(
        fewest=sets.FEWEST_MEMBERS, most=sets.MOST_MEMBERS
    )
    if _too_many_to_list(choice):
        too_many = _("There are too many people for a list: please type e-mail addresses, one in each line.")
        addresses = "\n".join(member.email for member in choice.members)
        hint = f"{how_many} {too_many}"
        return TextField("members", label, hint, value=addresses, multiline=True, max_length=LONGEST_LIST)
    marks = {p: _(" (in {other})").format(other=theirs.name) for p, theirs in choice.elsewhere.items()}
    options = tuple(Option(str(p.id), shown(f"{p.name}{marks.get(p.id, '')}")) for p in _offered(choice))
    return PickMany("members", label, how_many, options=options, value=tuple(str(m.id) for m in choice.members))


def _offered(choice: Choice) -> list[Person]:
    """Members first, then those who are in no set, then those of other sets."""
    others = sorted(_without(choice.mentors, choice.members), key=lambda person: person.id in choice.elsewhere)
    return [*choice.members, *others]


def _too_many_to_list(choice: Choice) -> bool:
    return len(_offered(choice)) > MOST_LISTED


def _what_changes(choice: Choice, wanted: Wanted) -> list[str]:
    """What will be different, a line for each."""
    before = choice.learning_set
    lines = []
    if before is not None and before.name != wanted.name:
        lines.append(_("Name: {before} → {after}").format(before=before.name, after=wanted.name))
    if before is not None and before.facilitator.id != wanted.facilitator.id:
        names = {"before": before.facilitator.name, "after": wanted.facilitator.name}
        lines.append(_("Facilitator: {before} → {after}").format(**names))
    if new := _without(wanted.members, choice.members):
        lines.append(_("New: {names}").format(names=", ".join(person.name for person in new)))
    if gone := _without(choice.members, wanted.members):
        lines.append(_("No longer in it: {names}").format(names=", ".join(person.name for person in gone)))
    return lines


def _who_is_told() -> str:
    return _("Whoever is new or goes hears of it from me, if they take part already.")


def is_made(learning_set: LearningSet, count: int) -> Message:
    """To the lead who made a set."""
    said = _("{name} is a new Action Learning Set with {count} members; {facilitator} facilitates it.").format(
        name=learning_set.name, count=count, facilitator=learning_set.facilitator.name
    )
    return Message(
        said,
        (
            Text(said),
            Bullets((_who_is_told(), _("A session is still to be planned: by you, or by the facilitator with als."))),
            Buttons((add_button(learning_set), _all_sets())),
        ),
        _("Only you see this. The other leads see one line about it in the leads channel."),
    )


def no_facilitator() -> Message:
    """There is nobody who could facilitate a set."""
    said = _("A set needs a facilitator, and nobody has that duty yet.")
    how = _(
        "Please give it to somebody first: tap a button below and tick “Facilitator of an Action Learning Set” among "
        "the duties. Then come back here."
    )
    return Message(said, (Text(said), Text(how), _people()), _("Only you see this. Nothing has changed."))


def too_few_mentors() -> Message:
    """There are not enough mentors for a set."""
    said = _("A set needs at least {fewest} mentors. Please add mentors first.").format(fewest=sets.FEWEST_MEMBERS)
    return Message(said, (Text(said), _people()), _("Only you see this. Nothing has changed."))


def _people() -> Buttons:
    return Buttons(
        (
            Button(_("Add a person"), "add_person", opens=True),
            Button(_("Change or remove a person"), "find_person", opens=True),
            _all_sets(),
        )
    )


def _all_sets() -> Button:
    return Button(_("Action Learning Sets"), "als_sets")


def needed_as_facilitator(name: str, facilitated: Sequence[LearningSet]) -> str:
    """Why somebody has to stay facilitator for now, and what to do."""
    return _(
        "{name} facilitates {sets}. Please find another facilitator first: under Action Learning Sets, tap Change the "
        "set."
    ).format(name=name, sets=", ".join(each.name for each in facilitated))


def add_set_button() -> Button:
    """Opens the form for a new set."""
    return Button(_("Add a set"), "add_set", opens=True)


def change_set_button(learning_set: LearningSet) -> Button:
    """Opens the form for a set."""
    return Button(_("Change the set"), "change_set", str(learning_set.id), opens=True)


_SOUTHERN = replace(LEARNING_SET, id=4, name="Southern set")
_DEVIKA = replace(MENTOR, id=17, name="Devika Nair")
_NEW = Choice(None, (), (FACILITATOR,), (MENTOR, _DEVIKA), {_DEVIKA.id: _SOUTHERN})
_THERE = replace(_NEW, learning_set=LEARNING_SET, members=(MENTOR,))

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "addition_form": lambda: set_form(_NEW),
    "change_form": lambda: set_form(_THERE),
    "change_form_of_many": lambda: set_form(
        replace(
            _THERE, mentors=tuple(replace(MENTOR, id=n) for n in range(100, 201)), facilitators=(FACILITATOR,) * 101
        )
    ),
    "is_made": lambda: is_made(LEARNING_SET, 6),
    "no_facilitator": no_facilitator,
    "too_few_mentors": too_few_mentors,
}
