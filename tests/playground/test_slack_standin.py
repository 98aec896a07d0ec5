"""The stand-in is as strict as Slack: a careless bot gets away with nothing here that Slack would not let it do."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.playground.client import ShownButton, StandIn
from bot.playground.slack import POSTS_AT_ONCE, TOKEN, SlackStandIn
from bot.playground.slack_workspace import BOT_USER, PAGE, RESPONSE_URL_SECONDS, RESPONSE_URL_USES
from storage.records import Account
from tests.playground.slack_bench import (
    ACTIONS,
    AMARA,
    BUTTON,
    GWEN,
    HOME,
    INPUT,
    MODAL,
    NIAMH,
    NUMBER,
    OPTION,
    PEOPLE,
    SECTION,
    TEAM,
    TEXT,
    Bench,
    benched,
)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A stand-in and a bot, started."""
    async with benched() as made:
        yield made


def test_it_is_a_stand_in() -> None:
    stand_in: StandIn = SlackStandIn(PEOPLE, lambda: datetime.now(UTC), team=TEAM)
    assert stand_in.platform == "slack"


# The Web API


@pytest.mark.parametrize(("token", "error"), [("", "not_authed"), ("xoxb-stolen", "invalid_auth")])
async def test_every_method_wants_the_token(bench: Bench, token: str, error: str) -> None:
    for method in bench.stand_in.workspace.methods:
        assert (await bench.call(method, token=token))["error"] == error


async def test_a_method_that_there_is_not_is_unknown(bench: Bench) -> None:
    assert (await bench.call("chat.shout"))["error"] == "unknown_method"


async def test_people_can_be_looked_up(bench: Bench) -> None:
    assert (await bench.call("auth.test"))["user_id"] == BOT_USER
    assert (await bench.call("users.info", user="U2"))["user"]["profile"]["email"] == "niamh@example.org"
    assert (await bench.call("users.lookupByEmail", email="GWEN@example.org"))["user"]["id"] == "U3"
    assert (await bench.call("users.info", user="U9"))["error"] == "user_not_found"
    assert (await bench.call("users.lookupByEmail", email="nobody@example.org"))["error"] == "users_not_found"


async def test_a_read_that_gets_its_arguments_as_json_does_not_get_them(bench: Bench) -> None:
    url = bench.stand_in.settings()["SLACK_API_URL"] + "conversations.members"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with bench.http.post(url, headers=headers, json={"channel": await bench.dm()}) as answer:
        assert (await answer.json())["error"] == "channel_not_found"


@pytest.mark.parametrize(
    ("users", "error"),
    [
        ("", "users_list_not_supplied"),
        ("U9", "user_not_found"),
        (",".join(f"U{n}" for n in range(9)), "too_many_users"),
    ],
)
async def test_a_conversation_is_opened_with_known_people_and_not_too_many(
    bench: Bench, users: str, error: str
) -> None:
    assert (await bench.call("conversations.open", users=users))["error"] == error


async def test_a_conversation_with_the_same_people_is_the_same(bench: Bench) -> None:
    first = await bench.call("conversations.open", users="U1,U2")
    again = await bench.call("conversations.open", users="U2,U1")
    other = await bench.call("conversations.open", users="U1")
    assert first["channel"] == again["channel"] != other["channel"]
    bench.stand_in.scopes.add("mpim:read")
    info = await bench.call("conversations.info", channel=first["channel"]["id"])
    assert (info["channel"]["is_mpim"], info["channel"]["is_im"]) == (True, False)


async def test_members_come_in_pages(bench: Bench) -> None:
    channel = bench.stand_in.add_channel("leads", [AMARA, NIAMH, GWEN])
    first = await bench.call("conversations.members", channel=channel, limit="3")
    cursor = first["response_metadata"]["next_cursor"]
    second = await bench.call("conversations.members", channel=channel, limit=str(PAGE), cursor=cursor)
    assert (first["members"], second["members"]) == (["U1", "U2", "U3"], [BOT_USER])
    assert second["response_metadata"]["next_cursor"] == ""


async def test_only_the_bots_own_direct_messages_have_a_history_for_it(bench: Bench) -> None:
    channel, dm = bench.stand_in.add_channel("leads", [GWEN]), await bench.dm()
    metadata = {"event_type": "e", "event_payload": {"key": "k"}}
    await bench.post(dm, metadata=metadata)
    assert (await bench.call("conversations.history", channel=channel))["needed"] == "groups:history"
    (without,) = (await bench.call("conversations.history", channel=dm))["messages"]
    (with_it,) = (await bench.call("conversations.history", channel=dm, include_all_metadata="1"))["messages"]
    assert "metadata" not in without
    assert with_it["metadata"] == metadata


