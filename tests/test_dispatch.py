"""One event is one unit of work; what cannot be said in the answer waits in the outbox."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import structlog
from sqlalchemy import select

from bot.chat import Chat, ChatError, Unavailable
from bot.dispatch import Dispatch
from bot.flow import (
    Done,
    Event,
    Flow,
    Flows,
    FormErrors,
    InForm,
    Outcome,
    Private,
    Reply,
    ShowForm,
    ShowHome,
    Update,
    UserError,
)
from bot.handlers.help import not_yours
from bot.ui import Form, Message, Text
from storage import places
from storage.models import metadata
from storage.records import Account, Conversation, NotThere
from storage.unit_of_work import UnitOfWork
from tests.fake_chat import FakeChat
from tests.world import World

FORM = Form("form", "A form", "Send", (), "Only you see this.")


def note(words: str) -> Message:
    return Message(words, (Text(words),), "Only you see this.")


class Desk:
    """Dispatch with a flow of which tests say what it answers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.answer: Outcome | Exception = Done()
        self.events: list[Event] = []
        self.woken = 0
        self.chat = FakeChat()
        chats: dict[str, Chat] = {"slack": self.chat}
        flow = Flow("desk")

        def answer(event: Event, uow: UnitOfWork) -> Outcome:
            self.events.append(event)
            if event.person is not None:
                uow.people.set_state(event.person.id, "joined")
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        flow.command("go", "Go")(answer)
        flow.command("leads", "Lead", scope="leads")(answer)
        flow.button("go", again=lambda _event, _uow: Private(note("as before")))(answer)
        flow.button("open")(answer)
        flow.button("public", open_to_all=True)(answer)
        flow.form("form")(answer)
        flow.form("sealed", leaves_no_trace=True)(answer)
        flow.command("sealed", "Sealed", leaves_no_trace=True)(answer)
        flow.on("home")(answer)
        flow.on("unknown")(lambda _event, _uow: Private(note("help")))
        flow.on("outsider", open_to_all=True)(lambda _event, _uow: Private(note("hello")))
        self.flow = flow
        self.dispatch = Dispatch(
            world.database, Flows([flow]), chats, wake=self.wake, new_id=iter("abcdefghijklmnop").__next__
        )

    def wake(self) -> None:
        self.woken += 1

    async def hear(self, kind: str, name: str = "", who: str = "Niamh", **more: object) -> Outcome:
        event = replace(self.world.event(who, kind, name), person=None)
        return await self.dispatch(replace(event, **more))  # type: ignore[arg-type]  # fields of Event

    def state(self, who: str = "Niamh") -> str:
        with self.world.uow() as uow:
            part = uow.people.participant(self.world.people[who].id)
        assert part is not None
        return part.state

    def said(self, who: str = "Niamh") -> list[str]:
        return [queued.message.summary for queued in self.world.queued(who)]


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


STRANGER = Account("slack", "T1", "U999")
CHANNEL = Conversation("slack", "T1", "C-north", "channel")


@pytest.mark.parametrize("words", ["go", "GO", "/go", "  Go  there "])
async def test_typed_words_that_start_with_a_command_are_that_command(desk: Desk, words: str) -> None:
    await desk.hear("text", text=words)
    (event,) = desk.events
    assert (event.kind, event.name, event.text) == ("command", "go", words.strip().partition(" ")[2].strip())


@pytest.mark.parametrize("words", ["", "going", "please go", "?"])
async def test_other_words_are_answered_with_help(desk: Desk, words: str) -> None:
    await desk.hear("text", text=words)
    assert desk.events == []
    assert desk.said() == ["help"]


async def test_a_flow_without_help_says_nothing_to_what_it_does_not_know(desk: Desk) -> None:
    del desk.flow.routes[("unknown", "")]
    dispatch = Dispatch(desk.world.database, Flows([desk.flow]), {}, wake=desk.wake, new_id=lambda: "x")
    assert await dispatch(desk.world.event("Niamh", "button", "of_old")) == Done()


async def test_what_a_handler_changed_is_committed_before_the_answer(desk: Desk) -> None:
    assert await desk.hear("button", "go") == Done()
    assert desk.state() == "joined"
    assert desk.woken == 1


