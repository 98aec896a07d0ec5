"""What people do in Slack arrives as events, and what dispatch answers arrives on their screens."""

import asyncio
import json
import logging
import time
from dataclasses import replace
from urllib.parse import urlencode

import aiohttp
import msgspec
import pytest

from bot import ui
from bot.flow import Done, FormErrors, InForm, Outcome, Private, Reply, ShowForm, ShowHome, Update
from bot.platforms.slack.adapter import LARGEST
from bot.playground.client import Fault, Shown
from bot.playground.slack_workspace import BOT_ID, BOT_USER
from storage.records import Conversation
from tests.platforms.slack.conftest import AMARA, GWEN, NIAMH, TEAM, Rig, form, said

GO = ui.Button("Go", "go", "pair:17", 3)
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HELLO = json.dumps({
    "type": "event_callback",
    "team_id": TEAM,
    "event_id": "Ev1",
    "event": {"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "text": "home", "ts": "1.0"},
})  # fmt: skip


def hello(**event: object) -> str:
    """The same with other things in the event."""
    body = json.loads(HELLO)
    return json.dumps(body | {"event": body["event"] | event})


# What is not let in


@pytest.mark.parametrize(
    ("timestamp", "status"),
    [
        pytest.param("now", 200, id="of now"),
        pytest.param("-290", 200, id="a little old"),
        pytest.param("-310", 401, id="stale"),
        pytest.param("+310", 401, id="from the future"),
        pytest.param("soon", 401, id="no number"),
        pytest.param("", 401, id="empty"),
        pytest.param("1e9", 401, id="a float"),
        pytest.param("-5", 401, id="negative"),
        pytest.param("9" * 5000, 401, id="enormous"),
        pytest.param("\u0661\u0667", 401, id="digits of another script"),
    ],
)
async def test_a_request_is_let_in_only_around_the_time_of_its_signature(rig: Rig, timestamp: str, status: int) -> None:
    offsets = {"now": 0, "-290": -290, "-310": -310, "+310": 310}
    headers = rig.stand_in.signed(HELLO, at=time.time() + offsets.get(timestamp, 0))
    if timestamp not in offsets:
        signature = rig.stand_in._verifier.generate_signature(timestamp=timestamp, body=HELLO)
        headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": str(signature)}
    answered, _, _ = await rig.stand_in.send_raw(HELLO, JSON | headers)
    assert answered == status
    assert len(rig.dispatch.events) == (status == 200)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"X-Slack-Signature": "v0=" + "0" * 64}, id="forged"),
        pytest.param({"X-Slack-Signature": "v0=é"}, id="not ASCII"),
        pytest.param({"X-Slack-Signature": ""}, id="empty"),
        pytest.param({"X-Slack-Signature": None}, id="no signature"),
        pytest.param({"X-Slack-Request-Timestamp": None}, id="no timestamp"),
        pytest.param({"X-Slack-Signature": None, "X-Slack-Request-Timestamp": None}, id="neither"),
    ],
)
@pytest.mark.parametrize("body", [HELLO, '{"type":', "ssl_check=1", '{"type": "url_verification", "challenge": "c"}'])
async def test_what_slack_has_not_signed_gets_401_whatever_it_says(
    rig: Rig, change: dict[str, str | None], body: str
) -> None:
    headers = {name: value for name, value in (JSON | rig.stand_in.signed(body) | change).items() if value is not None}
    status, text, _ = await rig.stand_in.send_raw(body, headers)
    assert (status, text, rig.dispatch.events) == (401, "", [])


