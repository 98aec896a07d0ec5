"""Help: what can be typed, for whoever asks and for everything that is not understood; a friendly line for people whom
the programme does not know; and what everybody is told when something goes wrong.

This conversation lists the commands of all others, so it is made from them: see ``bot/handlers/__init__.py``.
"""

from collections.abc import Callable, Iterable, Sequence

from bot.examples import PROGRAMME
from bot.flow import Command, Event, Flow, Outcome, Private, ShowForm
from bot.texts import _, marked
from bot.ui import Block, Button, Buttons, Contact, Facts, Form, Heading, Message, Text
from storage.records import Programme
from storage.unit_of_work import UnitOfWork


def flow_about(conversations: Iterable[Flow]) -> Flow:
    """The conversation that tells what these conversations, and it itself, answer to."""
    flow = Flow("help")

    def commands_for(event: Event, uow: UnitOfWork) -> list[Command]:
        is_lead = uow.people.has_duty(event.who.id, "lead")
        return [command for command in everything if command.scope != "leads" or is_lead]

    @flow.command("help", help=marked("What you can type"), scope="typed")
    def show_help(event: Event, uow: UnitOfWork) -> Outcome:
        """What this person can type."""
        return Private(what_to_type(commands_for(event, uow), uow.programmes.current()))

    @flow.on("unknown")
    def not_understood(event: Event, uow: UnitOfWork) -> Outcome:
        """The same, to words and buttons that nobody answers to."""
        sorry = _("Sorry, I did not understand that. I only know a few words.")
        return Private(what_to_type(commands_for(event, uow), uow.programmes.current(), sorry))

    @flow.on("outsider", open_to_all=True)
    def greet_outsider(_event: Event, uow: UnitOfWork) -> Outcome:
        """For somebody whom the programme does not know."""
        return Private(outsider(uow.programmes.current()))

    everything = [command for conversation in (*conversations, flow) for command in conversation.commands]
    return flow


# What is said


def what_to_type(commands: Sequence[Command], programme: Programme | None, sorry: str = "") -> Message:
    """The commands with what each does, and whom to ask. ``sorry``: a line above them."""
    rows = tuple((command.name, _(command.help)) for command in commands)
    blocks: list[Block] = [Text(sorry)] if sorry else []
    blocks += [
        Heading(_("What you can type here")),
        Facts(rows),
        Buttons((Button(_("Show my next step"), "home", primary=True), Button(_("Get help"), "support"))),
        *whom_to_ask(programme),
    ]
    return Message(summary=sorry or _("What you can type here"), blocks=tuple(blocks), seen_by=_("Only you see this."))


def outsider(programme: Programme | None) -> Message:
    """To somebody whom the programme does not know."""
    said = (
        _("Hello. I help with {programme}, but I cannot find you on its list.").format(programme=programme.name)
        if programme
        else _("Hello. I help with peer mentoring, but no programme is running here yet.")
    )
    kept = _("All I hold about you is the address of this chat, which I need to answer you.")
    return Message(
        summary=said,
        blocks=(Text(said), *whom_to_ask(programme), Text(kept), Buttons((Button(_("Get help"), "support"),))),
        seen_by=_("Only you see this."),
    )


def form_behind_button(outcome: ShowForm) -> Message:
    """In place of a form, where only a button can open one."""
    title = outcome.form.title
    return Message(
        summary=title,
        blocks=(
            Text(_("Tap the button to open the form.")),
            Buttons((Button(title, outcome.action, subject=outcome.subject, opens=True, primary=True),)),
        ),
        seen_by=_("Only you see this."),
    )


def not_yours(programme: Programme | None) -> Message:
    """For a button or a subject that does not exist, or is somebody else's."""
    said = _("I cannot open that: it is no longer there, or it belongs to somebody else.")
    return Message(summary=said, blocks=(Text(said), *whom_to_ask(programme)), seen_by=_("Only you see this."))


def something_went_wrong(reference: str, programme: Programme | None) -> Message:
    """For a fault of the bot's own; ``reference`` finds it in the log."""
    said = _("Sorry, something went wrong on my side, and nothing was changed. Please try again.")
    again = _("If it happens again, please pass on this reference: {reference}").format(reference=reference)
    return Message(
        summary=said, blocks=(Text(said), Text(again), *whom_to_ask(programme)), seen_by=_("Only you see this.")
    )


def whom_to_ask(programme: Programme | None) -> tuple[Block, ...]:
    """The programme's contact, where there is a programme."""
    if programme is None:
        return ()
    return Text(_("Questions about the programme? Ask:")), Contact(programme.contact_name, programme.contact_email)


_COMMANDS = (
    Command("mentoring", marked("My next step, and everything I can do"), "personal"),
    Command("support", marked("Numbers to call now, and seniors to talk to"), "personal"),
    Command("leads", marked("For leads: the facts about all pairs, now"), "leads", "here"),
)


def _example_form() -> ShowForm:
    return ShowForm(Form("meeting", _("Log a meeting"), "", (), ""), "log_meeting")


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "what_to_type": lambda: what_to_type(_COMMANDS, PROGRAMME),
    "not_understood": lambda: what_to_type(
        _COMMANDS[:2], PROGRAMME, _("Sorry, I did not understand that. I only know a few words.")
    ),
    "outsider": lambda: outsider(PROGRAMME),
    "outsider_without_a_programme": lambda: outsider(None),
    "form_behind_button": lambda: form_behind_button(_example_form()),
    "not_yours": lambda: not_yours(PROGRAMME),
    "something_went_wrong": lambda: something_went_wrong("4f1c09ab", PROGRAMME),
}