def text(content: str, **more: object) -> dict[str, Any]:
    """A section with this text."""
    return {"type": "section", "text": {"type": "plain_text", "text": content, **more}}


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        pytest.param([{"type": "carnival"}], "invalid_blocks", id="unknown block"),
        pytest.param([SECTION | {"colour": "red"}], "invalid_blocks", id="unknown key"),
        pytest.param([{"type": "section"}], "invalid_blocks", id="no text"),
        pytest.param([text("")], "invalid_blocks", id="empty text"),
        pytest.param([text("  ")], "invalid_blocks", id="blank text"),
        pytest.param([text("x" * 3001)], "invalid_blocks", id="long text"),
        pytest.param([text("x", emoji="no")], "invalid_blocks", id="wrong type"),
        pytest.param([{"type": "header", "text": TEXT | {"text": "x" * 151}}], "invalid_blocks", id="long header"),
        pytest.param([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "invalid_blocks", id="markup"),
        pytest.param([SECTION | {"block_id": "a"}] * 2, "invalid_blocks", id="block id twice"),
        pytest.param([ACTIONS | {"elements": [BUTTON, BUTTON]}], "invalid_blocks", id="action id twice"),
        pytest.param([ACTIONS | {"elements": []}], "invalid_blocks", id="no button"),
        pytest.param(
            [ACTIONS | {"elements": [BUTTON | {"action_id": f"{n}"} for n in range(26)]}], "invalid_blocks", id="many"
        ),
        pytest.param(
            [ACTIONS | {"elements": [BUTTON | {"text": TEXT | {"text": "x" * 76}}]}], "invalid_blocks", id="long label"
        ),
        pytest.param([ACTIONS | {"elements": [BUTTON | {"value": "x" * 2001}]}], "invalid_blocks", id="long value"),
        pytest.param([ACTIONS | {"elements": [BUTTON | {"style": "loud"}]}], "invalid_blocks", id="unknown style"),
        pytest.param([INPUT], "invalid_blocks", id="input in a message"),
        pytest.param([{"type": "divider"}] * 51, "invalid_blocks", id="too many blocks"),
        pytest.param([text("x" * 2900)] * 5, "msg_blocks_too_long", id="too heavy"),
        pytest.param([], "no_text", id="nothing"),
    ],
)  # fmt: skip
async def test_a_message_that_slack_would_refuse_is_refused(
    bench: Bench, blocks: list[dict[str, Any]], error: str
) -> None:
    answer = await bench.post(await bench.dm(), blocks=blocks)
    assert (answer["ok"], answer["error"]) == (False, error)
    assert bench.stand_in.posts == []


@pytest.mark.parametrize(
    "change",
    [
        {"title": TEXT | {"text": "x" * 25}},
        {"submit": TEXT | {"text": "x" * 25}},
        {"submit": None},
        {"blocks": []},
        {"blocks": [{"type": "divider"}] * 101},
        {"blocks": [INPUT, INPUT]},
        {"blocks": [INPUT | {"element": INPUT["element"] | {"options": []}}]},  # type: ignore[operator]  # a dict
        {"blocks": [INPUT | {"element": INPUT["element"] | {"options": [OPTION, OPTION]}}]},  # type: ignore[operator]
        {"blocks": [INPUT | {"element": INPUT["element"] | {"initial_option": OPTION | {"value": "b"}}}]},  # type: ignore[operator]
        {"private_metadata": "x" * 3001},
        {"callback_id": "x" * 256},
        {"type": "home"},
    ],
)
async def test_a_modal_that_slack_would_refuse_is_refused(bench: Bench, change: dict[str, Any]) -> None:
    view = {name: value for name, value in (MODAL | change).items() if value is not None}
    answer = await bench.call("views.open", trigger_id=await bench.trigger(), view=view)
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"]