async def test_a_body_that_was_changed_on_the_way_gets_401(rig: Rig) -> None:
    status, _, _ = await rig.stand_in.send_raw(hello(user="U3"), JSON | rig.stand_in.signed(HELLO))
    assert (status, rig.dispatch.events) == (401, [])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param('{"type":', 400, id="JSON cut off"),
        pytest.param("[1, 2]", 400, id="JSON, but a list"),
        pytest.param("", 400, id="empty"),
        pytest.param("{}", 400, id="an empty object"),
        pytest.param("[" * 100_000, 400, id="JSON too deep to read"),
        pytest.param("payload=%7Bnot", 400, id="a form with broken JSON"),
        pytest.param("payload=", 400, id="a form with an empty payload"),
        pytest.param("payload=[]", 400, id="a form with a list"),
        pytest.param("nothing to read", 400, id="no form"),
        pytest.param("command=%2Fhome&team_id=T1", 400, id="a command of nobody"),
        pytest.param('{"type": "event_callback", "team_id": "T1"}', 400, id="an event without an event"),
        pytest.param('{"type": "event_callback", "team_id": "T1", "event": 5}', 400, id="an event that is a number"),
        pytest.param(hello(user=7), 400, id="a user that is a number"),
        pytest.param(hello(user=None), 400, id="a message of nobody"),
        pytest.param(HELLO.replace('"Ev1"', "null"), 400, id="an event without an id"),
        pytest.param(HELLO.replace(TEAM, "T2"), 403, id="another workspace"),
        pytest.param(hello(team="T2"), 403, id="somebody of another workspace in a shared channel"),
        pytest.param(HELLO.replace("Ev1", "E" * LARGEST), 413, id="too large"),
        pytest.param("x" * (LARGEST + 1), 413, id="too large to be read as a form"),
    ],
)
async def test_what_slack_signed_but_cannot_be_served_is_refused(rig: Rig, body: str, status: int) -> None:
    answered, text, _ = await rig.stand_in.send_raw(body, FORM | rig.stand_in.signed(body))
    assert answered == status
    assert text == "" or status == 413
    assert rig.dispatch.events == []


async def test_a_body_that_is_no_text_gets_401(rig: Rig) -> None:
    status, _, _ = await rig.stand_in.send_raw(b"\xff\xfe", JSON | rig.stand_in.signed(""))
    assert status == 401


@pytest.mark.parametrize(
    "change",
    [
        {"actions": []},
        {"actions": "go"},
        {"actions": [{"action_id": "go#0", "action_ts": "1.0", "value": "no version"}]},
        {"actions": [{"action_id": "go#0", "action_ts": "1.0", "value": "pair:one"}]},
        {"user": None},
        {"trigger_id": None},
        {"container": "message"},
    ],
)
async def test_a_tap_that_makes_no_sense_gets_400(rig: Rig, change: dict[str, object]) -> None:
    tap: dict[str, object] = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": "U1", "team_id": TEAM},
        "trigger_id": "t",
        "container": {"type": "message", "message_ts": "1.0"},
        "actions": [{"action_id": "go#0", "action_ts": "1.0", "value": "pair:17:1"}],
    }
    assert await rig.stand_in.send_form({"payload": json.dumps(tap)}) == (200, "")
    assert (await rig.stand_in.send_form({"payload": json.dumps(tap | change)}))[0] == 400
    assert len(rig.dispatch.events) == 1


async def test_a_tap_of_somebody_of_another_workspace_gets_403(rig: Rig) -> None:
    command = {"command": "/home", "user_id": "U9", "channel_id": "C1", "trigger_id": "t", "team_id": "T2"}
    assert (await rig.stand_in.send_form(command))[0] == 403
    assert rig.dispatch.events == []


async def test_refused_requests_are_not_sent_again(rig: Rig) -> None:
    body = HELLO.replace(TEAM, "T2")
    _, _, headers = await rig.stand_in.send_raw(body, JSON | rig.stand_in.signed(body))
    assert headers["X-Slack-No-Retry"] == "1"


async def test_slack_can_verify_the_address_and_its_certificate(rig: Rig) -> None:
    challenge = '{"type": "url_verification", "challenge": "3eZbrw1aB"}'
    status, text, _ = await rig.stand_in.send_raw(challenge, JSON | rig.stand_in.signed(challenge))
    assert (status, json.loads(text)) == (200, {"challenge": "3eZbrw1aB"})
    assert (await rig.stand_in.send_form({"ssl_check": "1", "token": "t"}))[0] == 200
    async with aiohttp.ClientSession() as session, session.get(f"{rig.stand_in._bot_url}/slack/events") as answer:
        assert answer.status == 200
    assert rig.dispatch.events == []


