"""Reach: notes when a person has blocked or removed the bot, or when a platform will not deliver to them. Once none of
their accounts is left, the leads are told, without saying which message did not arrive. Whoever writes to the bot again
can be reached again, which ``dispatch`` notes."""

from collections.abc import Callable

from bot.examples import MENTEE
from bot.flow import Done, Event, Flow, Outcome
from bot.texts import _
from bot.ui import Contact, Form, Message, Text
from storage import places
from storage.records import Person
from storage.unit_of_work import UnitOfWork

flow = Flow("reach")


@flow.on("removed", open_to_all=True)
def note_removed(event: Event, uow: UnitOfWork) -> Outcome:
    """Note that nothing arrives at this account; tell the leads when it was the person's last one."""
    person, programme = event.person, uow.programmes.current()
    if person is None or not uow.people.mark_unreachable(event.account):
        return Done()
    part = uow.people.participant(person.id)
    takes_no_part = part is not None and part.state in {"declined", "left"}
    if programme and not takes_no_part and not uow.people.accounts_of(person.id, reachable=True):
        key = f"unreachable:{person.id}:{uow.now:%Y-%m-%d}"
        uow.outbox.add(to=places.leads(programme), key=key, message=cannot_be_reached(person))
    return Done()


# What is said


def cannot_be_reached(person: Person) -> Message:
    """To the leads."""
    return Message(
        summary=_("{name} cannot be reached").format(name=person.name),
        blocks=(
            Text(
                _("I cannot reach {name} here at the moment. A call or an e-mail from a lead may help.").format(
                    name=person.name
                )
            ),
            Contact(person.name, person.email),
            Text(_("Once they write to me again, everything carries on by itself.")),
        ),
        seen_by=_("Everybody in this leads channel can see this. There is nothing to answer."),
    )


EXAMPLES: dict[str, Callable[[], Message | Form]] = {"cannot_be_reached": lambda: cannot_be_reached(MENTEE)}
