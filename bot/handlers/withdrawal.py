"""Taking back: ``/withdraw`` deletes what was sent to a wave that is still open.

Nothing else is written, and what is shown before it is sent is the same whether or not there is anything.
"""

from collections.abc import Callable

from bot.copies import drop_copy
from bot.examples import MENTEE
from bot.flow import Event, Flow, InForm, Outcome, Private, ShowForm
from bot.handlers.open_waves import called, closing, example_wave, keys_of, kind_of, open_for, still_open, which_one
from bot.reading import id_in
from bot.surveys.instrument import as_declared
from bot.surveys.sealing import KINDS, tag
from bot.texts import _, marked
from bot.ui import Form, Message, Text
from storage.records import Person, Wave
from storage.unit_of_work import UnitOfWork

flow = Flow("withdrawal")


@flow.command(
    "withdraw", help=marked("Take back what I sent to an open check-in or questionnaire"), leaves_no_trace=True
)
@flow.button("withdraw", leaves_no_trace=True)
def open_form(event: Event, uow: UnitOfWork) -> Outcome:
    """Show what would be taken back; whether there is anything is not looked up yet."""
    found = open_for(event, uow)
    match found:
        case []:
            return Private(nothing_to_withdraw_from())
        case [(wave, _role)]:
            part = uow.people.participant(event.who.id)
            takes_part = part is not None and part.state == "joined"
            return ShowForm(withdrawal_form(wave, event.who, takes_part=takes_part), "withdraw", str(wave.id))
        case _:
            return Private(which_one(found, event.who, "withdraw"))


@flow.form("withdraw", leaves_no_trace=True)
def withdraw(event: Event, uow: UnitOfWork) -> Outcome:
    """Delete what was sent, all parts of it."""
    wave, role = still_open(uow.waves.lock(id_in(event.subject)), event, uow)
    keys = keys_of(wave, uow)
    parts = as_declared(wave.instrument).parts_for(role)
    tags = [tag(keys.secret, event.who.id, part, kind) for part in parts for kind in KINDS]
    there_was = uow.waves.take_back(wave.id, tags)
    drop_copy(wave, event.who.id, uow)
    return InForm(taken_back(wave, event.who) if there_was else nothing_there(wave, event.who))


# What is said


def withdrawal_form(wave: Wave, person: Person, *, takes_part: bool = True) -> Form:
    """What would be taken back."""
    what = _(
        "This deletes all that you sent to the {what} that is open until {moment}, your comments too. I have shown it "
        "to nobody."
    ).format(what=called(kind_of(wave)), moment=closing(wave, person))
    again = _("You can answer again until then.") if takes_part else _("As you take part no more, this is for good.")
    return Form(
        "withdraw",
        _("Take back answers"),
        _("Take back"),
        (),
        seen_by=_("Only you see this. It is not noted anywhere that you took something back."),
        subject=str(wave.id),
        intro=f"{what} {again}",
    )


def taken_back(wave: Wave, person: Person) -> Message:
    """In the form, once the answers are deleted."""
    said = _("Your answers are deleted. I have shown them to nobody.")
    return Message(said, (Text(said), Text(_until(wave, person))), _("Only you see this, and nobody is told."))


def nothing_there(wave: Wave, person: Person) -> Message:
    """In the form, where nothing was sent or it is taken back already."""
    said = _("There is nothing to take back: I hold no answers of yours.")
    return Message(said, (Text(said), Text(_until(wave, person))), _("Only you see this, and nobody is told."))


def _until(wave: Wave, person: Person) -> str:
    return _("The {what} is open until {moment}.").format(what=called(kind_of(wave)), moment=closing(wave, person))


def nothing_to_withdraw_from() -> Message:
    """No wave is open for this person."""
    said = _("No check-in or questionnaire is open for you, so there is nothing that could be taken back.")
    why = _("After the close answers are counted and destroyed: nobody can find yours any more, and neither can I.")
    return Message(said, (Text(said), Text(why)), _("Only you see this."))


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "withdrawal_form": lambda: withdrawal_form(example_wave(), MENTEE),
    "withdrawal_form_after_leaving": lambda: withdrawal_form(example_wave(), MENTEE, takes_part=False),
    "taken_back": lambda: taken_back(example_wave(), MENTEE),
    "nothing_there": lambda: nothing_there(example_wave(), MENTEE),
    "nothing_to_withdraw_from": nothing_to_withdraw_from,
}