@pytest.mark.parametrize(
    "body",
    [
        hello(subtype="message_changed"),
        hello(bot_id="B7"),
        hello(user=BOT_USER),
        hello(bot_id=BOT_ID, user=None),
        hello(channel_type="channel"),
        hello(type="app_home_opened", tab="messages"),
        hello(type="channel_created", channel={"id": "C7"}),
        json.dumps({"type": "view_closed", "team": {"id": TEAM}, "user": {"id": "U1"}, "view": {"callback_id": "x"}}),
        json.dumps({"type": "shortcut", "team": {"id": TEAM}, "user": {"id": "U1"}, "callback_id": "x"}),
    ],
)
async def test_what_the_bot_does_not_answer_to_is_acknowledged_and_no_event(rig: Rig, body: str) -> None:
    status, text, _ = await rig.stand_in.send_raw(body, JSON | rig.stand_in.signed(body))
    assert (status, text, rig.dispatch.events) == (200, "", [])


# What comes in


async def test_a_slash_command_is_a_command(rig: Rig) -> None:
    channel = rig.stand_in.add_channel("leads", [GWEN])
    answer = await rig.stand_in.client(GWEN, channel).command("leads here & now <3")
    assert answer.status == 200
    event = rig.dispatch.event
    assert (event.kind, event.name, event.text) == ("command", "leads", "here & now <3")
    assert (event.account, event.at) == (GWEN, rig.now)
    assert event.here == Conversation("slack", TEAM, channel, "channel")
    assert event.can_open_form
    assert event.answers_privately
    assert event.key


async def test_a_command_in_a_direct_message_has_no_place_because_it_may_be_between_two_others(rig: Rig) -> None:
    await rig.stand_in.client(AMARA).command("home")
    assert rig.dispatch.event.here is None


async def test_typed_words_are_text(rig: Rig) -> None:
    await rig.stand_in.client(AMARA).say("Log 1 < 2 & thanks")
    event = rig.dispatch.event
    dm = await rig.dm()
    assert (event.kind, event.name, event.text) == ("text", "", "Log 1 < 2 & thanks")
    assert (event.account, event.here) == (AMARA, dm)
    assert event.key.startswith("Ev")
    assert not event.can_open_form
    assert not event.answers_privately


async def test_addresses_that_slack_marks_in_typed_words_read_as_they_were_typed(rig: Rig) -> None:
    body = hello(text="mail <mailto:a@example.org|a@example.org> or <https://example.org>")
    await rig.stand_in.send_raw(body, JSON | rig.stand_in.signed(body))
    assert rig.dispatch.event.text == "mail a@example.org or https://example.org"


async def test_a_mention_is_text_in_its_channel_without_the_mention(rig: Rig) -> None:
    channel = rig.stand_in.add_channel("leads", [GWEN])
    await rig.stand_in.client(GWEN, channel).say("leads here")
    event = rig.dispatch.event
    assert (event.kind, event.text) == ("text", "leads here")
    assert event.here == Conversation("slack", TEAM, channel, "public"), "a mention does not say that it is private"


@pytest.mark.parametrize(("name", "kind"), [("privategroup", "channel"), ("general", "public")])
async def test_a_command_tells_a_private_channel_from_a_public_one(rig: Rig, name: str, kind: str) -> None:
    channel = rig.stand_in.add_channel("leads", [GWEN])
    sent = {
        "command": "/leads",
        "text": "here",
        "user_id": GWEN.user,
        "team_id": TEAM,
        "channel_id": channel,
        "channel_name": name,
        "trigger_id": "1.2.3",
    }
    await rig.stand_in.send_form(sent)
    assert rig.dispatch.event.here == Conversation("slack", TEAM, channel, kind)


