"""The local Teams: as strict as Microsoft's about tokens, installation, cards and rates."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import jwt
import pytest
from aiohttp import web

from bot import config, ui
from bot.platforms.teams import render
from bot.playground.client import Client, Fault, Member, Shown, ShownButton, ShownForm, StandIn
from bot.playground.teams import BadAnswer, TeamsStandIn
from bot.playground.teams_cards import BadCard, check
from storage.records import Account

TENANT = "3b1f7b1e-7c52-4d34-a3f5-9b0c6f2d8e77"


def person(user: str, name: str) -> Member:
    return Member(Account("teams", TENANT, user), name, f"{user}@example.nhs.uk")


NKECHI, GARETH = person("nkechi", "Nkechi Eze"), person("gareth", "Gareth Pugh")


@dataclass
class Programme:
    """Programme time, moved by hand."""

    now: datetime = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Connector:
    """The stand-in's own API, called as a bot calls it."""

    teams: TeamsStandIn
    http: aiohttp.ClientSession
    token: str = ""

    async def sign_in(self, **changes: str) -> tuple[int, Any]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.teams.app_id,
            "client_secret": self.teams.secret,
            "scope": "https://api.botframework.com/.default",
        }
        async with self.http.post(self.teams.settings()["TEAMS_TOKEN_URL"], data=form | changes) as answer:
            body = await answer.json()
            self.token = body.get("access_token", "")
            return answer.status, body

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} | headers
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{self.teams.service_url}v3/conversations{path}"
        async with self.http.request(method, url, data=data, headers=headers) as answer:
            return answer.status, await answer.json(), answer.headers

    async def open(self, member: Member = NKECHI, **changes: Any) -> tuple[int, Any]:
        asked = {"isGroup": False, "members": [{"id": member.account.user}], "tenantId": TENANT}
        status, body, _headers = await self.call("POST", "", asked | changes)
        return status, body

    async def send(self, conversation: str, activity: Any) -> tuple[int, Any]:
        status, body, _headers = await self.call("POST", f"/{conversation}/activities", activity)
        return status, body


@dataclass
class Bot:
    """A bot that answers what it is told to and keeps what it was sent."""

    heard: list[tuple[str, Any]] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.heard.append((request.headers["Authorization"], await request.json()))
        return self.answers.pop(0) if self.answers else web.Response()


@pytest.fixture
def programme() -> Programme:
    return Programme()


@pytest.fixture
async def teams(programme: Programme) -> AsyncIterator[TeamsStandIn]:
    stand_in = TeamsStandIn([NKECHI, GARETH], programme, tenant=TENANT)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def connector(teams: TeamsStandIn) -> AsyncIterator[Connector]:
    async with aiohttp.ClientSession() as http:
        made = Connector(teams, http)
        await made.sign_in()
        yield made