@pytest.mark.parametrize(
    "error", [UserError(note("sorry")), NotThere("no"), ValueError("a private reason"), KeyError("x")]
)
async def test_what_a_handler_changed_is_undone_when_it_fails(desk: Desk, error: Exception) -> None:
    desk.answer = error
    with structlog.testing.capture_logs() as logged:
        outcome = await desk.hear("button", "go")
    assert isinstance(outcome, Private)
    assert desk.state() == "invited"
    (said,) = desk.said()
    match error:
        case UserError():
            assert (said, logged) == ("sorry", [])
        case NotThere():
            assert (said, logged) == (not_yours(desk.world.programme).summary, [])
        case _:
            assert [entry["error"] for entry in logged] == [type(error).__name__]
            assert "private" not in str(logged)


async def test_form_errors_and_forms_change_nothing(desk: Desk) -> None:
    desk.answer = FormErrors({"day": "no"}, FORM)
    outcome = await desk.hear("form", "form")
    assert isinstance(outcome, FormErrors)
    assert outcome.errors == {"day": "no"}
    desk.answer = ShowForm(FORM, "open")
    assert await desk.hear("button", "open", can_open_form=True) == desk.answer
    assert desk.state() == "invited"
    assert desk.said() == []


async def test_where_no_form_can_be_opened_a_button_that_does_is_said(desk: Desk) -> None:
    desk.answer = ShowForm(FORM, "open", "17")
    await desk.hear("text", text="go")
    (queued,) = desk.world.queued("Niamh")
    assert queued.message.summary == "A form"


async def test_a_private_answer_that_the_platform_can_carry_is_not_said_twice(desk: Desk) -> None:
    desk.answer = Private(note("psst"))
    assert await desk.hear("command", "go", answers_privately=True) == desk.answer
    assert desk.said() == []


async def test_any_other_private_answer_goes_to_the_persons_own_chat(desk: Desk) -> None:
    desk.answer = Private(note("psst"))
    await desk.hear("command", "go", here=CHANNEL)
    (queued,) = desk.world.queued()
    assert (queued.place, queued.prompt) == (places.dm(desk.world.people["Niamh"]), False)


async def test_a_home_that_is_answered_privately_is_shown_as_the_home(desk: Desk) -> None:
    desk.answer = UserError(note("nothing yet"))
    assert await desk.hear("home") == ShowHome(note("nothing yet"))
    assert desk.said() == []


async def test_a_reply_is_said_where_it_was_asked(desk: Desk) -> None:
    desk.answer = Reply(note("to all"))
    await desk.hear("command", "go", here=CHANNEL)
    (queued,) = desk.world.queued()
    assert queued.place == "here:slack:T1:C-north"


async def test_a_reply_without_a_place_is_said_nowhere(desk: Desk) -> None:
    desk.answer = Reply(note("to all"))
    assert await desk.hear("command", "go", here=None) == desk.answer
    assert desk.world.queued() == []


async def test_an_update_of_a_message_that_is_unknown_to_the_outbox_is_left_to_the_platform(desk: Desk) -> None:
    desk.answer = Update(note("changed"))
    assert await desk.hear("button", "go", message_id="m1") == desk.answer
    assert desk.world.queued() == []


async def test_an_update_where_there_is_no_message_is_said(desk: Desk) -> None:
    desk.answer = Update(note("changed"))
    await desk.hear("button", "go")
    assert desk.said() == ["changed"]


async def test_the_same_tap_twice_is_answered_with_how_things_stand(desk: Desk) -> None:
    desk.answer = Private(note("done"))
    for _ in range(3):
        await desk.hear("button", "go", key="tap-1")
    assert len(desk.events) == 1
    assert desk.said() == ["done"], "a platform that repeats itself is told nothing twice"
    desk.world.pass_time(minutes=1)
    await desk.hear("button", "go", key="tap-1")
    assert desk.said() == ["done", "as before"], "a person who taps again is"


async def test_the_same_command_twice_is_answered_once(desk: Desk) -> None:
    desk.answer = Private(note("done"))
    first = await desk.hear("command", "go", key="e1")
    again = await desk.hear("command", "go", key="e1")
    assert (first, again) == (desk.answer, Done())
    assert len(desk.events) == 1


async def test_the_same_key_of_two_people_is_two_events(desk: Desk) -> None:
    await desk.hear("command", "go", who="Niamh", key="e1")
    await desk.hear("command", "go", who="Amara", key="e1")
    assert len(desk.events) == 2