async def test_opening_the_home_tab_is_an_event(rig: Rig) -> None:
    assert await rig.stand_in.client(AMARA).open_home() is None
    event = rig.dispatch.event
    assert (event.kind, event.account, event.can_open_form) == ("home", AMARA, False)


async def test_a_tap_on_a_message_says_what_was_tapped_and_where(rig: Rig) -> None:
    dm = await rig.dm()
    message_id = await rig.chat.send(dm, said("Ready?", ui.Button("Stay", "stay"), GO), "ready:1")
    client = rig.stand_in.client(AMARA)
    (shown,) = client.screen()
    await client.tap(shown, shown.button("go"))
    event = rig.dispatch.event
    assert (event.kind, event.name, event.subject, event.version) == ("button", "go", "pair:17", 3)
    assert (event.account, event.here, event.message_id) == (AMARA, dm, message_id)
    assert event.key.endswith(f":{AMARA.user}")
    assert event.can_open_form
    assert not event.answers_privately
    assert not event.on_home


async def test_a_tap_in_a_group_is_in_the_same_conversation_that_was_opened(rig: Rig) -> None:
    group = await rig.chat.open([AMARA, NIAMH])
    await rig.chat.send(group, said("Ready?", GO), "ready:2")
    client = rig.stand_in.client(NIAMH)
    await client.tap(client.screen()[0], client.screen()[0].button("go"))
    assert rig.dispatch.event.here == group


async def test_every_tap_has_a_key_of_its_own(rig: Rig) -> None:
    await rig.chat.send(await rig.dm(), said("Ready?", GO), "ready:1")
    client = rig.stand_in.client(AMARA)
    for _ in range(2):
        await client.tap(client.screen()[0], client.screen()[0].button("go"))
    first, second = rig.dispatch.events
    assert first.key != second.key


async def test_a_tap_on_the_home_is_marked_so(rig: Rig) -> None:
    rig.dispatch.outcome = ShowHome(said("Home", GO))
    client = rig.stand_in.client(AMARA)
    home = await client.open_home()
    assert home is not None
    await client.tap(home, home.button("go"))
    event = rig.dispatch.events[-1]
    assert (event.kind, event.subject, event.on_home) == ("button", "pair:17", True)
    assert (event.here, event.message_id) == (None, "")


async def test_a_form_comes_back_with_what_was_entered(rig: Rig) -> None:
    rig.dispatch.outcome = ShowForm(form(), "logmeeting")
    client = rig.stand_in.client(AMARA)
    shown = (await client.command("logmeeting")).form
    assert shown is not None
    rig.dispatch.outcome = Done()
    answer = await client.submit(shown, {"how": "cafe", "topics": ("exam",), "minutes": "45", "note": "A <b>\n& c"})
    assert (answer.status, answer.form) == (200, None)
    event = rig.dispatch.events[-1]
    assert (event.kind, event.name, event.subject, event.version) == ("form", "meeting", "pair:17", 0)
    assert event.values == {
        "how": "cafe",
        "topics": ("exam",),
        "day": "2026-02-01",
        "minutes": "45",
        "time": "09:30",
        "place": "",
        "note": "A <b>\n& c",
    }
    assert event.can_open_form
    assert not event.answers_privately


async def test_fields_that_were_left_open_are_empty(rig: Rig) -> None:
    fields = tuple(
        msgspec.structs.replace(field, optional=True, value=type(field)("", "").value) for field in form().fields
    )
    open_form = msgspec.structs.replace(form(), fields=fields)
    rig.dispatch.outcome = ShowForm(open_form, "logmeeting")
    client = rig.stand_in.client(AMARA)
    shown = (await client.command("logmeeting")).form
    assert shown is not None
    await client.submit(shown, {})
    left_open = {name: () if name == "topics" else "" for name in shown.values}
    assert rig.dispatch.events[-1].values == left_open


# What goes out


async def opened(rig: Rig) -> Shown:
    """A message with a button on Amara's screen."""
    await rig.chat.send(await rig.dm(), said("Ready?", GO), "ready:1")
    return rig.stand_in.client(AMARA).screen()[0]


