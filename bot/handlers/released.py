"""What a wave lets out, as people read it. A release is posted once in the leads channel and told to everybody of the
roles that were asked; later it can be looked up, word for word. All of it is made of the ledger and of nothing else:
of a wave that is open there is nothing to show, not even whether anybody has answered.
"""

from collections.abc import Callable, Sequence

from bot.examples import PROGRAMME
from bot.flow import Event, Flow, Outcome, Private, UserError
from bot.handlers.help import whom_to_ask
from bot.handlers.leads import leads_now
from bot.handlers.release_message import Told, example, release_messages
from bot.programme.waves import QUESTIONNAIRES
from bot.reading import id_in, ids_about
from bot.surveys import rules
from bot.surveys.instrument import as_declared
from bot.surveys.release import Release, from_ledger
from bot.texts import _, marked, said_date
from bot.ui import Button, Buttons, Form, Heading, Message, Picture, Text
from storage import places
from storage.records import Due, LedgerEntry, NotThere, Person, Programme, Wave
from storage.unit_of_work import UnitOfWork

flow = Flow("released")

AT_ONCE = 200
"""People in one transaction."""
TOLD_TO_CONTROLS = ("end", "follow_up")
"""Of these alone the comparison group is told by a message: with three questionnaires and their reminders, more would
not fit into the eight messages that they get in a year. The others are on their home."""
BUTTONS_IN_A_ROW = 6
LISTED = 36
"""Releases that can be picked from the list: of three years of a wave each month."""

KINDS = {
    "pulse": marked("Check-in"),
    "questionnaire": marked("Questionnaire"),
    "reflection": marked("Reflection on the learning sets"),
}


@flow.job("release_post")
def post(due: Due, uow: UnitOfWork) -> None:
    """Post what a wave let out in the leads channel, all of it, and have everybody told."""
    told = _told(_entry(id_in(due.subject), uow), uow)
    to = places.leads(_programme_of(told.wave_id, uow))
    for number, message in enumerate(release_messages(told, _in_the_channel()), start=1):
        uow.outbox.add(to=to, key=_key(told.wave_id, number), message=message)
    uow.due.add("release_tell", f"{told.wave_id}:0", uow.now)


@flow.job("release_tell")
def tell(due: Due, uow: UnitOfWork) -> None:
    """Tell the next of those who take part now, in the roles that were asked: one message, which leads to any more."""
    wave_id, _colon, after = due.subject.partition(":")
    told = _told(_entry(id_in(wave_id), uow), uow)
    wave = uow.waves.get(told.wave_id)
    roles = [role for role in _asked(wave.id, uow) if role != "control" or wave.name in TOLD_TO_CONTROLS]
    people = uow.roll.taking_part(wave.programme_id, roles, after=id_in(after), limit=AT_ONCE)
    message, *_more = release_messages(told, _("Everybody who takes part, and the leads, see the same."))
    for person in _of_the_group(wave, people, uow):
        uow.outbox.add(to=places.dm(person), key=_key(told.wave_id), message=message)
    if len(people) == AT_ONCE:
        uow.due.add("release_tell", f"{told.wave_id}:{people[-1].id}", uow.now)


def _of_the_group(wave: Wave, people: Sequence[Person], uow: UnitOfWork) -> list[Person]:
    """Of these people those who are told of a wave: where there are two of one questionnaire, exact and in steps, each
    of them is told of one, and finds the other among the results."""
    programme = uow.programmes.get(wave.programme_id)
    if programme.disclosure != rules.RESEARCH.name or wave.name not in QUESTIONNAIRES:
        return [*people]
    exact = uow.consents.settled(programme.id)
    return [person for person in people if (person.id in exact) == (wave.level == rules.RESEARCH.name)]


@flow.button("results", leads=True)
def show_list(event: Event, uow: UnitOfWork) -> Outcome:
    """Show which releases there are."""
    listed = [(entry.wave_id, from_ledger(entry.body)) for entry in reversed(_readable(event, uow))]
    return Private(list_of_results(listed))


@flow.button("result", leads=True)
def show_one(event: Event, uow: UnitOfWork) -> Outcome:
    """Show a release again, from its first message."""
    return _shown(event, id_in(event.subject), 1, uow)


@flow.button("result_page", leads=True)
def show_page(event: Event, uow: UnitOfWork) -> Outcome:
    """Show another message of a release."""
    return _shown(event, *ids_about(event.subject), uow)