@pytest.fixture
async def bot(teams: TeamsStandIn) -> AsyncIterator[Bot]:
    made = Bot()
    app = web.Application()
    app.router.add_post("/api/messages", made.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    teams.point_at(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    yield made
    await runner.cleanup()


def activity(*blocks: ui.Block, key: str = "") -> dict[str, Any]:
    card = render.card(ui.Message("Hello", blocks or (ui.Text("Hello"),), "Only you."))
    return {
        "type": "message",
        "attachments": [render.attachment(card)],
        "channelData": {"peermentor": {"key": key}},
    }


def test_it_is_a_stand_in(teams: TeamsStandIn) -> None:
    stand_in: StandIn = teams
    client: Client = stand_in.client(NKECHI.account)
    assert (stand_in.platform, client.account) == ("teams", NKECHI.account)


def test_its_settings_are_those_of_a_bot(teams: TeamsStandIn) -> None:
    read = config.read(teams.settings()).teams
    assert read is not None
    assert (read.app_id, read.tenant_id) == (teams.app_id, TENANT)


@pytest.mark.parametrize(
    "changes", [{"client_secret": "wrong"}, {"client_id": "wrong"}, {"scope": "https://graph.microsoft.com/.default"}]
)
async def test_wrong_credentials_get_no_token(connector: Connector, changes: dict[str, str]) -> None:
    status, said = await connector.sign_in(**changes)
    refusal = (400, "unauthorized_client") if "client_id" in changes else (401, "invalid_client")
    assert (status, said["error"]) == refusal
    assert "access_token" not in said


async def test_without_a_good_token_nothing_is_done(connector: Connector, teams: TeamsStandIn) -> None:
    for header in ("", "Bearer", "Bearer wrong", f"Basic {connector.token}"):
        status, body, _headers = await connector.call("POST", "/x/activities", activity(), Authorization=header)
        assert (status, body["error"]["code"]) == (401, "Unauthorized")
    teams.grants.revoke()
    assert (await connector.open())[0] == 401


async def test_its_keys_verify_its_tokens(connector: Connector, teams: TeamsStandIn) -> None:
    teams.issuer.rotate()
    async with connector.http.get(teams.settings()["TEAMS_OPENID_URL"]) as answer:
        metadata = await answer.json()
    async with connector.http.get(metadata["jwks_uri"]) as answer:
        keys = jwt.PyJWKSet.from_dict(await answer.json())
    token = teams.issuer.token(teams.service_url)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=teams.app_id, issuer=metadata["issuer"])
    assert claims["serviceurl"] == teams.service_url
    assert len(keys.keys) == 2


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"isGroup": True}, 400),
        ({"members": [{"id": "nkechi"}, {"id": "gareth"}]}, 400),
        ({"members": []}, 400),
        ({"tenantId": "another"}, 400),
        ({"members": [{"id": "nobody"}]}, 404),
    ],
)
async def test_only_a_chat_with_one_person_of_the_tenant_is_opened(
    connector: Connector, changes: dict[str, Any], status: int
) -> None:
    assert (await connector.open(**changes))[0] == status


async def test_a_person_who_removed_the_app_is_out_of_reach(
    connector: Connector, teams: TeamsStandIn, bot: Bot
) -> None:
    _status, opened = await connector.open()
    await teams.client(NKECHI.account).remove()
    assert (await connector.open())[0] == 403
    assert (await connector.send(opened["id"], activity()))[0] == 403
    await teams.client(NKECHI.account).install()
    assert (await connector.send(opened["id"], activity()))[0] == 201
    assert [heard["action"] for _header, heard in bot.heard] == ["remove", "add"]


