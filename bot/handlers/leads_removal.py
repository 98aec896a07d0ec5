"""Removing somebody from the programme, with a second tap. Who is removed stays in its history: they have left it, are
asked nothing more, and find a kind line when they write.
"""

from collections.abc import Callable, Sequence

from bot.examples import LEARNING_SET
from bot.flow import Event, Flow, Outcome, Update, UserError
from bot.handlers import als, welcome
from bot.handlers.leads import leads_only
from bot.handlers.leads_change import changed, changed_meanwhile, version_of
from bot.handlers.leads_pairs import end_pair
from bot.handlers.leads_people import STORED, is_gone, on_the_list, person_card, present
from bot.handlers.leads_sets import change_set_button, needed_as_facilitator
from bot.programme.plan import Stored
from bot.reading import id_in
from bot.texts import _
from bot.ui import Bullets, Button, Buttons, Form, Message, Text
from storage.records import LearningSet
from storage.unit_of_work import UnitOfWork

flow = Flow("leads_removal")


@flow.button("remove_person", leads=True)
def say_what_it_means(event: Event, uow: UnitOfWork) -> Outcome:
    """Say what it means to remove somebody, and ask once more."""
    programme = leads_only(event, uow)
    stored = present(event, programme, uow)
    _refuse_removal(stored, event, uow)
    return Update(what_removing_means(stored, _removal_version(stored, uow)))


def how_it_stands(event: Event, uow: UnitOfWork) -> Outcome:
    """Whether the person is removed."""
    programme = leads_only(event, uow)
    stored = on_the_list(uow.people.get(id_in(event.subject)), programme, uow)
    return Update(has_gone(stored) if is_gone(stored) else person_card(stored))


@flow.button("really_remove", leads=True, again=how_it_stands)
def remove(event: Event, uow: UnitOfWork) -> Outcome:
    """Remove somebody: their pairs end, they leave their set and have no duties. A button from before they were added
    anew removes nobody."""
    programme = leads_only(event, uow)
    person = uow.people.get(id_in(event.subject))
    stored = on_the_list(person, programme, uow)
    if is_gone(stored):
        return how_it_stands(event, uow)
    _refuse_removal(stored, event, uow)
    if event.version != _removal_version(stored, uow):
        raise UserError(changed_meanwhile())
    for pair in uow.pairs.not_ended_of(person.id):
        end_pair(pair, programme, uow, leaver=person)
    als.forget(person, uow)
    uow.people.set_duties(programme.id, person.id, ())
    if part := uow.people.participant(person.id):
        welcome.take_leave(part, uow)
    return Update(changed(event, programme, no_longer_here(stored), uow))


# Doing


def _removal_version(stored: Stored, uow: UnitOfWork) -> int:
    part = uow.people.participant(stored.id)
    return version_of(part.version if part else 0, sorted(stored.duties))


def _refuse_removal(stored: Stored, event: Event, uow: UnitOfWork) -> None:
    """Raises UserError where somebody is still needed."""
    if stored.id == event.who.id:
        raise UserError(not_yourself())
    if facilitated := uow.sets.facilitated_by(stored.id):
        raise UserError(needed_by(stored, facilitated))


# What is said


def what_removing_means(stored: Stored, version: int) -> Message:
    """What happens to somebody who is removed."""
    said = _("To remove {name} means:").format(name=stored.name)
    return Message(
        said,
        (
            Text(said),
            Bullets(
                (
                    _("I ask them nothing any more and write no more by myself. Support stays open to them."),
                    _("Their pair ends: the other is told kindly, and arranged meetings are cancelled."),
                    _("They leave their Action Learning Set, and have no duties any more."),
                    _("What was logged stays counted. I ask for no reason."),
                )
            ),
            Buttons(
                (
                    Button(_("Remove {name}").format(name=stored.name[:40]), "really_remove", str(stored.id), version),
                    Button(_("Leave it as it is"), "leads_change"),
                )
            ),
        ),
        _("Only you see this. The other leads see it if you remove them."),
    )


def no_longer_here(stored: Stored) -> str:
    """The person is removed."""
    return _("{name} no longer takes part.").format(name=stored.name)


def has_gone(stored: Stored) -> Message:
    """The person is removed already."""
    said = no_longer_here(stored)
    return Message(said, (Text(said), Text(_("To ask them again, add them."))), _("Only you see this."))


def not_yourself() -> Message:
    """A lead tries to remove themselves."""
    said = _("You cannot remove yourself. Please ask another lead.")
    return Message(said, (Text(said),), _("Only you see this."))


def needed_by(stored: Stored, facilitated: Sequence[LearningSet]) -> Message:
    """Somebody facilitates a set, which would have nobody."""
    said = needed_as_facilitator(stored.name, facilitated)
    only = len(facilitated) == 1
    change = change_set_button(facilitated[0]) if only else Button(_("Action Learning Sets"), "als_sets")
    return Message(said, (Text(said), Buttons((change,))), _("Only you see this. Nothing has changed."))


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "what_removing_means": lambda: what_removing_means(STORED, 1),
    "has_gone": lambda: has_gone(STORED),
    "not_yourself": not_yourself,
    "needed_by": lambda: needed_by(STORED, (LEARNING_SET,)),
    "needed_by_several": lambda: needed_by(STORED, (LEARNING_SET, LEARNING_SET)),
}