def _shown(event: Event, wave_id: int, number: int, uow: UnitOfWork) -> Outcome:
    messages = release_messages(_told_to(event, wave_id, uow), _for_one_reader())
    if not 1 <= number <= len(messages):
        raise NotThere("no such page")
    return Private(messages[number - 1])


def _readable(event: Event, uow: UnitOfWork) -> list[LedgerEntry]:
    """The releases that this person may read, oldest first: a lead all of them, somebody who takes part those in which
    their role was asked. Raises UserError for everybody else."""
    programme = uow.programmes.current()
    if programme is None:
        raise UserError(not_for_you(None))
    entries = uow.ledger.all(programme.id)
    if leads_now(event, uow):
        return entries
    part = uow.people.participant(event.who.id)
    if part is None or part.state != "joined":
        raise UserError(not_for_you(programme))
    return [entry for entry in entries if part.role in _asked(entry.wave_id, uow)]


def _told_to(event: Event, wave_id: int, uow: UnitOfWork) -> Told:
    """A release that this person may read. Raises NotThere for any other."""
    for entry in _readable(event, uow):
        if entry.wave_id == wave_id:
            return _told(entry, uow)
    raise NotThere("no release that this person may read")


def _entry(wave_id: int, uow: UnitOfWork) -> LedgerEntry:
    entry = uow.ledger.of_wave(wave_id)
    if entry is None:
        raise NotThere(f"no release of wave {wave_id}")
    return entry


def _told(entry: LedgerEntry, uow: UnitOfWork) -> Told:
    release = from_ledger(entry.body)
    before = (from_ledger(other.body) for other in uow.ledger.before(entry))
    # Those who agreed to exact counts are other people than those who did not: the two are not compared.
    earlier = [other for other in before if other.level == release.level]
    pictures = [Picture(picture.name, picture.alt) for picture in uow.pictures.of(entry.wave_id)]
    return Told(entry.wave_id, release, earlier, pictures)


def _programme_of(wave_id: int, uow: UnitOfWork) -> Programme:
    return uow.programmes.get(uow.waves.get(wave_id).programme_id)


def _asked(wave_id: int, uow: UnitOfWork) -> tuple[str, ...]:
    return as_declared(uow.waves.get(wave_id).instrument).audience


def _key(wave_id: int, number: int = 1) -> str:
    return f"release:{wave_id}" if number == 1 else f"release:{wave_id}:{number}"


# What is said


def list_of_results(listed: Sequence[tuple[int, Release]]) -> Message:
    """The releases by wave, newest first, with a button for each."""
    said = _("Results so far")
    seen_by = _("Only you see this list. Everybody who takes part, and the leads, see the same results.")
    if not listed:
        none_yet = _("There are no results yet. They are told once, when a check-in or a questionnaire closes.")
        return Message(none_yet, (Text(none_yet),), seen_by)
    buttons = [Button(_name_of(release), "result", str(wave_id)) for wave_id, release in listed[:LISTED]]
    rows = [buttons[start : start + BUTTONS_IN_A_ROW] for start in range(0, len(buttons), BUTTONS_IN_A_ROW)]
    return Message(said, (Heading(said), *(Buttons(tuple(row)) for row in rows)), seen_by)


def _name_of(release: Release) -> str:
    exact = rules.BY_NAME[release.level] == rules.RESEARCH
    said = _("{kind} (exact), closed on {day}") if exact else _("{kind}, closed on {day}")
    return said.format(kind=_(KINDS[release.kind]), day=said_date(release.closed_on))


def not_for_you(programme: Programme | None) -> Message:
    """For everybody who takes no part, and for leads who are not in their channel now."""
    said = _("Results are for everybody who takes part, and for the leads while they are in the leads channel.")
    return Message(said, (Text(said), *whom_to_ask(programme)), _("Only you see this."))


def _for_one_reader() -> str:
    return _("Only you see this answer. Everybody who takes part, and the leads, see the same results.")


def _in_the_channel() -> str:
    return _("Everybody in this leads channel can see this. Everybody who takes part gets the same.")


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "list_of_results": lambda: list_of_results([(4, example()), (2, example(month=9))]),
    "list_of_results_none": lambda: list_of_results([]),
    "not_for_you": lambda: not_for_you(PROGRAMME),
}