async def test_a_form_opens_before_the_tap_is_acknowledged(rig: Rig) -> None:
    shown = await opened(rig)
    rig.dispatch.outcome = ShowForm(form(), "go")
    answer = await rig.stand_in.client(AMARA).tap(shown, shown.button("go"))
    assert answer.form is not None
    assert (answer.status, answer.form.name, answer.form.subject) == (200, "meeting", "pair:17")
    assert "You and your mentee can see this." in answer.form.lines


async def test_a_form_that_follows_a_form_takes_its_place(rig: Rig) -> None:
    rig.dispatch.outcome = ShowForm(form(), "go")
    client = rig.stand_in.client(AMARA)
    first = (await client.command("logmeeting")).form
    assert first is not None
    rig.dispatch.outcome = ShowForm(form(name="second"), "go")
    second = (await client.submit(first, {"how": "video"})).form
    assert second is not None
    assert second.name == "second"
    rig.dispatch.outcome = Done()
    await client.submit(second, {"how": "video"})
    keys = [event.key for event in rig.dispatch.events if event.kind == "form"]
    assert len(set(keys)) == 2


async def test_words_in_a_form_take_the_place_of_one_that_was_sent(rig: Rig) -> None:
    rig.dispatch.outcome = ShowForm(form(), "go")
    client = rig.stand_in.client(AMARA)
    shown = (await client.command("logmeeting")).form
    assert shown is not None
    rig.dispatch.outcome = InForm(said("Sealed, thank you."))
    answer = await client.submit(shown, {"how": "cafe"})
    assert answer.form is not None
    assert answer.form.lines == ("Sealed, thank you.", "Only you can see this.")
    assert (answer.form.values, answer.form.raw["id"]) == ({}, shown.raw["id"])
    assert rig.stand_in.posts == []


async def test_get_help_lies_in_front_of_the_form_and_what_was_typed_stays(rig: Rig) -> None:
    number = ui.Link("116 123: Samaritans", "tel:116123")
    rig.dispatch.outcome = ShowForm(msgspec.structs.replace(form(), get_help=(number,)), "go")
    client = rig.stand_in.client(AMARA)
    shown = (await client.command("logmeeting")).form
    assert shown is not None
    assert "Get help" in shown.lines
    rig.dispatch.outcome = InForm(said("Numbers to call", GO))
    assert (await client.get_help(shown))[0] == "Numbers to call"
    event = rig.dispatch.events[-1]
    assert (event.kind, event.name, event.in_form, event.here) == ("button", "support", True, None)
    rig.dispatch.outcome = Done()
    await client.submit(shown, {"how": "cafe"})
    assert rig.dispatch.events[-1].values["how"] == "cafe"


async def test_a_form_without_free_text_has_no_get_help(rig: Rig) -> None:
    rig.dispatch.outcome = ShowForm(form(), "go")
    shown = (await rig.stand_in.client(AMARA).command("logmeeting")).form
    assert shown is not None
    with pytest.raises(LookupError):
        await rig.stand_in.client(AMARA).get_help(shown)


async def test_form_errors_stand_beside_their_fields_and_keep_what_was_typed(rig: Rig) -> None:
    rig.dispatch.outcome = ShowForm(form(), "go")
    client = rig.stand_in.client(AMARA)
    shown = (await client.command("logmeeting")).form
    assert shown is not None
    rig.dispatch.outcome = FormErrors({"day": "That day is still to come."}, form())
    answer = await client.submit(shown, {"how": "cafe", "day": "2027-01-01"})
    assert (answer.status, answer.errors) == (200, {"day": "That day is still to come."})
    assert answer.form is not None
    assert answer.form.values["how"] == "cafe"


