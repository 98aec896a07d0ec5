"""What Slack refuses and does not forgive, the stand-in refuses with the same code: tokens, scopes, channels, sizes,
triggers, hashes, files and rates. What it does not get acknowledged in time, it sends again."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.signature import Clock, SignatureVerifier

from bot.playground.client import Member
from bot.playground.slack import SIGNING_SECRET, TOKEN
from bot.playground.slack_workspace import EDITED_TEXT, TEXT, TRIGGER_SECONDS
from storage.records import Account
from tests.playground.slack_bench import AMARA, GWEN, HOME, MODAL, NIAMH, SECTION, Bench, benched

PNG = b"\x89PNG\r\n\x1a\n and a picture"


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A stand-in and a bot, started."""
    async with benched() as made:
        yield made


# Tokens and scopes


async def test_a_token_counts_in_the_header_or_the_body_and_not_in_the_address(bench: Bench) -> None:
    url = bench.stand_in.settings()["SLACK_API_URL"] + "auth.test"

    async def said(**how: Any) -> Any:
        async with bench.http.post(url, **how) as answer:
            return (await answer.json()).get("error", "ok")

    assert await said(headers={"Authorization": f"Bearer {TOKEN}"}) == "ok"
    assert await said(data={"token": TOKEN}) == "ok"
    assert await said(params={"token": TOKEN}) == "not_authed"
    assert await said(headers={"Authorization": TOKEN}) == "not_authed"


@pytest.mark.parametrize(
    ("method", "scope", "given"),
    [
        ("users.info", "users:read", {"user": "U1"}),
        ("users.lookupByEmail", "users:read.email", {"email": "amara@example.org"}),
        ("conversations.open", "im:write", {"users": "U1"}),
        ("conversations.open", "mpim:write", {"users": "U1,U2"}),
        ("conversations.members", "groups:read", {"channel": "leads"}),
        ("conversations.info", "groups:read", {"channel": "leads"}),
        ("conversations.members", "im:read", {"channel": "dm"}),
        ("conversations.members", "mpim:read", {"channel": "group"}),
        ("conversations.members", "channels:read", {"channel": "open"}),
        ("conversations.history", "im:history", {"channel": "dm"}),
        ("conversations.history", "mpim:history", {"channel": "group"}),
        ("conversations.history", "groups:history", {"channel": "leads"}),
        ("chat.postMessage", "chat:write", {"channel": "leads", "text": "x"}),
        ("chat.postEphemeral", "chat:write", {"channel": "leads", "text": "x", "user": "U1"}),
        ("chat.update", "chat:write", {"channel": "leads", "text": "x", "ts": "posted"}),
        ("files.getUploadURLExternal", "files:write", {"filename": "a.png", "length": "3"}),
    ],
)
async def test_a_call_without_its_scope_is_told_which_is_needed_and_which_are_there(
    bench: Bench, method: str, scope: str, given: dict[str, str]
) -> None:
    leads, opened = (bench.stand_in.add_channel(name, [AMARA, GWEN]) for name in ("leads", "open"))
    bench.stand_in.workspace.channels[opened].is_public = True
    named = {
        "leads": leads,
        "open": opened,
        "dm": await bench.dm(),
        "group": (await bench.call("conversations.open", users="U1,U2"))["channel"]["id"],
        "posted": (await bench.post(leads))["ts"],
    }
    given = {name: named.get(value, value) for name, value in given.items()}
    bench.stand_in.scopes.discard(scope)
    refused = await bench.call(method, **given)
    provided = ",".join(sorted(bench.stand_in.scopes))
    assert (refused["error"], refused["needed"], refused["provided"]) == ("missing_scope", scope, provided)
    bench.stand_in.scopes.add(scope)
    assert (await bench.call(method, **given))["ok"]


async def test_without_the_scope_for_addresses_a_profile_has_none(bench: Bench) -> None:
    bench.stand_in.scopes.discard("users:read.email")
    assert "email" not in (await bench.call("users.info", user="U1"))["user"]["profile"]


