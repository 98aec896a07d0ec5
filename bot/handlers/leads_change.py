"""Changes: from a card of buttons a lead opens the forms that change the programme, its people and its pairs. Whoever
changed something is told in private what it was; the other leads see one line about it in their channel.

Here are the card and what all those forms have in common; each theme has its own file.
"""

import zlib
from collections.abc import Callable, Sequence

from bot.examples import LEAD, MENTEE, PROGRAMME
from bot.files.keys import NotRead
from bot.flow import Event, Flow, FormErrors, Outcome, Private
from bot.handlers.leads import leads_only
from bot.reading import typed
from bot.texts import _
from bot.ui import AnyField, Bullets, Button, Buttons, Form, Heading, Message, Option, PickOne, Text, TextField
from storage import places
from storage.records import Person, Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("leads_change")

MOST_LISTED = 100
"""People in a list to pick from; of more, one is named by e-mail address."""
LONGEST_OPTION = 60
LONGEST_ADDRESS = 254


@flow.button("leads_change", leads=True)
def show(event: Event, uow: UnitOfWork) -> Outcome:
    """Show what can be changed."""
    return Private(what_to_change(leads_only(event, uow)))


# What the forms have in common


def changed(event: Event, programme: Programme, said: str, uow: UnitOfWork, *, details: Sequence[str] = ()) -> Message:
    """What the lead is told who changed something; the others see the line, without the details, in the channel."""
    tell_the_others(event, programme, said, uow)
    return done(said, details)


def tell_the_others(event: Event, programme: Programme, said: str, uow: UnitOfWork) -> None:
    """One line for the other leads, in their channel: who changed what."""
    line = note(event.who, said, programme)
    uow.outbox.add(to=places.leads(programme), key=f"lead_change:{uow.new_id()}", message=line)


def version_of(*values: object) -> int:
    """A number that is another one once one of these is: so that a form or button knows whether it is out of date."""
    return zlib.crc32(repr(values).encode()) % 10**9


def sentence(error: NotRead) -> str:
    """What is wrong, to stand beside a field."""
    text = _(error.template).format(**error.values)
    return f"{text[0].upper()}{text[1:]}."


def shown(text: str) -> str:
    """A text that fits into a list to pick from."""
    return text if len(text) <= LONGEST_OPTION else f"{text[: LONGEST_OPTION - 1]}…"


def person_field(
    name: str,
    label: str,
    people: Sequence[Person],
    *,
    marks: dict[int, str] | None = None,
    chosen: Person | None = None,
) -> AnyField:
    """Asks for one of these people; with more than fit into a list, for an e-mail address. ``marks``: what stands
    behind somebody's name. ``chosen``: one of them, who it is so far."""
    if len(people) > MOST_LISTED:
        too_many = _("There are too many people for a list: please type the e-mail address.")
        address = chosen.email if chosen else ""
        return TextField(name, label, help=too_many, value=address, max_length=LONGEST_ADDRESS)
    marks = marks or {}
    options = tuple(Option(str(p.id), shown(f"{p.name}{marks.get(p.id, '')}")) for p in people)
    return PickOne(name, label, options=options, value=str(chosen.id) if chosen else "")


def chosen_person(
    event: Event, name: str, people: Sequence[Person], errors: dict[str, str], uow: UnitOfWork
) -> Person | None:
    """Who was picked or named in such a field; None, and an error, where that is nobody."""
    text = typed(event.values, name)
    found = {str(person.id): person for person in people}.get(text)
    if found is None and len(people) > MOST_LISTED:
        found = uow.people.by_email(text)
    if found is None:
        by_address = _("I know nobody with this e-mail address. Please check it.")
        errors[name] = by_address if len(people) > MOST_LISTED else _("Please choose from the list.")
    return found


def refuse_if(errors: dict[str, str], form: Form) -> None:
    """Raises FormErrors where there are any."""
    if errors:
        raise FormErrors(errors, form)


# What is said


def what_to_change(programme: Programme) -> Message:
    """The card of buttons."""
    said = _("What would you like to change in {programme}?").format(programme=programme.name)
    return Message(
        said,
        (
            Text(said),
            Heading(_("Programme")),
            Buttons(
                (
                    Button(_("Dates and region"), "change_days", opens=True),
                    Button(_("Contact"), "change_contact", opens=True),
                    Button(_("Reminders and quiet hours"), "change_cadence", opens=True),
                    Button(_("Questionnaires"), "change_questionnaires", opens=True),
                    Button(_("How results are told"), "change_disclosure", opens=True),
                    Button(_("Support services"), "change_services"),
                )
            ),
            Buttons((Button(_("Research copy"), "change_research", opens=True),)),
            Heading(_("People and leads")),
            Buttons(
                (
                    Button(_("Add a person"), "add_person", opens=True),
                    Button(_("Change or remove a person"), "find_person", opens=True),
                    Button(_("Recruitment in numbers"), "change_recruitment", opens=True),
                )
            ),
            Heading(_("Pairs and sets")),
            Buttons(
                (
                    Button(_("Pair two people"), "pair_people", opens=True),
                    Button(_("End a pair"), "find_pair", opens=True),
                    Button(_("Action Learning Sets"), "als_sets"),
                )
            ),
        ),
        _("Only you see this. The other leads see one line about each change in the leads channel."),
    )


def done(said: str, details: Sequence[str] = ()) -> Message:
    """To the lead who changed something."""
    return Message(
        said,
        (
            Text(said),
            *((Bullets(tuple(details)),) if details else ()),
            Buttons((Button(_("Change something else"), "leads_change"),)),
        ),
        _("Only you see this. The other leads see one line about it in the leads channel."),
    )


def note(lead: Person, said: str, programme: Programme) -> Message:
    """To all leads, in their channel."""
    line = _("{lead} changed {programme}: {said}").format(lead=lead.name, programme=programme.name, said=said)
    return Message(line, (Text(line),), _("Everybody in this leads channel can see this. There is nothing to answer."))


def nothing_changed() -> Message:
    """The form was sent as it was."""
    said = _("Nothing has changed: it was like that already.")
    return Message(said, (Text(said), _back()), _("Only you see this."))


def changed_meanwhile() -> Message:
    """A form or a button from before another change."""
    said = _("This has changed since you opened it, so I changed nothing. Please look again.")
    return Message(said, (Text(said), _back()), _("Only you see this."))


def nobody_there() -> Message:
    """There is nobody to pick."""
    said = _("There is nobody to choose yet.")
    return Message(said, (Text(said), _back()), _("Only you see this."))


def _back() -> Buttons:
    return Buttons((Button(_("Change something"), "leads_change"),))


def _example_said() -> str:
    return _("{name} is added: {parts}.").format(name=MENTEE.name, parts=_("Mentee"))


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "what_to_change": lambda: what_to_change(PROGRAMME),
    "done": lambda: done(
        _example_said(), (_("I welcome them in the morning of the first day, or now if that is past."),)
    ),
    "done_in_one_line": lambda: done(_("{name} no longer takes part.").format(name=MENTEE.name)),
    "note": lambda: note(LEAD, _example_said(), PROGRAMME),
    "nothing_changed": nothing_changed,
    "changed_meanwhile": changed_meanwhile,
    "nobody_there": nobody_there,
}