async def test_a_trigger_opens_one_modal_within_three_seconds(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger, late = await bench.trigger(), await bench.trigger()
    assert (await bench.call("views.open", trigger_id=trigger, view=MODAL))["ok"]
    assert (await bench.call("views.open", trigger_id=trigger, view=MODAL))["error"] == "exchanged_trigger_id"
    assert (await bench.call("views.open", trigger_id="made.up", view=MODAL))["error"] == "invalid_trigger_id"
    monkeypatch.setattr(bench.stand_in.workspace, "wire_time", lambda: time.time() + 4)
    assert (await bench.call("views.open", trigger_id=late, view=MODAL))["error"] == "expired_trigger_id"


async def test_an_open_modal_can_be_updated_by_who_knows_how_it_is(bench: Bench) -> None:
    view = (await bench.call("views.open", trigger_id=await bench.trigger(), view=MODAL))["view"]
    changed = await bench.call("views.update", view_id=view["id"], hash=view["hash"], view=MODAL)
    assert changed["view"]["id"] == view["id"]
    assert changed["view"]["hash"] != view["hash"]
    stale = await bench.call("views.update", view_id=view["id"], hash=view["hash"], view=MODAL)
    assert stale["error"] == "hash_conflict"
    assert (await bench.call("views.update", view_id="V404", view=MODAL))["error"] == "not_found"


async def test_an_edit_changes_what_is_shown_and_is_no_post(bench: Bench) -> None:
    dm = await bench.dm()
    posted = await bench.post(dm, metadata={"event_type": "e", "event_payload": {"key": "k"}})
    bench.now += timedelta(hours=1)
    assert (await bench.call("chat.update", channel=dm, ts=posted["ts"], blocks=[text("New &amp; *true*")]))["ok"]
    assert (await bench.call("chat.update", channel=dm, ts="1.0", blocks=[SECTION]))["error"] == "message_not_found"
    (shown,) = bench.stand_in.client(AMARA).screen()
    assert (shown.lines, shown.key) == (("New &amp; *true*",), "k")
    assert shown.at == bench.now - timedelta(hours=1)
    assert (bench.stand_in.edits, len(bench.stand_in.posts)) == (1, 1)


async def test_a_text_that_slack_parses_reads_as_it_is_shown(bench: Bench) -> None:
    marked = {"type": "section", "text": {"type": "mrkdwn", "text": "Tea &amp; <https://example.org|cake> <@U1>"}}
    await bench.post(await bench.dm(), blocks=[marked])
    (shown,) = bench.stand_in.client(AMARA).screen()
    assert shown.lines == ("Tea & cake @U1",)


async def test_an_ephemeral_message_is_seen_by_one_person_of_the_channel(bench: Bench) -> None:
    channel = bench.stand_in.add_channel("leads", [AMARA, GWEN])
    arguments = {"channel": channel, "text": "Just you"}
    assert (await bench.call("chat.postEphemeral", user="U2", **arguments))["error"] == "user_not_in_channel"
    assert (await bench.call("chat.postEphemeral", user="U3", **arguments))["ok"]
    (shown,) = bench.stand_in.client(GWEN).screen()
    assert bench.stand_in.client(GWEN).shown(shown.id) == shown
    assert bench.stand_in.client(AMARA).shown(shown.id) is None
    assert (shown.lines, shown.ephemeral) == (("Just you",), True)
    assert bench.stand_in.client(AMARA).screen() == []
    answer = await bench.call("chat.update", channel=channel, ts=shown.id, text="Everybody")
    assert answer["error"] == "message_not_found"


async def test_a_post_notes_who_could_read_it(bench: Bench) -> None:
    channel = bench.stand_in.add_channel("leads", [GWEN, AMARA])
    await bench.post(channel, text="x", metadata={"event_type": "e", "event_payload": {"key": "digest:1"}})
    (post,) = bench.stand_in.posts
    assert (post.kind, post.key, post.at) == ("channel", "digest:1", bench.now)
    assert post.readers == {GWEN, AMARA}
    assert post.lines == ("Hello", "Hello")


async def test_a_key_that_somebody_gets_twice_is_noticed(bench: Bench) -> None:
    channel, dm = bench.stand_in.add_channel("leads", [GWEN, AMARA]), await bench.dm()
    metadata = {"event_type": "e", "event_payload": {"key": "digest:1"}}
    await bench.post(channel, metadata=metadata)
    await bench.post(channel)
    assert bench.stand_in.seen_twice() == []
    await bench.post(dm, metadata=metadata)
    assert bench.stand_in.seen_twice() == [(AMARA, "digest:1")]


async def test_metadata_must_have_its_shape(bench: Bench) -> None:
    answer = await bench.post(await bench.dm(), metadata={"key": "k"})
    assert answer["error"] == "invalid_metadata_format"


async def test_a_channel_takes_one_message_a_second_after_a_burst(bench: Bench) -> None:
    dm, other = await bench.dm(), await bench.dm(NIAMH)
    for _ in range(POSTS_AT_ONCE):
        assert (await bench.post(dm))["ok"]
    refused = await bench.post(dm)
    assert (refused["status"], refused["error"], refused["retry_after"]) == (429, "ratelimited", "1")
    assert (await bench.post(other))["ok"]
    bench.now += timedelta(seconds=1)
    assert (await bench.post(dm))["ok"]
    assert (await bench.post(dm))["status"] == 429
    assert len(bench.stand_in.posts) == POSTS_AT_ONCE + 2


async def test_other_methods_have_a_rate_a_minute(bench: Bench) -> None:
    bench.stand_in.per_minute["users.info"] = 2
    statuses = [(await bench.call("users.info", user="U1"))["status"] for _ in range(3)]
    assert statuses == [200, 200, 429]
    bench.now += timedelta(seconds=30)
    assert (await bench.call("users.info", user="U1"))["ok"]


async def test_a_person_who_has_removed_the_bot_gets_nothing_in_the_direct_message(bench: Bench) -> None:
    dm = await bench.dm()
    client = bench.stand_in.client(AMARA)
    await client.remove()
    assert (await bench.post(dm))["error"] == "channel_not_found"
    assert (await bench.call("conversations.open", users="U1"))["error"] == "user_disabled"
    await client.install()
    assert (await bench.post(dm))["ok"]


# People's apps


async def test_a_command_arrives_as_slack_sends_it(bench: Bench) -> None:
    channel = bench.stand_in.add_channel("leads", [GWEN])
    await bench.stand_in.client(GWEN, channel).command("leads here & now")
    _, sent = bench.heard[-1]
    assert (sent["command"], sent["text"], sent["channel_id"]) == ("/leads", "here &amp; now", channel)
    assert (sent["user_id"], sent["team_id"]) == ("U3", TEAM)
    assert bench.stand_in.last_action == {GWEN: bench.now}


async def test_words_arrive_as_an_event_escaped_and_mention_the_bot_in_a_channel(bench: Bench) -> None:
    channel = bench.stand_in.add_channel("leads", [GWEN])
    await bench.stand_in.client(GWEN).say("1 < 2")
    await bench.stand_in.client(GWEN, channel).say("leads here")
    personal, mention = (sent["event"] for _, sent in bench.heard)
    assert (personal["type"], personal["channel_type"], personal["text"]) == ("message", "im", "1 &lt; 2")
    assert (mention["type"], mention["channel"], mention["text"]) == (
        "app_mention", channel, f"<@{BOT_USER}> leads here",
    )  # fmt: skip


async def test_an_event_is_sent_again_three_times_and_says_so(bench: Bench) -> None:
    bench.status = 500
    assert (await bench.stand_in.client(AMARA).say("hello")).status == 500
    retries = [headers.get("X-Slack-Retry-Num") for headers, _ in bench.heard]
    assert retries == [None, "1", "2", "3"]
    assert len({sent["event_id"] for _, sent in bench.heard}) == 1


async def test_commands_and_taps_are_not_sent_again(bench: Bench) -> None:
    await bench.post(await bench.dm())
    bench.status = 500
    client = bench.stand_in.client(AMARA)
    (shown,) = client.screen()
    assert (await client.command("go")).status == 500
    assert (await client.tap(shown, shown.button("go"))).status == 500
    assert len(bench.heard) == 2


async def test_a_bot_that_is_not_there_is_a_bad_gateway(bench: Bench) -> None:
    bench.stand_in.point_at("http://127.0.0.1:1")
    assert (await bench.stand_in.client(AMARA).command("go")).status == 502


async def test_the_answer_to_a_command_is_seen_by_who_typed_it(bench: Bench) -> None:
    channel = bench.stand_in.add_channel("leads", [GWEN, AMARA])
    bench.body = {"response_type": "ephemeral", "text": "x", "blocks": [SECTION]}
    answer = await bench.stand_in.client(GWEN, channel).command("go")
    assert answer.message is not None
    assert (answer.message.lines, answer.message.ephemeral) == (("Hello",), True)
    assert bench.stand_in.client(GWEN).screen() == [answer.message]
    assert bench.stand_in.client(AMARA).screen() == []


async def test_an_answer_that_slack_would_refuse_shows_why(bench: Bench) -> None:
    bench.body = {"text": "x", "blocks": [{"type": "carnival"}]}
    answer = await bench.stand_in.client(GWEN).command("go")
    assert answer.message is None
    assert "carnival" in answer.errors[""]


async def test_a_tap_arrives_with_what_the_button_carries(bench: Bench) -> None:
    dm = await bench.dm()
    posted = await bench.post(dm)
    client = bench.stand_in.client(AMARA)
    (shown,) = client.screen()
    assert shown.button("go") == ShownButton("Hello", "go", "pair:17", 2)
    await client.tap(shown, shown.button("go"))
    _, sent = bench.heard[-1]
    assert sent["type"] == "block_actions"
    assert (sent["actions"][0]["action_id"], sent["actions"][0]["value"]) == ("go#0", "pair:17:2")
    assert (sent["container"]["message_ts"], sent["container"]["is_ephemeral"]) == (posted["ts"], False)
    assert (sent["channel"]["id"], sent["user"]["id"]) == (dm, "U1")


async def test_nobody_taps_what_is_not_on_their_screen(bench: Bench) -> None:
    await bench.post(await bench.dm())
    (shown,) = bench.stand_in.client(AMARA).screen()
    with pytest.raises(LookupError):
        await bench.stand_in.client(NIAMH).tap(shown, shown.button("go"))
    with pytest.raises(LookupError):
        await bench.stand_in.client(AMARA).tap(shown, ShownButton("Other", "other", "", 0))
    assert bench.heard == []


async def test_a_stranger_has_no_app_here(bench: Bench) -> None:
    with pytest.raises(LookupError):
        bench.stand_in.client(Account("slack", TEAM, "U9"))


async def test_the_home_shows_what_was_published_and_belongs_to_one_person(bench: Bench) -> None:
    client = bench.stand_in.client(AMARA)
    assert await client.open_home() is None
    assert (await bench.call("views.publish", user_id="U1", view=HOME))["ok"]
    assert (await bench.call("views.publish", user_id="U1", view=MODAL))["error"] == "invalid_arguments"
    home = await client.open_home()
    assert home is not None
    await client.tap(home, home.button("go"))
    assert bench.heard[-1][1]["container"] == {"type": "view", "view_id": home.id}
    with pytest.raises(LookupError):
        await bench.stand_in.client(NIAMH).tap(home, home.button("go"))


async def test_a_form_is_sent_with_what_its_fields_hold(bench: Bench) -> None:
    view = (await bench.call("views.open", trigger_id=await bench.trigger(), view=MODAL))["view"]
    client = bench.stand_in.client(AMARA)
    form = bench.stand_in.workspace.show_modal(bench.stand_in.workspace.modals[view["id"]])
    empty = await client.submit(form, {})
    assert empty.errors == {"how": "Please complete this required field."}
    assert len(bench.heard) == 1
    with pytest.raises(ValueError, match="not among"):
        await client.submit(form, {"how": "z"})
    with pytest.raises(LookupError):
        await client.submit(form, {"colour": "red"})
    await client.submit(form, {"how": "a"})
    state = bench.heard[-1][1]["view"]["state"]["values"]["how"]["input"]
    assert (state["type"], state["selected_option"]["value"]) == ("radio_buttons", "a")
    with pytest.raises(LookupError, match="not open"):
        await client.submit(form, {"how": "a"})


async def test_letters_in_a_number_stay_in_the_form(bench: Bench) -> None:
    await bench.call("views.open", trigger_id=await bench.trigger(), view=MODAL | {"blocks": [NUMBER]})
    (modal,) = bench.stand_in.workspace.modals.values()
    form = bench.stand_in.workspace.show_modal(modal)
    answer = await bench.stand_in.client(AMARA).submit(form, {"minutes": "forty"})
    assert answer.errors == {"minutes": "Please enter a whole number."}
    assert answer.form is not None
    assert answer.form.values == {"minutes": "forty"}


def typed_into(kind: str, **element: object) -> dict[str, Any]:
    """A field of this kind."""
    return INPUT | {"block_id": "what", "element": {"type": kind, "action_id": "input", **element}}


async def test_too_much_text_stays_in_the_form(bench: Bench) -> None:
    field = typed_into("plain_text_input", max_length=10)
    await bench.call("views.open", trigger_id=await bench.trigger(), view=MODAL | {"blocks": [field]})
    (modal,) = bench.stand_in.workspace.modals.values()
    form = bench.stand_in.workspace.show_modal(modal)
    client = bench.stand_in.client(AMARA)
    assert (await client.submit(form, {"what": "x" * 11})).errors == {"what": "Please use fewer than 10 characters."}
    with pytest.raises(ValueError, match="one line"):
        await client.submit(form, {"what": "a\nb"})
    await client.submit(form, {"what": "Room 4"})
    state = bench.heard[-1][1]["view"]["state"]["values"]["what"]["input"]
    assert state == {"type": "plain_text_input", "value": "Room 4"}


async def test_only_a_time_of_day_can_be_picked_as_a_time(bench: Bench) -> None:
    view = MODAL | {"blocks": [typed_into("timepicker", initial_time="08:15")]}
    await bench.call("views.open", trigger_id=await bench.trigger(), view=view)
    (modal,) = bench.stand_in.workspace.modals.values()
    form = bench.stand_in.workspace.show_modal(modal)
    client = bench.stand_in.client(AMARA)
    for wrong in ("8:15", "24:00", "noon", "08:60"):
        with pytest.raises(ValueError, match="cannot be picked"):
            await client.submit(form, {"what": wrong})
    assert form.values == {"what": "08:15"}
    await client.submit(form, {"what": "17:40"})
    state = bench.heard[-1][1]["view"]["state"]["values"]["what"]["input"]
    assert state == {"type": "timepicker", "selected_time": "17:40"}


@pytest.mark.parametrize(
    "field",
    [
        typed_into("timepicker", initial_time="9:00"),
        typed_into("timepicker", initial_time="25:00"),
        typed_into("plain_text_input", max_length=3001),
        typed_into("plain_text_input", max_length=0),
        typed_into("plain_text_input", max_length=3, initial_value="four"),
        typed_into("plain_text_input", multiline="yes"),
    ],
)
async def test_a_field_that_slack_would_not_show_is_refused(bench: Bench, field: dict[str, Any]) -> None:
    view = MODAL | {"blocks": [field]}
    answer = await bench.call("views.open", trigger_id=await bench.trigger(), view=view)
    assert answer["error"] == "invalid_arguments"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"response_action": "errors", "errors": {"how": "No."}}, {"how": "No."}),
        ({"response_action": "errors", "errors": {"who": "No."}}, {"": "no such field: ['who']"}),
        ({"response_action": "explode"}, {"": "invalid response_action 'explode'"}),
    ],
)
async def test_a_form_with_errors_stays_open(bench: Bench, body: object, errors: dict[str, str]) -> None:
    await bench.call("views.open", trigger_id=await bench.trigger(), view=MODAL)
    (modal,) = bench.stand_in.workspace.modals.values()
    bench.body = body
    answer = await bench.stand_in.client(AMARA).submit(bench.stand_in.workspace.show_modal(modal), {"how": "a"})
    assert answer.errors == errors
    assert answer.form is not None
    assert answer.form.values == {"how": "a"}