@pytest.mark.parametrize("outcome", [Private(said("Just you")), Update(said("Just you"))])
async def test_a_command_is_answered_so_that_this_person_alone_sees_it(rig: Rig, outcome: Outcome) -> None:
    channel = rig.stand_in.add_channel("leads", [GWEN, AMARA])
    rig.dispatch.outcome = outcome
    answer = await rig.stand_in.client(GWEN, channel).command("home")
    assert answer.message is not None
    assert answer.message.ephemeral
    assert answer.message.lines == ("Just you", "Only you can see this.")
    assert rig.stand_in.client(AMARA, channel).screen() == []
    assert rig.stand_in.posts == []


@pytest.mark.parametrize("outcome", [Done(), Reply(said()), Private(said()), Update(said())])
async def test_what_dispatch_has_put_into_the_outbox_is_not_said_again(rig: Rig, outcome: Outcome) -> None:
    shown = await opened(rig)
    rig.dispatch.outcome = outcome
    client = rig.stand_in.client(AMARA)
    assert (await client.tap(shown, shown.button("go"))).message is None
    await client.say("hello")
    assert client.screen() == [shown]
    assert rig.stand_in.edits == 0


async def test_a_private_message_can_be_replaced_and_answered_where_it_is(rig: Rig) -> None:
    channel = rig.stand_in.add_channel("leads", [GWEN, AMARA])
    client = rig.stand_in.client(GWEN, channel)
    rig.dispatch.outcome = Private(said("Sure?", GO))
    question = (await client.command("draw")).message
    assert question is not None
    rig.dispatch.outcome = Private(said("Think again"))
    extra = (await client.tap(question, question.button("go"))).message
    rig.dispatch.outcome = Update(said("Done"))
    changed = (await client.tap(question, question.button("go"))).message
    assert extra is not None
    assert changed is not None
    event = rig.dispatch.events[-1]
    assert (event.message_id, event.answers_privately) == ("", True)
    assert extra.lines[0] == "Think again"
    assert (changed.id, changed.lines[0], changed.ephemeral) == (question.id, "Done", True)
    assert rig.stand_in.client(AMARA).screen() == []
    assert rig.stand_in.posts == []


async def test_the_home_is_published(rig: Rig) -> None:
    rig.dispatch.outcome = ShowHome(said("Your next step"))
    home = await rig.stand_in.client(AMARA).open_home()
    assert home is not None
    assert home.lines == ("Your next step", "Only you can see this.")


async def test_the_home_is_shown_anew_after_a_tap_on_it(rig: Rig) -> None:
    rig.dispatch.outcome = ShowHome(said("Your next step", GO))
    client = rig.stand_in.client(AMARA)
    home = await client.open_home()
    assert home is not None
    rig.dispatch.answers = [Update(said("Thank you")), ShowHome(said("What comes now"))]
    await client.tap(home, home.button("go"))
    assert [event.kind for event in rig.dispatch.events] == ["home", "button", "home"]
    now = rig.stand_in.workspace.show_home(AMARA.user)
    assert now is not None
    assert now.lines[0] == "What comes now"


