"""Help: what can be typed, for whom, and what is said when something is not as it should be."""

import pytest

from bot.flow import Command, Event, Flow, Outcome, Private, ShowForm
from bot.handlers import CONVERSATIONS, FLOWS, help  # noqa: A004 - the conversation is about help
from bot.ui import Contact, Facts, Form, Message, buttons_of
from storage.records import Account
from tests.world import World

HELP = FLOWS[-1]
CONTACT = Contact("Gwen Pritchard", "gwen@example.org")


def said(outcome: Outcome) -> Message:
    assert isinstance(outcome, Private)
    return outcome.message


def rows(message: Message) -> dict[str, str]:
    return {label: value for block in message.blocks if isinstance(block, Facts) for label, value in block.rows}


@pytest.mark.parametrize(("kind", "name"), [("command", "help"), ("unknown", "")])
@pytest.mark.parametrize("who", ["Amara", "Leila", "Brigid"])
def test_help_lists_what_a_person_can_type_and_the_contact(world: World, who: str, kind: str, name: str) -> None:
    message = said(world.do(HELP, world.event(who, kind, name, text="wen is my meting")))
    listed = rows(message)
    assert {"support", "help"} <= listed.keys()
    assert "leads" not in listed
    assert listed["support"] == "Numbers to call now, and seniors to talk to"
    assert CONTACT in message.blocks
    assert "meting" not in str(message)


def test_leads_also_see_the_commands_of_leads(world: World) -> None:
    assert "leads" in rows(said(world.do(HELP, world.event("Gwen", "command", "help"))))


def test_every_command_of_every_conversation_is_listed_for_a_lead(world: World) -> None:
    every = {command.name for flow in FLOWS for command in flow.commands}
    assert rows(said(world.do(HELP, world.event("Gwen", "command", "help")))).keys() == every
    assert len(every) == sum(len(flow.commands) for flow in FLOWS)
    assert FLOWS[:-1] == CONVERSATIONS


def test_a_new_conversation_is_listed_without_further_work(world: World) -> None:
    flow = Flow("rota")
    flow.command("rota", help="When you work")(lambda _event, _uow: Private(help.not_yours(None)))
    listing = help.flow_about([flow])
    assert rows(said(world.do(listing, world.event("Amara", "command", "help")))) == {
        "rota": "When you work",
        "help": "What you can type",
    }


def test_what_was_not_understood_is_said_to_be_so(world: World) -> None:
    unknown = said(world.do(HELP, world.event("Amara", "unknown", text="hello there")))
    asked_for = said(world.do(HELP, world.event("Amara", "command", "help")))
    assert unknown.summary.startswith("Sorry, I did not understand")
    assert asked_for.summary == "What you can type here"


def test_somebody_outside_the_programme_gets_a_friendly_line_and_the_contact(world: World) -> None:
    stranger = Event("outsider", Account("slack", "T1", "U-nobody"), world.now)
    message = said(world.do(HELP, stranger))
    assert HELP.routes["outsider", ""].open_to_all
    assert "All I hold about you is" in str(message)
    assert CONTACT in message.blocks
    assert [b.action for b in buttons_of(message)] == ["support"]
    assert not any(person.name in str(message) for person in world.people.values() if person.name != CONTACT.name)


def test_a_form_that_cannot_be_opened_here_waits_behind_a_button() -> None:
    form = Form("meeting", "Log a meeting", "Save", (), "both of you")
    (button,) = buttons_of(help.form_behind_button(ShowForm(form, "log_meeting", "17")))
    assert (button.label, button.action, button.subject, button.opens) == ("Log a meeting", "log_meeting", "17", True)


def test_a_fault_is_told_with_its_reference_and_the_contact(world: World) -> None:
    message = help.something_went_wrong("4f1c09ab", world.programme)
    assert "4f1c09ab" in str(message)
    assert CONTACT in message.blocks
    assert "4f1c09ab" in str(help.something_went_wrong("4f1c09ab", None))


def test_what_is_not_there_is_told_without_saying_which_of_the_two(world: World) -> None:
    message = help.not_yours(world.programme)
    assert message.summary == "I cannot open that: it is no longer there, or it belongs to somebody else."
    assert CONTACT in message.blocks


def test_commands_of_leads_are_told_apart_by_their_scope() -> None:
    message = help.what_to_type([Command("als", "Action Learning Sets", "personal", "date")], None)
    assert rows(message) == {"als": "Action Learning Sets"}