async def test_a_form_stays_open_when_the_bot_fails(bench: Bench) -> None:
    await bench.call("views.open", trigger_id=await bench.trigger(), view=MODAL)
    (modal,) = bench.stand_in.workspace.modals.values()
    bench.status = 503
    answer = await bench.stand_in.client(AMARA).submit(bench.stand_in.workspace.show_modal(modal), {"how": "a"})
    assert answer.status == 503
    assert answer.form is not None


async def test_a_response_address_lives_half_an_hour_and_for_five_answers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = bench.stand_in.client(AMARA)
    await client.command("go")
    url = bench.heard[-1][1]["response_url"]

    async def respond(url: str) -> tuple[int, str]:
        async with bench.http.post(url, json={"text": "Just you"}) as answer:
            return answer.status, await answer.text()

    assert [await respond(url) for _ in range(RESPONSE_URL_USES)] == [(200, "ok")] * RESPONSE_URL_USES
    assert await respond(url) == (404, "used_url")
    assert await respond(url[:-1] + "x") == (404, "expired_url")
    await client.command("go")
    monkeypatch.setattr(bench.stand_in.workspace, "wire_time", lambda: time.time() + RESPONSE_URL_SECONDS + 1)
    assert await respond(bench.heard[-1][1]["response_url"]) == (404, "expired_url")
    assert len(client.screen()) == RESPONSE_URL_USES


async def test_a_response_for_the_whole_channel_is_a_post(bench: Bench) -> None:
    channel = bench.stand_in.add_channel("leads", [GWEN, AMARA])
    await bench.stand_in.client(GWEN, channel).command("go")
    url = bench.heard[-1][1]["response_url"]
    async with bench.http.post(url, json={"text": "All", "response_type": "in_channel"}) as answer:
        assert answer.status == 200
    assert [post.readers for post in bench.stand_in.posts] == [{GWEN, AMARA}]