async def test_a_form_that_comes_too_late_is_acknowledged_and_a_command_is_told(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await opened(rig)
    client = rig.stand_in.client(AMARA)
    rig.dispatch.outcome = ShowForm(form(), "go")
    ticks = iter(range(0, 10_000, 4))  # four seconds go by at each look at the clock
    monkeypatch.setattr(rig.stand_in.workspace, "wire_time", lambda: time.time() + next(ticks))
    tapped = await client.tap(shown, shown.button("go"))
    typed = await client.command("logmeeting")
    assert (tapped.status, tapped.form, tapped.message) == (200, None, None)
    assert (typed.status, typed.form) == (200, None)
    assert typed.message is not None
    assert "try again" in typed.message.text


@pytest.mark.parametrize(
    "error", ["expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "internal_error"]
)
async def test_a_form_that_slack_does_not_open_is_acknowledged(rig: Rig, error: str) -> None:
    shown = await opened(rig)
    rig.dispatch.outcome = ShowForm(form(), "go")
    rig.stand_in.faults.append(Fault("views.open", "slack_error", error=error))
    assert (await rig.stand_in.client(AMARA).tap(shown, shown.button("go"))).status == 200


async def test_a_home_that_cannot_be_published_is_acknowledged(rig: Rig) -> None:
    rig.dispatch.outcome = ShowHome(said("Your next step"))
    rig.stand_in.faults.append(Fault("views.publish", "status"))
    assert await rig.stand_in.client(AMARA).open_home() is None
    assert len(rig.dispatch.events) == 1


async def test_a_response_address_that_fails_is_acknowledged(rig: Rig) -> None:
    client = rig.stand_in.client(GWEN)
    rig.dispatch.outcome = Private(said("Sure?", GO))
    question = (await client.command("draw")).message
    assert question is not None
    rig.dispatch.outcome = Update(said("Done"))
    rig.stand_in.faults.append(Fault("response_url", "status", status=404))
    assert (await client.tap(question, question.button("go"))).status == 200


async def test_an_event_comes_again_until_the_database_is_back(rig: Rig) -> None:
    rig.dispatch.error = ConnectionError("the database is down")
    answer = await rig.stand_in.client(AMARA).say("hello")
    assert answer.status == 503
    assert len(rig.dispatch.events) == 4
    assert len({event.key for event in rig.dispatch.events}) == 1
    rig.dispatch.error = None
    assert (await rig.stand_in.client(AMARA).say("hello")).status == 200


async def test_a_failure_says_nothing_about_itself(
    rig: Rig, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    rig.dispatch.error = LookupError("Niamh Gallagher")
    status, text, _ = await rig.stand_in.send_raw(hello(text="my secret"), rig.stand_in.signed(hello(text="my secret")))
    assert (status, text) == (503, "")
    logged = caplog.text + "".join(capsys.readouterr())
    assert "LookupError" in logged
    assert "Gallagher" not in logged
    assert "secret" not in logged


async def test_an_outcome_that_slack_cannot_show_is_logged_and_acknowledged(rig: Rig) -> None:
    rig.dispatch.outcome = Private(said("x" * 20_000))
    answer = await rig.stand_in.client(AMARA).command("home")
    assert answer.status == 200
    assert answer.message is not None
    assert answer.message.ephemeral


async def test_many_events_ask_slack_once_whose_token_it_is(rig: Rig) -> None:
    clients = [rig.stand_in.client(account) for account in (AMARA, NIAMH, GWEN)]
    await asyncio.gather(*(client.say("hello") for client in clients for _ in range(3)))
    assert len(rig.dispatch.events) == 9
    assert rig.stand_in.calls["auth.test"] == 1


async def test_a_revoked_token_keeps_events_waiting_at_slack(rig: Rig) -> None:
    rig.stand_in.faults.append(Fault("auth.test", "slack_error", times=99, error="token_revoked"))
    assert (await rig.stand_in.client(AMARA).say("hello")).status == 503
    assert rig.dispatch.events == []


@pytest.mark.parametrize("kind", ["app_uninstalled", "tokens_revoked"])
async def test_once_the_app_is_removed_the_token_is_asked_about_again(rig: Rig, kind: str) -> None:
    await rig.stand_in.client(AMARA).say("hello")
    assert await rig.stand_in.send_event({"type": kind, "tokens": {"bot": [BOT_USER]}}) == 200
    await rig.stand_in.client(AMARA).say("hello")
    assert rig.stand_in.calls["auth.test"] == 2
    assert len(rig.dispatch.events) == 2


async def test_an_event_that_is_delivered_again_has_the_same_key(rig: Rig) -> None:
    for _ in range(2):
        await rig.stand_in.send_raw(HELLO, JSON | rig.stand_in.signed(HELLO))
    first, second = rig.dispatch.events
    assert first == replace(second)


async def test_a_payload_may_be_sent_as_urlencoded_json(rig: Rig) -> None:
    body = urlencode({"payload": json.dumps({"type": "view_closed", "team": {"id": TEAM}, "user": {"id": "U1"}})})
    status, _, _ = await rig.stand_in.send_raw(body, FORM | rig.stand_in.signed(body))
    assert status == 200
