"""Requests that nobody but an attacker, a broken proxy or a platform with a fault would send: what each is answered.

``python -m tests.contract.bad_requests`` plays them all to the app and prints what came back.
"""

import asyncio
import base64
import hmac
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jwt

from bot.app import LARGEST_REQUEST
from bot.log import log_to_stderr
from bot.playground.slack import EVENTS, SIGNING_SECRET
from bot.playground.teams_keys import SigningKey
from tests.contract.stage import EVERYBODY, Stage, begin, introduce
from tests.world import build

NIAMH, HARUKI = EVERYBODY["Niamh"], EVERYBODY["Haruki"]
MESSAGES = "/api/messages"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DEEP = "[" * 20_000


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it goes over the wire."""

    path: str
    body: bytes
    headers: dict[str, str]
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Bad:
    """A bad request: what is wrong with it, how it is made, and what it must be answered."""

    what: str
    make: Callable[[Stage], Request]
    status: int


# Slack


def _without_none(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def signed(body: str, how: dict[str, str] = JSON, *, at: float = 0.0, **headers: str) -> Callable[[Stage], Request]:
    """A body that Slack has signed, ``at`` seconds from now. ``headers``: what differs, by its name with ``_``."""

    def make(stage: Stage) -> Request:
        signature = stage.slack.signed(body, time.time() + at)
        changes = {name.replace("_", "-"): value for name, value in headers.items()}
        return Request(EVENTS, body.encode(), how | signature | changes)

    return make


def unsigned(**headers: str) -> Callable[[Stage], Request]:
    """An event with these headers in place of Slack's."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _stage: Request(EVENTS, event().encode(), JSON | given)


def event(**changes: Any) -> str:
    """Niamh types ``home``."""
    said = {"type": "message", "channel_type": "im", "user": NIAMH.user, "text": "home", "channel": "D1", "ts": "1.1"}
    whole = {"type": "event_callback", "team_id": "T1", "api_app_id": "A", "event_id": "Ev1", "event_time": 1}
    return json.dumps(_without_none(whole | {"event": said} | changes))


def command(**changes: Any) -> str:
    """Niamh types ``/mentoring``."""
    given = {"command": "/mentoring", "team_id": "T1", "user_id": NIAMH.user, "channel_id": "D1", "trigger_id": "1.2"}
    return urlencode(_without_none(given | changes))


def payload(kind: str, **changes: Any) -> str:
    """Niamh taps a button, or sends a form."""
    user = {"id": NIAMH.user, "team_id": "T1"}
    tap = {"type": "button", "action_id": "home#0", "block_id": "b", "value": ":0", "action_ts": "1.3"}
    view = {"id": "V1", "type": "modal", "callback_id": "log_meeting", "hash": "h", "state": {"values": {}},
            "private_metadata": json.dumps({"subject": "1", "version": 0})}  # fmt: skip
    parts: dict[str, dict[str, Any]] = {
        "block_actions": {"actions": [tap], "container": {"type": "message", "message_ts": "1.4"}},
        "view_submission": {"view": view},
    }
    whole = {"type": kind, "team": {"id": "T1"}, "user": user, "trigger_id": "1.5"} | parts.get(kind, {})
    return urlencode({"payload": json.dumps(_without_none(whole | changes))})


def _tap(**changes: Any) -> str:
    tap = {"type": "button", "action_id": "home#0", "block_id": "b", "value": ":0", "action_ts": "1.3"}
    return payload("block_actions", actions=[_without_none(tap | changes)])


def _view(**changes: Any) -> str:
    view = {"id": "V1", "type": "modal", "callback_id": "log_meeting", "hash": "h", "state": {"values": {}},
            "private_metadata": json.dumps({"subject": "1", "version": 0})}  # fmt: skip
    return payload("view_submission", view=_without_none(view | changes))