BAD: dict[str, tuple[Callable[[dict[str, Any]], Any], int]] = {
    "no JSON": (lambda _good: b"{", 400),
    "a list": (lambda _good: [], 400),
    "no message": (lambda good: good | {"type": "typing"}, 400),
    "nothing in it": (lambda good: good | {"attachments": []}, 400),
    "another attachment": (lambda good: good | {"attachments": [{"contentType": "image/png"}]}, 400),
    "too big": (lambda good: good | {"summary": "x" * 30_000}, 413),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_message_is_refused(connector: Connector, teams: TeamsStandIn, case: str) -> None:
    spoil, status = BAD[case]
    _status, opened = await connector.open()
    assert (await connector.send(opened["id"], spoil(activity())))[0] == status
    assert teams.posts == []


BUTTON = {"type": "Action.Execute", "title": "Go", "verb": "go", "data": {}}
RUN = {"type": "TextRun", "text": "Hello"}


@pytest.mark.parametrize(
    "card",
    [
        None,
        {"type": "HeroCard"},
        {"type": "AdaptiveCard", "version": "1.6", "body": [{"type": "RichTextBlock", "inlines": [RUN]}]},
        {"type": "AdaptiveCard", "version": "1.5", "body": []},
        {"type": "AdaptiveCard", "version": "1.5", "body": "Hello"},
        {"type": "AdaptiveCard", "version": "1.5", "body": [RUN]},
        {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Video"}]},
        {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "RichTextBlock"}]},
        {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "RichTextBlock", "inlines": []}]},
        {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "RichTextBlock", "inlines": [BUTTON]}]},
        {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "ActionSet", "actions": []}]},
        {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "ActionSet", "actions": [BUTTON] * 7}]},
        {"type": "AdaptiveCard", "version": "1.5", "actions": [RUN]},
        {"type": "AdaptiveCard", "version": "1.5", "actions": [BUTTON | {"verb": None}]},
        {"type": "AdaptiveCard", "version": "1.5", "actions": [{"type": "Action.OpenUrl", "url": "javascript:0"}]},
        {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Container", "items": [{"type": "Video"}]}]},
        {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Input.ChoiceSet", "id": "a", "choices": [{}]}]},
        {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Input.Text", "id": "a"}] * 2},
    ],
)
def test_a_bad_card_is_refused(card: Any) -> None:
    with pytest.raises(BadCard):
        check(card)


async def test_a_bad_card_is_not_posted(connector: Connector, teams: TeamsStandIn) -> None:
    _status, opened = await connector.open()
    status, body = await connector.send(
        opened["id"], {"type": "message", "attachments": [{"contentType": render.CARD, "content": {}}]}
    )
    assert (status, body["error"]["code"]) == (400, "BadCard_not_an_Adaptive_Card")
    assert teams.posts == []


@pytest.mark.parametrize(
    ("gap", "taken", "wait"),
    [(0.0, 7, 1), (0.2, 8, 1), (0.4, 60, 6), (2.0, 200, None)],
    ids=["1s", "2s", "30s", "slow"],
)
async def test_a_conversation_takes_only_so_much(
    connector: Connector, programme: Programme, gap: float, taken: int, wait: int | None
) -> None:
    _status, opened = await connector.open()
    for _number in range(taken):
        assert (await connector.send(opened["id"], activity()))[0] == 201
        programme.now += timedelta(seconds=gap)
    status, body, headers = await connector.call("POST", f"/{opened['id']}/activities", activity())
    if wait is None:
        assert status == 201
        return
    assert (status, body["error"]["code"], headers["Retry-After"]) == (429, "Throttled", str(wait))
    programme.now += timedelta(seconds=wait)
    assert (await connector.send(opened["id"], activity()))[0] == 201


async def test_the_app_may_ask_thirty_times_a_second(connector: Connector, programme: Programme) -> None:
    for _number in range(30):
        assert (await connector.open())[0] == 201
    assert (await connector.open())[0] == 429
    programme.now += timedelta(seconds=1)
    assert (await connector.open())[0] == 201


async def test_messages_are_seen_by_those_who_are_there(
    connector: Connector, teams: TeamsStandIn, programme: Programme
) -> None:
    _status, opened = await connector.open()
    channel = teams.add_channel("Leads", [NKECHI.account, GARETH.account])
    await connector.send(opened["id"], activity(ui.Text("For Nkechi"), key="a"))
    await connector.send(channel, activity(ui.Text("For leads"), key="b"))
    assert [shown.lines[0] for shown in teams.client(NKECHI.account).screen()] == ["For Nkechi", "For leads"]
    assert [shown.lines[0] for shown in teams.client(GARETH.account).screen()] == ["For leads"]
    assert [(post.kind, post.key, post.at) for post in teams.posts] == [
        ("dm", "a", programme.now),
        ("channel", "b", programme.now),
    ]
    assert teams.seen_twice() == []
    await connector.send(channel, activity(key="b"))
    assert sorted(teams.seen_twice(), key=str) == [(GARETH.account, "b"), (NKECHI.account, "b")]


async def test_a_reply_is_a_message_and_an_edit_changes_it(connector: Connector, teams: TeamsStandIn) -> None:
    _status, opened = await connector.open()
    _status, sent, _headers = await connector.call("POST", f"/{opened['id']}/activities/77", activity())
    path = f"/{opened['id']}/activities/{sent['id']}"
    status, body, _headers = await connector.call("PUT", path, activity(ui.Text("Changed")))
    assert (status, body) == (200, sent)
    assert [shown.lines[0] for shown in teams.client(NKECHI.account).screen()] == ["Changed"]
    assert (teams.edits, len(teams.posts)) == (1, 1)
    assert (await connector.call("PUT", f"/{opened['id']}/activities/0", activity()))[0] == 404
    assert (await connector.call("GET", "/nowhere/pagedmembers", {}))[0] == 404


async def test_a_fault_happens_as_often_as_it_says(connector: Connector, teams: TeamsStandIn) -> None:
    _status, opened = await connector.open()
    teams.faults.append(Fault("Conversation", "status", times=2, status=503, retry_after=9))
    for _time in range(2):
        status, _body, headers = await connector.call("POST", f"/{opened['id']}/activities", activity())
        assert (status, headers["Retry-After"]) == (503, "9")
    assert (await connector.send(opened["id"], activity()))[0] == 201


async def test_a_lost_reply_is_carried_out(connector: Connector, teams: TeamsStandIn) -> None:
    _status, opened = await connector.open()
    teams.faults.append(Fault("sendToConversation", "reply_lost"))
    with pytest.raises(aiohttp.ClientConnectionError):
        await connector.send(opened["id"], activity())
    assert len(teams.posts) == 1


async def test_what_a_person_does_is_sent_signed_and_noted(teams: TeamsStandIn, bot: Bot, programme: Programme) -> None:
    assert (await teams.client(NKECHI.account).say("hello")).status == 200
    header, heard = bot.heard[0]
    claims = jwt.decode(header.removeprefix("Bearer "), options={"verify_signature": False})
    assert (claims["aud"], claims["serviceurl"]) == (teams.app_id, heard["serviceUrl"])
    assert (heard["text"], heard["from"]["aadObjectId"]) == ("hello", "nkechi")
    assert heard["conversation"]["tenantId"] == heard["channelData"]["tenant"]["id"] == TENANT
    assert teams.last_action == {NKECHI.account: programme.now}


async def test_an_invoke_is_sent_four_times_with_new_ids_and_a_message_with_the_same(
    connector: Connector, teams: TeamsStandIn, bot: Bot
) -> None:
    _status, opened = await connector.open()
    await connector.send(opened["id"], activity(ui.Buttons((ui.Button("Go", "go"),))))
    client = teams.client(NKECHI.account)
    shown = client.screen()[0]
    bot.answers = [web.Response(status=status) for status in (503, 429, 500, 502, 503)]
    assert (await client.tap(shown, shown.buttons[0])).status == 502
    assert len({heard["id"] for _header, heard in bot.heard}) == 4
    assert (await client.say("hello")).status == 200
    assert [heard["id"] for _header, heard in bot.heard[4:]] == [bot.heard[4][1]["id"]] * 2


async def tapped(connector: Connector, opens: bool) -> tuple[Shown, ShownButton]:
    _status, opened = await connector.open()
    await connector.send(opened["id"], activity(ui.Buttons((ui.Button("Go", "go", opens=opens),))))
    shown = connector.teams.client(NKECHI.account).screen()[-1]
    return shown, shown.button("go")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"statusCode": 200, "type": "text/plain", "value": "x"},
        {"statusCode": 500, "type": render.CARD, "value": {}},
    ],
)
async def test_a_bad_answer_to_a_tap_is_noticed(connector: Connector, bot: Bot, answer: Any) -> None:
    shown, button = await tapped(connector, opens=False)
    bot.answers = [web.Response() if answer is None else web.json_response(answer)]
    with pytest.raises(BadAnswer):
        await connector.teams.client(NKECHI.account).tap(shown, button)


