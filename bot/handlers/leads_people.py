"""People by hand: a lead enters somebody, who is welcomed like everybody else, or changes what the list says of them.
What can be said of a person, and what is right, is as in ``people.csv``. Removing is in leads_removal.py.

Entering somebody who was removed asks them again. Leads never see here what somebody answered to the welcome.
"""

from collections.abc import Callable, Sequence

from bot import entering
from bot.examples import MENTEE, PROGRAMME
from bot.files.sheets import tidy
from bot.flow import Event, Flow, FormErrors, Outcome, Private, ShowForm, UserError
from bot.handlers import welcome
from bot.handlers.leads import leads_only
from bot.handlers.leads_change import (
    LONGEST_ADDRESS,
    MOST_LISTED,
    changed,
    changed_meanwhile,
    chosen_person,
    nobody_there,
    nothing_changed,
    person_field,
    sentence,
    show,
    version_of,
)
from bot.handlers.leads_sets import needed_as_facilitator
from bot.handlers.pause import NATIONS
from bot.programme.people_files import DUTIES, LONGEST_PROFILE, ROLES, Listed, read_form
from bot.programme.plan import Change, Changed, Stored, changes_of_person, may_become
from bot.reading import id_in, picked, typed
from bot.texts import _, marked
from bot.ui import (
    AnyField,
    Button,
    Buttons,
    Contact,
    Facts,
    Form,
    Message,
    Option,
    PickMany,
    PickOne,
    TextField,
)
from storage.records import Account, NotThere, Person, Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("leads_people")

ROLE_NAMES = {"mentor": marked("Mentor"), "mentee": marked("Mentee"), "control": marked("Comparison group")}
DUTY_NAMES = {
    "lead": marked("Lead"),
    "selector": marked("Selector"),
    "facilitator": marked("Facilitator of an Action Learning Set"),
    "senior support": marked("Senior support"),
}
LABELS = {
    "name": marked("Name"),
    "email": marked("E-mail address"),
    "accounts": marked("Accounts"),
    "organisation": marked("Organisation"),
    "region": marked("Bank holidays of"),
    "grade": marked("Grade"),
    "role": marked("Part"),
    "duties": marked("Duties"),
    "time_zone": marked("Time zone"),
    "profile": marked("A few words for the other of the pair"),
}
HELP = {
    "email": marked("How people are told apart; the other of a pair sees it."),
    "accounts": marked(
        "As slack:T123/U456 or teams:<tenant>/<object id>, with a space between two. Left blank, the account from "
        "which they first write is found by its e-mail address, and you confirm it."
    ),
    "time_zone": marked("For example Europe/London."),
}