async def test_an_event_without_a_key_is_always_new(desk: Desk) -> None:
    desk.answer = Private(note("done"))
    for _ in range(2):
        await desk.hear("command", "go")
    assert desk.said() == ["done", "done"]


async def test_a_stranger_reaches_no_handler_that_is_not_open_to_all(desk: Desk) -> None:
    for kind, name in (("command", "go"), ("button", "go"), ("form", "form"), ("home", "")):
        await desk.hear(kind, name, account=STRANGER)
    assert desk.events == []
    await desk.hear("button", "public", account=STRANGER)
    assert [event.person for event in desk.events] == [None]


async def test_a_stranger_is_answered_in_their_chat_with_the_bot(desk: Desk) -> None:
    await desk.hear("command", "go", account=STRANGER)
    (queued,) = desk.world.queued()
    assert (queued.place, queued.message.summary) == ("here:slack:T1:D-Niamh", "hello")


async def test_a_stranger_in_a_channel_is_answered_nowhere(desk: Desk) -> None:
    await desk.hear("command", "go", account=STRANGER, here=CHANNEL)
    assert desk.world.queued() == []


async def test_an_account_of_another_workspace_is_a_strangers(desk: Desk) -> None:
    """The same user id, elsewhere."""
    account = replace(desk.world.accounts["Niamh"], tenant="T2")
    await desk.hear("command", "go", account=account)
    assert desk.events == []


async def test_who_speaks_can_be_reached_again_and_where_is_noted(desk: Desk) -> None:
    niamh = desk.world.people["Niamh"]
    with desk.world.uow() as uow:
        uow.people.mark_unreachable(desk.world.accounts["Niamh"])
    await desk.hear("command", "go")
    with desk.world.uow() as uow:
        assert uow.people.accounts_of(niamh.id, reachable=True)
        assert uow.places.find(places.dm(niamh)) == Conversation("slack", "T1", "D-Niamh", "dm")


async def test_a_channel_is_not_noted_as_the_chat_with_a_person(desk: Desk) -> None:
    await desk.hear("command", "go", here=CHANNEL)
    with desk.world.uow() as uow:
        assert uow.places.find(places.dm(desk.world.people["Niamh"])) is None


# Who is in the leads channel


class Channel(FakeChat):
    """A platform whose channel has members, or cannot be seen."""

    def __init__(self, users: Sequence[str], fault: ChatError | None = None) -> None:
        super().__init__()
        self.users = users
        self.fault = fault

    async def members(self, _at: Conversation) -> frozenset[str]:
        if self.fault:
            raise self.fault
        return frozenset(self.users)


async def present(desk: Desk, chat: Chat | None, *, bound: bool = True) -> frozenset[Account]:
    if bound:
        with desk.world.uow() as uow:
            uow.places.bind(places.leads(desk.world.programme), CHANNEL)
    chats = {"slack": chat} if chat else {}
    dispatch = Dispatch(desk.world.database, Flows([desk.flow]), chats, wake=desk.wake, new_id=lambda: "x")
    await dispatch(desk.world.event("Gwen", "command", "leads"))
    return desk.events[-1].leads_present


async def test_a_flow_for_leads_hears_who_is_in_the_channel(desk: Desk) -> None:
    assert await present(desk, Channel(["U6", "U7"])) == {Account("slack", "T1", "U6"), Account("slack", "T1", "U7")}


async def test_nobody_is_where_no_channel_is_bound(desk: Desk) -> None:
    assert await present(desk, Channel(["U6"]), bound=False) == frozenset()


async def test_nobody_is_where_the_channel_cannot_be_seen(desk: Desk) -> None:
    with structlog.testing.capture_logs() as logged:
        assert await present(desk, Channel(["U6"], Unavailable("down"))) == frozenset()
    assert [entry["event"] for entry in logged] == ["leads.members_unknown"]


async def test_nobody_is_where_the_channels_platform_is_not_served(desk: Desk) -> None:
    assert await present(desk, None) == frozenset()


async def test_other_flows_do_not_ask(desk: Desk) -> None:
    with desk.world.uow() as uow:
        uow.places.bind(places.leads(desk.world.programme), CHANNEL)
    desk.chat = Channel(["U6"], Unavailable("down"))
    await desk.hear("command", "go")
    assert desk.events[-1].leads_present == frozenset()