async def test_a_body_that_is_no_object_is_refused(bench: Bench) -> None:
    url = bench.stand_in.settings()["SLACK_API_URL"] + "chat.postMessage"
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    for body, error in (("{", "invalid_json"), ("[]", "json_not_object")):
        async with bench.http.post(url, data=body, headers=headers) as answer:
            assert (await answer.json())["error"] == error


class At(Clock):
    """A clock that stands."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def now(self) -> float:
        return self._seconds


async def test_a_signature_is_for_one_body_at_one_moment(bench: Bench) -> None:
    now = 1_770_000_000.0
    headers = bench.stand_in.signed("a=1", at=now)
    timestamp, signature = headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"]

    def holds(body: str, at: float, secret: str = SIGNING_SECRET) -> bool:
        return SignatureVerifier(secret, At(at)).is_valid(body, timestamp, signature)

    assert holds("a=1", now + 299)
    assert not holds("a=2", now)
    assert not holds("a=1", now + 301)
    assert not holds("a=1", now, "another secret")


# Conversations and people


@pytest.mark.parametrize(
    "method",
    [
        "chat.postMessage",
        "chat.postEphemeral",
        "chat.update",
        "conversations.info",
        "conversations.members",
        "conversations.history",
    ],
)
async def test_a_conversation_that_there_is_not_is_not_found(bench: Bench, method: str) -> None:
    assert (await bench.call(method, channel="C404"))["error"] == "channel_not_found"


async def test_a_private_channel_of_others_does_not_exist_for_the_bot(bench: Bench) -> None:
    channel = bench.stand_in.add_channel("theirs", [AMARA])
    bench.stand_in.workspace.channels[channel].has_bot = False
    assert (await bench.post(channel))["error"] == "channel_not_found"
    assert (await bench.call("conversations.members", channel=channel))["error"] == "channel_not_found"
    assert bench.stand_in.posts == []


async def test_the_bot_does_not_post_in_a_public_channel_that_it_is_not_in(bench: Bench) -> None:
    channel = bench.stand_in.add_channel("everybody", [AMARA])
    bench.stand_in.workspace.channels[channel].is_public = True
    bench.stand_in.workspace.channels[channel].has_bot = False
    assert (await bench.post(channel))["error"] == "not_in_channel"
    assert bench.stand_in.posts == []


async def test_nobody_is_found_who_is_not_there(bench: Bench) -> None:
    for method, given in (
        ("users.info", {"user": "U9"}),
        ("conversations.open", {"users": "U1,U9"}),
        ("views.publish", {"user_id": "U9", "view": HOME}),
    ):
        assert (await bench.call(method, **given))["error"] == "user_not_found"


@pytest.mark.parametrize(("month", "hours"), [(2, 0), (7, 1)])
async def test_people_have_the_time_zone_that_they_live_in(bench: Bench, month: int, hours: int) -> None:
    dublin = Account("slack", "T1", "U7")
    bench.stand_in.workspace.people["U7"] = Member(dublin, "Saoirse Byrne", "s@example.org", time_zone="Europe/Dublin")
    bench.now = datetime(2026, month, 1, 12, tzinfo=UTC)
    user = (await bench.call("users.info", user="U7"))["user"]
    assert (user["tz"], user["tz_offset"]) == ("Europe/Dublin", hours * 3600)
    assert (await bench.call("users.lookupByEmail", email="amara@example.org"))["user"]["tz"] == "Europe/London"


async def test_a_cursor_that_slack_did_not_give_is_refused(bench: Bench) -> None:
    channel = bench.stand_in.add_channel("leads", [AMARA])
    assert (await bench.call("conversations.members", channel=channel, cursor="next"))["error"] == "invalid_cursor"


async def test_a_group_message_is_read_by_the_group_and_by_nobody_else(bench: Bench) -> None:
    group = (await bench.call("conversations.open", users="U1,U2"))["channel"]["id"]
    await bench.post(group)
    (post,) = bench.stand_in.posts
    assert (post.kind, post.readers) == ("group", frozenset({AMARA, NIAMH}))
    assert [len(bench.stand_in.client(who).screen()) for who in (AMARA, NIAMH, GWEN)] == [1, 1, 0]


# Sizes


async def test_a_text_that_is_too_long_is_refused(bench: Bench) -> None:
    dm = await bench.dm()
    posted = await bench.post(dm, text="x" * TEXT)
    assert posted["ok"]
    assert (await bench.post(dm, text="x" * (TEXT + 1)))["error"] == "msg_too_long"


async def test_a_changed_text_may_be_no_longer_than_some_bytes(bench: Bench) -> None:
    dm = await bench.dm()
    change = {"channel": dm, "ts": (await bench.post(dm))["ts"]}
    assert (await bench.call("chat.update", **change, text="é" * (EDITED_TEXT // 2)))["ok"]
    assert (await bench.call("chat.update", **change, text="é" * (EDITED_TEXT // 2) + "x"))["error"] == "msg_too_long"


# Triggers and hashes


@pytest.mark.parametrize("method", ["views.open", "views.push"])
async def test_a_trigger_lives_for_three_seconds_of_the_wire(
    bench: Bench, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = time.time()
    monkeypatch.setattr(bench.stand_in.workspace, "wire_time", lambda: started)
    in_time, late = await bench.trigger(), await bench.trigger()
    bench.now += timedelta(days=1)  # the programme's clock has no say in it
    monkeypatch.setattr(bench.stand_in.workspace, "wire_time", lambda: started + TRIGGER_SECONDS)
    assert (await bench.call(method, trigger_id=in_time, view=MODAL))["ok"]
    monkeypatch.setattr(bench.stand_in.workspace, "wire_time", lambda: started + TRIGGER_SECONDS + 0.1)
    assert (await bench.call(method, trigger_id=late, view=MODAL))["error"] == "expired_trigger_id"
    assert (await bench.call(method, trigger_id=in_time, view=MODAL))["error"] == "exchanged_trigger_id"
    assert (await bench.call(method, trigger_id="made.up", view=MODAL))["error"] == "invalid_trigger_id"
    assert TRIGGER_SECONDS == 3


async def test_a_home_is_changed_by_who_knows_how_it_is(bench: Bench) -> None:
    first = (await bench.call("views.publish", user_id="U1", view=HOME))["view"]
    second = (await bench.call("views.publish", user_id="U1", view=HOME, hash=first["hash"]))["view"]
    assert (second["id"], second["hash"] != first["hash"]) == (first["id"], True)
    for user, old in (("U1", first["hash"]), ("U2", second["hash"])):
        refused = await bench.call("views.publish", user_id=user, view=HOME, hash=old)
        assert refused["error"] == "hash_conflict"
    assert (await bench.call("views.publish", user_id="U1", view=HOME))["ok"], "without a hash it is published anyway"


# Files


async def test_a_file_of_another_length_than_was_announced_is_refused(bench: Bench) -> None:
    place = await bench.call("files.getUploadURLExternal", filename="chart.png", length=str(len(PNG) + 1))
    async with bench.http.post(place["upload_url"], data=PNG) as answer:
        assert (answer.status, await answer.text()) == (400, "length_mismatch")
    assert await complete(bench, place["file_id"]) == "file_not_found"


async def upload(bench: Bench, content: bytes = PNG) -> str:
    """The id of a file that was announced and sent, and is not completed."""
    place = await bench.call("files.getUploadURLExternal", filename="chart.png", length=str(len(content)))
    async with bench.http.post(place["upload_url"], data=content) as answer:
        assert answer.status == 200
    return str(place["file_id"])


async def complete(bench: Bench, file: str, **more: str) -> str:
    """Complete an upload; the error, or nothing."""
    given = {"files": f'[{{"id": "{file}"}}]', **more}
    url = bench.stand_in.settings()["SLACK_API_URL"] + "files.completeUploadExternal"
    async with bench.http.post(url, data=given, headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
        return str((await answer.json()).get("error", ""))


def image(file: str) -> dict[str, Any]:
    return {"type": "image", "slack_file": {"id": file}, "alt_text": "17 of 18"}


async def test_a_picture_is_shown_once_its_upload_is_complete(bench: Bench) -> None:
    dm, file = await bench.dm(), await upload(bench)
    assert (await bench.post(dm, blocks=[image(file)]))["error"] == "invalid_blocks"
    assert await complete(bench, file) == ""
    assert (await bench.post(dm, blocks=[image(file)]))["ok"]


async def test_an_upload_is_completed_only_when_it_was_sent_and_shared_with_nobody(bench: Bench) -> None:
    announced = await bench.call("files.getUploadURLExternal", filename="chart.png", length="3")
    assert await complete(bench, announced["file_id"]) == "file_not_found"
    assert await complete(bench, "F000000404") == "file_not_found"
    assert await complete(bench, await upload(bench), channel_id="C1") == "posting_to_channel_denied"


async def test_a_file_of_somebody_elses_is_not_the_bots_to_show(bench: Bench) -> None:
    theirs = bench.stand_in.workspace.add_file("U1", "holiday.png", PNG)
    dm = await bench.dm()
    assert (await bench.post(dm, blocks=[image(theirs.id)]))["error"] == "invalid_blocks"
    assert (await bench.post(dm, blocks=[image("F000000404")]))["error"] == "invalid_blocks"
    assert bench.stand_in.posts == []


async def test_the_message_that_a_file_would_spoil_is_not_changed_either(bench: Bench) -> None:
    dm = await bench.dm()
    posted = await bench.post(dm, blocks=[SECTION])
    refused = await bench.call("chat.update", channel=dm, ts=posted["ts"], blocks=[image("F000000404")])
    assert refused["error"] == "invalid_blocks"
    (shown,) = bench.stand_in.client(AMARA).screen()
    assert (shown.lines, shown.edited) == (("Hello",), False)


async def test_an_address_for_a_file_takes_one_file(bench: Bench) -> None:
    place = await bench.call("files.getUploadURLExternal", filename="chart.png", length=str(len(PNG)))
    for status in (200, 400):
        async with bench.http.post(place["upload_url"], data=PNG) as answer:
            assert answer.status == status
        await complete(bench, place["file_id"])
    async with aiohttp.ClientSession() as other, other.post(place["upload_url"][:-1] + "x", data=PNG) as answer:
        assert answer.status == 400


# Rates


async def test_each_method_has_a_rate_of_its_own(bench: Bench) -> None:
    bench.stand_in.per_minute |= {"users.info": 1, "views.publish": 1}
    assert (await bench.call("users.info", user="U1"))["ok"]
    refused = await bench.call("users.info", user="U2")
    assert (refused["status"], refused["error"], refused["retry_after"]) == (429, "ratelimited", "60")
    assert (await bench.call("views.publish", user_id="U1", view=HOME))["ok"]
    assert (await bench.post(await bench.dm()))["ok"]
    bench.now += timedelta(seconds=int(refused["retry_after"]))
    assert (await bench.call("users.info", user="U2"))["ok"]


# Events that are not acknowledged


async def test_an_event_that_is_not_acknowledged_in_time_is_sent_again(bench: Bench) -> None:
    assert bench.stand_in.seconds_to_answer == 3
    bench.stand_in.seconds_to_answer = 0.25
    bench.is_silent = True
    assert (await bench.stand_in.client(AMARA).say("hello")).status == 504
    repeats = [(h.get("X-Slack-Retry-Num"), h.get("X-Slack-Retry-Reason")) for h, _said in bench.heard]
    assert repeats == [(None, None), *((str(n), "http_timeout") for n in (1, 2, 3))]
    assert len({said["event_id"] for _headers, said in bench.heard}) == 1


async def test_a_command_that_is_not_acknowledged_in_time_has_failed(bench: Bench) -> None:
    bench.stand_in.seconds_to_answer = 0.25
    bench.is_silent = True
    assert (await bench.stand_in.client(AMARA).command("go")).status == 504
    assert len(bench.heard) == 1


async def test_a_bot_that_says_so_is_not_sent_an_event_again(bench: Bench) -> None:
    bench.status, bench.answer_headers = 500, {"X-Slack-No-Retry": "1"}
    assert (await bench.stand_in.client(AMARA).say("hello")).status == 500
    assert len(bench.heard) == 1