async def test_an_edit_takes_the_place_of_the_card_that_a_tap_has_changed(connector: Connector, bot: Bot) -> None:
    shown, button = await tapped(connector, opens=False)
    client = connector.teams.client(NKECHI.account)
    changed = activity(ui.Text("Changed"))["attachments"][0]["content"]
    bot.answers = [web.json_response({"statusCode": 200, "type": render.CARD, "value": changed})]
    await client.tap(shown, button)
    assert client.screen()[0].lines[0] == "Changed"
    with pytest.raises(LookupError):
        await client.tap(shown, button)  # it is gone
    path = f"/{shown.conversation}/activities/{shown.id}"
    await connector.call("PUT", path, activity(ui.Text("Edited")))
    assert client.screen()[0].lines[0] == "Edited"


FORM = ui.Form(
    "log",
    "Log",
    "Save",
    (
        ui.DateField("day", "Day"),
        ui.TimeField("time", "Time"),
        ui.TextField("note", "Note", max_length=10),
        ui.PickOne("place", "Where", options=(ui.Option("ward", "Ward"),)),
        ui.PickMany("topics", "What", options=(ui.Option("rota", "Rota"), ui.Option("exam", "Exam"))),
    ),
    "Only you.",
)


async def opened_form(connector: Connector, bot: Bot) -> ShownForm:
    shown, button = await tapped(connector, opens=True)
    bot.answers = [web.json_response({"task": {"type": "continue", "value": render.dialog(FORM, "d")}})]
    answer = await connector.teams.client(NKECHI.account).tap(shown, button)
    assert answer.form is not None
    return answer.form