def _no_text(_stage: Stage) -> Request:
    """Bytes that are no text, with a signature that is right."""
    body, timestamp = b"\xff\xfe\x00", str(int(time.time()))
    digest = hmac.new(SIGNING_SECRET.encode(), f"v0:{timestamp}:".encode() + body, "sha256").hexdigest()
    return Request(EVENTS, body, {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"})


ON_SLACK = [
    Bad("no signature", unsigned(), 401),
    Bad("a signature of nothing", unsigned(X_Slack_Request_Timestamp=str(int(time.time())), X_Slack_Signature=""), 401),
    Bad("a made-up signature", signed(event(), X_Slack_Signature="v0=" + "0" * 64), 401),
    Bad(
        "a signature for other words",
        lambda stage: Request(EVENTS, event().encode(), JSON | stage.slack.signed("{}")),
        401,
    ),
    Bad("a signature of letters with accents", signed(event(), X_Slack_Signature="v0=\u00e9"), 401),
    Bad("no timestamp", signed(event(), X_Slack_Request_Timestamp=""), 401),
    Bad("a timestamp of words", signed(event(), X_Slack_Request_Timestamp="yesterday"), 401),
    Bad("a timestamp that is no whole number", signed(event(), X_Slack_Request_Timestamp="1e9"), 401),
    Bad("a timestamp beyond all time", signed(event(), X_Slack_Request_Timestamp="9" * 40), 401),
    Bad("a timestamp before time", signed(event(), X_Slack_Request_Timestamp="-1"), 401),
    Bad("a request of ten minutes ago", signed(event(), at=-600), 401),
    Bad("a request of ten minutes from now", signed(event(), at=600), 401),
    Bad("an empty body", signed(""), 400),
    Bad("a body that is no JSON", signed("{'type'"), 400),
    Bad("JSON that is a list", signed("[1, 2]"), 400),
    Bad("JSON that is a number", signed("7"), 400),
    Bad("JSON that is null", signed("null"), 400),
    Bad("JSON that goes 20,000 deep", signed(DEEP), 400),
    Bad("bytes that are no text", _no_text, 401),
    Bad("an event without its workspace", signed(event(team_id=None)), 400),
    Bad("an event without an event", signed(event(event=None)), 400),
    Bad("an event that is words", signed(event(event="message")), 400),
    Bad("an event without an id", signed(event(event_id=None)), 400),
    Bad("an event whose id is a list", signed(event(event_id=["Ev1"])), 400),
    Bad(
        "words of nobody",
        signed(event(event={"type": "message", "channel_type": "im", "channel": "D1", "text": "home"})),
        400,
    ),
    Bad(
        "words of a number",
        signed(event(event={"type": "message", "channel_type": "im", "channel": "D1", "user": 5})),
        400,
    ),
    Bad("a command without a person", signed(command(user_id=None), FORM), 400),
    Bad("a command without a channel", signed(command(channel_id=None), FORM), 400),
    Bad("a command without a trigger", signed(command(trigger_id=None), FORM), 400),
    Bad("a command without its workspace", signed(command(team_id=None), FORM), 400),
    Bad("a payload that is no JSON", signed(urlencode({"payload": "home"}), FORM), 400),
    Bad("a payload that is a list", signed(urlencode({"payload": "[]"}), FORM), 400),
    Bad("a payload that goes 20,000 deep", signed(urlencode({"payload": DEEP}), FORM), 400),
    Bad("a tap of nobody", signed(payload("block_actions", user=None), FORM), 400),
    Bad("a tap on nothing", signed(payload("block_actions", actions=[]), FORM), 400),
    Bad("a tap in no place", signed(payload("block_actions", container=None), FORM), 400),
    Bad("a button without an id", signed(_tap(action_id=None), FORM), 400),
    Bad("a button whose value is words", signed(_tap(value="pair 17"), FORM), 400),
    Bad("a button whose version is words", signed(_tap(value="17:latest"), FORM), 400),
    Bad("a button whose version is below nothing", signed(_tap(value="17:-1"), FORM), 400),
    Bad("a form without its subject", signed(_view(private_metadata=None), FORM), 400),
    Bad("a form whose subject is no JSON", signed(_view(private_metadata="17"), FORM), 400),
    Bad("a form whose subject is a list", signed(_view(private_metadata='{"subject": [], "version": 0}'), FORM), 400),
    Bad("a form without a view", signed(payload("view_submission", view=None), FORM), 400),
    Bad(
        "a form with a field of another kind",
        signed(_view(state={"values": {"day": {"input": {"type": "file"}}}}), FORM),
        400,
    ),
    Bad("a form with a field without a value", signed(_view(state={"values": {"day": {"other": {}}}}), FORM), 400),
    Bad("a form whose fields are a list", signed(_view(state={"values": []}), FORM), 400),
    Bad("an event of another workspace", signed(event(team_id="T2")), 403),
    Bad("a command of another workspace", signed(command(team_id="T2"), FORM), 403),
    Bad(
        "a tap of somebody of another workspace",
        signed(payload("block_actions", user={"id": "U1", "team_id": "T2"}), FORM),
        403,
    ),
    Bad("a body of a megabyte", signed(event(padding="x" * 2**20)), 413),
    Bad("another method", lambda _stage: Request(EVENTS, b"", {}, "PUT"), 405),
]


# Teams


def sent(claims: dict[str, Any] | None = None, **changes: Any) -> Callable[[Stage], Request]:
    """Haruki types ``home``: an activity with these differences, with a token with these differing claims."""

    def make(stage: Stage) -> Request:
        token = stage.teams.issuer.token(stage.teams.service_url, **(claims or {}))
        return _bearing(token, activity(stage, **changes))

    return make


def with_token(make_token: Callable[[Stage], str]) -> Callable[[Stage], Request]:
    """Haruki types ``home``, with another token."""
    return lambda stage: _bearing(make_token(stage), activity(stage))


def raw(body: bytes) -> Callable[[Stage], Request]:
    """Anything, with a good token."""
    return lambda stage: _bearing(stage.teams.issuer.token(stage.teams.service_url), body)


def activity(stage: Stage, **changes: Any) -> bytes:
    """Haruki types ``home``."""
    whole = stage.teams.client(HARUKI).activity("message", text="home", textFormat="plain")
    if "sender" in changes:
        whole["from"] = changes.pop("sender")
    return json.dumps(_without_none(whole | changes)).encode()


def invoke(name: str, value: Any) -> Callable[[Stage], Request]:
    """Haruki taps or sends something."""
    return sent(type="invoke", name=name, value=value)


def _bearing(token: str, body: bytes) -> Request:
    return Request(MESSAGES, body, JSON | {"Authorization": f"Bearer {token}"})


def _claims(stage: Stage) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        stage.teams.issuer.token(stage.teams.service_url), options={"verify_signature": False}
    )
    return claims


def _forged(stage: Stage) -> str:
    """Signed with another key, under the name of the real one."""
    stranger = SigningKey()
    stranger.id = stage.teams.issuer.keys[-1].id
    return stage.teams.issuer.token(stage.teams.service_url, key=stranger)


def _of_an_unknown_key(stage: Stage) -> str:
    return stage.teams.issuer.token(stage.teams.service_url, key=SigningKey())


def _of_a_key_for_another_channel(stage: Stage) -> str:
    key = SigningKey(endorsements=("webchat",))
    stage.teams.issuer.keys.insert(0, key)
    return stage.teams.issuer.token(stage.teams.service_url, key=key)


def _without_a_signature(stage: Stage) -> str:
    return jwt.encode(_claims(stage), "", algorithm="none", headers={"kid": stage.teams.issuer.keys[-1].id})


def _signed_with_the_public_key(stage: Stage) -> str:
    """The old trick: the public key as the secret of a symmetric signature."""
    key = stage.teams.issuer.keys[-1]
    return jwt.encode(_claims(stage), key.published()["n"], algorithm="HS256", headers={"kid": key.id})


def _with_another_payload(stage: Stage) -> str:
    head, _, signature = stage.teams.issuer.token(stage.teams.service_url).split(".")
    claims = json.dumps(_claims(stage) | {"nbf": 0}).encode()
    return ".".join((head, base64.urlsafe_b64encode(claims).rstrip(b"=").decode(), signature))


WEEK = 7 * 24 * 3600
ON_TEAMS = [
    Bad("no token", lambda stage: Request(MESSAGES, activity(stage), JSON), 401),
    Bad(
        "a token of another kind",
        lambda stage: Request(MESSAGES, activity(stage), JSON | {"Authorization": "Basic eA=="}),
        401,
    ),
    Bad("words in place of a token", with_token(lambda _stage: "open sesame"), 401),
    Bad("a token of two parts", with_token(lambda _stage: "e30.e30"), 401),
    Bad("a token without a signature", with_token(_without_a_signature), 401),
    Bad("a token signed with the public key", with_token(_signed_with_the_public_key), 401),
    Bad("a token whose words were changed", with_token(_with_another_payload), 401),
    Bad("a token signed by somebody else", with_token(_forged), 401),
    Bad("a token of an unknown key", with_token(_of_an_unknown_key), 401),
    Bad("a token of a key for another channel", with_token(_of_a_key_for_another_channel), 401),
    Bad("a token of last week", sent({"exp": int(time.time()) - WEEK}), 401),
    Bad("a token of next week", sent({"nbf": int(time.time()) + WEEK}), 401),
    Bad("a token that never ends", sent({"exp": None}), 401),
    Bad("a token that ends at words", sent({"exp": "never"}), 401),
    Bad("a token for another bot", sent({"aud": "11111111-2222-3333-4444-555555555555"}), 401),
    Bad("a token for nobody", sent({"aud": None}), 401),
    Bad("a token of another issuer", sent({"iss": "https://sts.example.org"}), 401),
    Bad("a token of no issuer", sent({"iss": None}), 401),
    Bad("a token for another service address", sent({"serviceurl": "https://evil.example/"}), 401),
    Bad("another service address", sent(serviceUrl="https://evil.example/"), 401),
    Bad("another channel than Teams", sent(channelId="webchat"), 401),
    Bad("another tenant", sent(channelData={"tenant": {"id": "tenant-2"}}), 401),
    Bad(
        "another tenant's conversation",
        sent(conversation={"id": "a:1", "conversationType": "personal", "tenantId": "tenant-2"}),
        401,
    ),
    Bad("no tenant", sent(channelData=None, conversation={"id": "a:1", "conversationType": "personal"}), 401),
    Bad("an empty body", raw(b""), 400),
    Bad("a body that is no JSON", raw(b"{'type'"), 400),
    Bad("bytes that are no text", raw(b"\xff\xfe\x00"), 400),
    Bad("JSON that is a list", raw(b"[]"), 400),
    Bad("JSON that is null", raw(b"null"), 400),
    Bad("JSON that goes 20,000 deep", raw(DEEP.encode()), 400),
    Bad("an activity without a sender", sent(sender=None), 400),
    Bad("a sender without an id", sent(sender={"name": "Haruki"}), 400),
    Bad("a sender who is a list", sent(sender=[]), 400),
    Bad("an activity without a conversation", sent(conversation=None), 400),
    Bad("an activity without a type", sent(type=None), 400),
    Bad("an activity whose type is a number", sent(type=5), 400),
    Bad("words that are a list", sent(text=["home"]), 400),
    Bad("a tap without an action", sent(value={"subject": "17"}), 400),
    Bad(
        "a tap whose subject is a list",
        invoke("adaptiveCard/action", {"action": {"data": {"action": "home", "subject": []}}}),
        400,
    ),
    Bad(
        "a tap whose version is words",
        invoke("adaptiveCard/action", {"action": {"data": {"action": "home", "version": "1"}}}),
        400,
    ),
    Bad("a tap without a value", invoke("adaptiveCard/action", None), 400),
    Bad("a tap that is words", invoke("adaptiveCard/action", "home"), 400),
    Bad("a dialog that is asked for by nothing", invoke("task/fetch", {"data": {}}), 400),
    Bad("a form without its name", invoke("task/submit", {"data": {"subject": "1"}}), 400),
    Bad("a form that is a list", invoke("task/submit", {"data": []}), 400),
    Bad("a body of a megabyte", sent(text="x" * 2**20), 413),
    Bad(
        "a body that hides its size",
        lambda stage: _bearing(
            stage.teams.issuer.token(stage.teams.service_url), activity(stage, text="x" * LARGEST_REQUEST)
        ),
        413,
    ),
    Bad("another method", lambda _stage: Request(MESSAGES, b"", {}, "GET"), 405),
]

BAD = [*ON_SLACK, *ON_TEAMS]


async def play(bad: Bad, stage: Stage) -> int:
    """Send a bad request to the app; the status that came back."""
    request = bad.make(stage)
    url = stage.address + request.path
    async with (
        aiohttp.ClientSession() as http,
        http.request(request.method, url, data=io.BytesIO(request.body), headers=request.headers) as answer,
    ):
        return answer.status


async def table() -> list[str]:
    """Play everything; a row each, as Markdown."""
    lines = ["| To | Request | Answer |", "|---|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bad.sqlite3'}"
        world = introduce(begin(build(url)))
        with closing(world.database):
            async with Stage(url, world) as stage:
                before = stage.rows()
                for name, requests in (("Slack", ON_SLACK), ("Teams", ON_TEAMS)):
                    for bad in requests:
                        lines.append(f"| {name} | {bad.what} | {await play(bad, stage)} |")  # noqa: PERF401 - readable
                lines.append(f"\nThe database is {'as it was' if stage.rows() == before else 'NOT as it was'}.")
    return lines


if __name__ == "__main__":
    log_to_stderr()
    sys.stdout.write("\n".join(asyncio.run(table())) + "\n")