def waits_for_account(desk: Desk) -> None:
    """Let there be somebody without an account, and a conversation that answers to who may be them."""
    with desk.world.uow() as uow:
        uow.people.add(name="Omar", email="omar@example.org", accounts=[], time_zone="Europe/London", region="ENG")
    desk.flow.on("claim", open_to_all=True)(lambda event, _uow: Private(note(f"claimed by {event.email}")))
    desk.dispatch = Dispatch(
        desk.world.database, Flows([desk.flow]), {"slack": desk.chat}, wake=desk.wake, new_id=lambda: "x"
    )


async def test_while_nobody_waits_for_an_account_no_address_is_asked_for(desk: Desk) -> None:
    desk.chat.emails[STRANGER] = "omar@example.org"
    assert await desk.hear("button", "go", account=STRANGER) == Private(note("hello"))
    assert desk.chat.calls == 0


async def test_a_stranger_with_a_verified_address_may_be_somebody_who_waits(desk: Desk) -> None:
    waits_for_account(desk)
    desk.chat.emails[STRANGER] = "omar@example.org"
    assert await desk.hear("button", "go", account=STRANGER) == Private(note("claimed by omar@example.org"))
    assert desk.events == []


@pytest.mark.parametrize("fault", [None, Unavailable("users.info: 503"), TimeoutError()])
async def test_a_stranger_without_one_stays_a_stranger(desk: Desk, fault: Exception | None) -> None:
    waits_for_account(desk)
    desk.chat.faults.append(fault)
    assert await desk.hear("button", "go", account=STRANGER) == Private(note("hello"))


async def test_a_stranger_of_a_platform_that_is_not_served_stays_one(desk: Desk) -> None:
    waits_for_account(desk)
    assert await desk.hear("button", "go", account=replace(STRANGER, platform="teams")) == Private(note("hello"))
    assert desk.chat.calls == 0


async def test_who_is_known_and_what_is_open_to_all_needs_no_address(desk: Desk) -> None:
    waits_for_account(desk)
    await desk.hear("button", "go")
    await desk.hear("button", "public", account=STRANGER)
    assert (desk.chat.calls, len(desk.events)) == (0, 2)


# What leaves no trace


def everything(world: World) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables but the participants, whose state the desk's answer sets."""
    with world.database.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=str)
            for table in metadata.sorted_tables
            if table.name != "participant"
        }


SEALED_ANSWERS: list[Outcome | Exception] = [
    InForm(note("thank you")),
    Private(note("it has closed")),
    UserError(note("it has closed")),
    NotThere("somebody else's"),
    ValueError("a fault"),
    FormErrors({"field": "no"}, FORM),
    ShowForm(FORM, "open"),
]


@pytest.mark.parametrize("answer", SEALED_ANSWERS, ids=lambda answer: type(answer).__name__)
async def test_dispatch_writes_nothing_about_a_form_that_leaves_no_trace(
    desk: Desk, answer: Outcome | Exception
) -> None:
    with desk.world.uow() as uow:
        uow.people.mark_unreachable(desk.world.accounts["Niamh"])
    before = everything(desk.world)
    desk.answer = answer
    outcome = await desk.hear("form", "sealed", key="view-1:hash", can_open_form=True)
    assert everything(desk.world) == before
    assert isinstance(outcome, InForm | FormErrors | ShowForm)


async def test_a_command_that_leaves_no_trace_is_not_noted_as_seen(desk: Desk) -> None:
    before = everything(desk.world)
    desk.answer = ShowForm(FORM, "open")
    for _time in range(2):
        outcome = await desk.hear("command", "sealed", key="trigger-1", can_open_form=True, answers_privately=True)
        assert outcome == ShowForm(FORM, "open")
    assert everything(desk.world) == before


async def test_another_form_is_noted_by_comparison(desk: Desk) -> None:
    before = everything(desk.world)
    desk.answer = Private(note("thank you"))
    await desk.hear("form", "form", key="view-1:hash", can_open_form=True)
    assert everything(desk.world) != before


@pytest.mark.parametrize("answer", [Private(note("numbers")), Update(note("numbers"))])
async def test_a_tap_within_a_form_is_answered_there(desk: Desk, answer: Outcome) -> None:
    desk.answer = answer
    outcome = await desk.hear("button", "public", in_form=True, can_open_form=True)
    assert outcome == InForm(note("numbers"))
    assert desk.said() == []