async def test_a_form_is_sent_as_teams_sends_it(connector: Connector, bot: Bot) -> None:
    form = await opened_form(connector, bot)
    await connector.teams.client(NKECHI.account).submit(
        form, {"day": "2026-05-01", "time": "09:30", "topics": ("rota", "exam")}
    )
    sent = bot.heard[-1][1]
    assert (sent["name"], sent["value"]["data"]) == (
        "task/submit",
        {
            "form": "log",
            "subject": "",
            "version": 0,
            "dialog": "d",
            "one:day": "2026-05-01",
            "one:time": "09:30",
            "one:note": "",
            "one:place": "",
            "many:topics": "rota,exam",
        },
    )


async def test_a_bad_answer_to_a_form_is_noticed(connector: Connector, bot: Bot) -> None:
    form = await opened_form(connector, bot)
    bot.answers = [web.json_response({"task": {"type": "close"}})]
    with pytest.raises(BadAnswer):
        await connector.teams.client(NKECHI.account).submit(form, {})


async def test_a_button_that_is_neither_executed_nor_opens_anything_is_sent_as_a_message(
    connector: Connector, bot: Bot
) -> None:
    _status, opened = await connector.open()
    data = {"action": "go", "subject": "", "version": 0}
    submit = {"type": "Action.Submit", "title": "Go", "data": data}
    card = {"type": "AdaptiveCard", "version": "1.5", "actions": [submit]}
    await connector.send(opened["id"], {"type": "message", "attachments": [render.attachment(card)]})
    client = connector.teams.client(NKECHI.account)
    shown = client.screen()[0]
    assert (await client.tap(shown, shown.button("go"))).status == 200
    assert (bot.heard[0][1]["type"], bot.heard[0][1]["value"]) == ("message", data)


async def test_the_screen_of_another_person_cannot_be_tapped(connector: Connector) -> None:
    shown, button = await tapped(connector, opens=False)
    with pytest.raises(LookupError):
        await connector.teams.client(GARETH.account).tap(shown, button)
    assert connector.teams.client(GARETH.account).shown(shown.id) is None
    assert connector.teams.client(NKECHI.account).shown(shown.id) == shown


async def test_home_is_a_word_that_is_typed(teams: TeamsStandIn, bot: Bot) -> None:
    await teams.client(NKECHI.account).open_home()
    assert bot.heard[0][1]["text"] == "home"


@pytest.mark.parametrize(
    "values",
    [
        {"day": "tomorrow"},
        {"time": "9:30"},
        {"time": "noon"},
        {"note": "x" * 11},
        {"note": "a\nb"},
        {"place": "moon"},
        {"topics": ("moon",)},
        {"topics": "rota"},
        {"hour": "9"},
    ],
)
async def test_a_form_takes_only_what_its_inputs_let_through(connector: Connector, bot: Bot, values: ui.Values) -> None:
    form = await opened_form(connector, bot)
    with pytest.raises(ValueError):  # noqa: PT011 - the words are for whoever writes the next test
        await connector.teams.client(NKECHI.account).submit(form, values)


Doing = Callable[[TeamsStandIn], Awaitable[object]]


@pytest.mark.parametrize(
    "do", [lambda teams: teams.client(NKECHI.account).say("hello"), lambda teams: teams.send(b"", {})]
)
async def test_without_a_bot_nothing_can_be_done(teams: TeamsStandIn, do: Doing) -> None:
    with pytest.raises(RuntimeError):
        await do(teams)