@flow.button("add_person", leads=True)
def open_addition(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form for somebody new."""
    return ShowForm(addition_form(leads_only(event, uow)), "add_person")


@flow.form("add_person", leads=True, again=show)
def add(event: Event, uow: UnitOfWork) -> Outcome:
    """Enter somebody, who is welcomed like everybody else. Who was removed before is asked once more."""
    programme = leads_only(event, uow)
    form = addition_form(programme)
    listed, errors = _read(event)
    known = uow.people.by_email(listed.email) if listed else None
    before = on_the_list(known, programme, uow) if known else None
    if before is not None and (before.duties or before.state not in {"", "left"}):
        errors["email"] = _("{name} has this address already, and can be changed or removed.").format(name=before.name)
    elif before is not None and listed and before.role not in {"", listed.role}:
        was = _(ROLE_NAMES[before.role])
        errors["role"] = _("They had another part before and can only come back to it: {part}.").format(part=was)
    _refuse_others_accounts(listed, before, errors, uow)
    if errors or listed is None:
        raise FormErrors(errors, form)
    if before is None:
        ids = entering.enter([listed], programme, uow)
        if listed.role:
            welcome.invite(programme, ids.values(), uow)
    else:
        _store(Changed(before, listed, changes_of_person(before, listed)), programme, uow)
        part = uow.people.participant(before.id)
        if part is not None and part.state == "left":
            welcome.invite_again(part, uow)
    said = _("{name} is added: {parts}.").format(name=listed.name, parts=_parts(listed.role, listed.duties))
    return Private(changed(event, programme, said, uow, details=_what_follows(listed)))


@flow.button("find_person", leads=True)
def open_search(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form that asks whom it is about."""
    return ShowForm(search_form(_everybody(leads_only(event, uow), uow)), "find_person")


@flow.form("find_person", leads=True)
def find(event: Event, uow: UnitOfWork) -> Outcome:
    """Show what the list says of a person, with what can be done."""
    programme = leads_only(event, uow)
    everybody = _everybody(programme, uow)
    errors: dict[str, str] = {}
    person = chosen_person(event, "person", everybody, errors, uow)
    stored = on_the_list(person, programme, uow) if person else None
    if stored is not None and is_gone(stored):
        errors["person"] = _("{name} does not take part any more. To ask them again, add them.").format(
            name=stored.name
        )
    if errors or stored is None:
        raise FormErrors(errors, search_form(everybody))
    return Private(person_card(stored))


@flow.button("change_person", leads=True)
def open_change(event: Event, uow: UnitOfWork) -> Outcome:
    """Show the form with what the list says of a person."""
    programme = leads_only(event, uow)
    return ShowForm(change_form(present(event, programme, uow)), "change_person", event.subject)


@flow.form("change_person", leads=True, again=show)
def change(event: Event, uow: UnitOfWork) -> Outcome:
    """Let the list say something else of a person."""
    programme = leads_only(event, uow)
    before = present(event, programme, uow)
    form = change_form(before)
    if event.version != form.version:
        raise UserError(changed_meanwhile())
    listed, errors = _read(event)
    if listed is not None:
        _refuse_what_cannot_be(before, listed, event, errors, uow)
    if errors or listed is None:
        raise FormErrors(errors, form)
    changes = changes_of_person(before, listed)
    if not changes:
        return Private(nothing_changed())
    _store(Changed(before, listed, changes), programme, uow)
    said = _("{name} has changed: {what}.").format(
        name=listed.name, what=", ".join(_(LABELS[one.what]).lower() for one in changes)
    )
    return Private(changed(event, programme, said, uow, details=[told(one) for one in changes]))


# Doing


def _store(changed: Changed, programme: Programme, uow: UnitOfWork) -> None:
    """Store the changes; who is invited now, or as something else, learns of it."""
    entering.change(changed, programme, uow)
    if changed.has_another_role:
        uow.sets.leave_all(changed.before.id)  # sets are for mentors; who is still invited has heard of none
        welcome.show_other_role(changed.before.id, uow)
    if changed.can_be_welcomed_now:
        welcome.invite(programme, [changed.before.id], uow)


def _everybody(programme: Programme, uow: UnitOfWork) -> list[Person]:
    people = uow.people.listed(programme.id, limit=MOST_LISTED + 1)
    if not people:
        raise UserError(nobody_there())
    return people


def on_the_list(person: Person, programme: Programme, uow: UnitOfWork) -> Stored:
    """What the list says of a person."""
    return entering.stored_as(uow.roll.of(programme.id, person.id, entering.today_in(programme, uow)))


def present(event: Event, programme: Programme, uow: UnitOfWork) -> Stored:
    """The person whom a button or form is about. Raises NotThere for somebody who was removed."""
    stored = on_the_list(uow.people.get(id_in(event.subject)), programme, uow)
    if is_gone(stored):
        raise NotThere("removed")
    return stored


def is_gone(stored: Stored) -> bool:
    """Whether somebody was removed."""
    return stored.state in {"", "left"} and not stored.duties


# Reading


def _read(event: Event) -> tuple[Listed | None, dict[str, str]]:
    """The person who was filled in; None, and what is wrong by field, where not all of it can be taken."""
    cells = {name: tidy(typed(event.values, name)) for name in LABELS if name not in {"role", "duties"}}
    cells["role"] = "; ".join(filter(None, (typed(event.values, "role"), *picked(event.values, "duties"))))
    read = read_form(cells)
    if isinstance(read, Listed):
        return read, {}
    return None, {column: sentence(error) for column, error in read.items()}


def _refuse_what_cannot_be(
    before: Stored, listed: Listed, event: Event, errors: dict[str, str], uow: UnitOfWork
) -> None:
    owner = uow.people.by_email(listed.email)
    if owner is not None and owner.id != before.id:
        errors["email"] = _("This is the address of {name}.").format(name=owner.name)
    if not may_become(before, listed.role):
        errors["role"] = _("Their part stays: they have answered the welcome, or are one of a pair, as what they are.")
    facilitated = uow.sets.facilitated_by(before.id) if "facilitator" not in listed.duties else []
    if facilitated:
        errors["duties"] = needed_as_facilitator(before.name, facilitated)
    if before.id == event.who.id and "lead" not in listed.duties:
        errors["duties"] = _("You cannot stop being a lead yourself. Please ask another lead.")
    _refuse_others_accounts(listed, before, errors, uow)


def _refuse_others_accounts(
    listed: Listed | None, before: Stored | None, errors: dict[str, str], uow: UnitOfWork
) -> None:
    for account in listed.accounts if listed else ():
        found = uow.people.by_account(Account(*account))
        if found is not None and (before is None or found.person.id != before.id):
            errors["accounts"] = _("{account} is the account of {name}.").format(
                account=Account(*account), name=found.person.name
            )


def told(one: Change) -> str:
    """A change in words."""
    return _("{what}: {before} → {after}").format(
        what=_(LABELS[one.what]), before=one.before or _("nothing"), after=one.after or _("nothing")
    )


# What is said


def addition_form(programme: Programme) -> Form:
    """Somebody new."""
    usual = {"time_zone": programme.time_zone, "region": programme.region}
    return Form(
        "add_person",
        _("Add a person"),
        _("Add"),
        _fields(usual, frozenset()),
        seen_by=_("The person, the other of their pair and the other leads see what you enter."),
        intro=_("Who has a part is welcomed like everybody else, and takes part only with a yes."),
    )


def change_form(stored: Stored) -> Form:
    """What the list says of a person."""
    values = {name: getattr(stored, name) for name in LABELS if name not in {"accounts", "duties"}}
    return Form(
        "change_person",
        _("Change a person"),
        _("Save"),
        _fields(values, stored.duties),
        seen_by=_("The person, the other of their pair and the other leads see what you enter."),
        subject=str(stored.id),
        version=version_of(values, sorted(stored.duties)),
        intro=_("Accounts are only added here: those that are linked stay."),
    )


def _fields(values: dict[str, str], duties: frozenset[str]) -> tuple[AnyField, ...]:
    def text(name: str, *, optional: bool = False, most: int = 100, multiline: bool = False) -> TextField:
        hint = _(HELP[name]) if name in HELP else ""
        value = values.get(name, "")
        return TextField(name, _(LABELS[name]), hint, optional, value, multiline, most)

    def options(names: dict[str, str], values: Sequence[str]) -> tuple[Option, ...]:
        return tuple(Option(value, _(names[value])) for value in values)

    return (
        text("name"),
        text("email", most=LONGEST_ADDRESS),
        PickOne(
            "role", _(LABELS["role"]), optional=True, options=options(ROLE_NAMES, ROLES), value=values.get("role", "")
        ),
        PickMany(
            "duties",
            _(LABELS["duties"]),
            _("Only for who has such a duty, besides a part or instead of one."),
            optional=True,
            options=options(DUTY_NAMES, DUTIES),
            value=tuple(duty for duty in DUTIES if duty in duties),
        ),
        text("organisation", optional=True),
        text("grade", optional=True),
        text("accounts", optional=True, most=500),
        PickOne(
            "region",
            _(LABELS["region"]),
            options=options(NATIONS, tuple(NATIONS)),
            value=values.get("region", ""),
        ),
        text("time_zone"),
        text("profile", optional=True, most=LONGEST_PROFILE, multiline=True),
    )


def search_form(people: Sequence[Person]) -> Form:
    """Whom is it about?"""
    return Form(
        "find_person",
        _("Find a person"),
        _("Next"),
        (person_field("person", _("Person"), people),),
        seen_by=_("Only you see this. Nothing changes yet."),
    )


def person_card(stored: Stored) -> Message:
    """What the list says of a person, with what can be done."""
    rows = (
        (_(LABELS["role"]), _parts(stored.role, stored.duties)),
        (_(LABELS["organisation"]), stored.organisation),
        (_(LABELS["grade"]), stored.grade),
    )
    return Message(
        stored.name,
        (
            Contact(stored.name, stored.email, tuple(sorted(stored.accounts))),
            Facts(tuple((label, value) for label, value in rows if value)),
            Buttons(
                (
                    Button(_("Change"), "change_person", str(stored.id), opens=True),
                    Button(_("Remove"), "remove_person", str(stored.id)),
                )
            ),
        ),
        _("Only you see this. The other leads can ask for the same."),
    )


def _parts(role: str, duties: frozenset[str]) -> str:
    """Part and duties, as a line."""
    names = [_(ROLE_NAMES[role])] if role else []
    names += [_(DUTY_NAMES[duty]) for duty in DUTIES if duty in duties]
    return ", ".join(names)


def _what_follows(listed: Listed) -> tuple[str, ...]:
    follows = []
    if listed.role:
        follows.append(_("I welcome them in the morning of the first day, or now if that is past."))
    if not listed.accounts:
        follows.append(_("They have no account yet: once they write to me, I ask the leads whether it is them."))
    return tuple(follows)


STORED = Stored(
    id=MENTEE.id,
    name=MENTEE.name,
    email=MENTEE.email,
    accounts=frozenset(),
    organisation="Larkhill General",
    region=MENTEE.region,
    grade=MENTEE.grade,
    role="mentee",
    duties=frozenset({"selector"}),
    time_zone=MENTEE.time_zone,
    profile=MENTEE.profile,
    state="joined",
    in_pair=True,
)

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "addition_form": lambda: addition_form(PROGRAMME),
    "change_form": lambda: change_form(STORED),
    "search_form": lambda: search_form((MENTEE,)),
    "search_form_of_many": lambda: search_form((MENTEE,) * (MOST_LISTED + 1)),
    "person_card": lambda: person_card(STORED),
}
