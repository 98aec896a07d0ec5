"""The local Teams: as strict as Microsoft's about tokens, installation, cards and rates."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from aiohttp import web

from bot import config, ui
from bot.platforms.teams import render
from bot.playground.client import Client, Shown, ShownButton, ShownForm, StandIn
from bot.playground.teams import BadAnswer, TeamsStandIn
from bot.playground.teams_service import MAX_BYTES
from tests.playground.teams_bench import (
    GARETH,
    NKECHI,
    TENANT,
    Bot,
    Connector,
    Programme,
    activity,
    answered_by_a_bot,
    connected,
    standing,
)


@pytest.fixture
def programme() -> Programme:
    return Programme()


@pytest.fixture
async def teams(programme: Programme) -> AsyncIterator[TeamsStandIn]:
    async with standing(programme) as made:
        yield made


@pytest.fixture
async def connector(teams: TeamsStandIn) -> AsyncIterator[Connector]:
    async with connected(teams) as made:
        yield made


@pytest.fixture
async def bot(teams: TeamsStandIn) -> AsyncIterator[Bot]:
    async with answered_by_a_bot(teams) as made:
        yield made


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
    "too big": (lambda good: good | {"summary": "x" * (MAX_BYTES // 2)}, 413),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_message_is_refused(connector: Connector, teams: TeamsStandIn, case: str) -> None:
    spoil, status = BAD[case]
    _status, opened = await connector.open()
    assert (await connector.send(opened["id"], spoil(activity())))[0] == status
    assert teams.posts == []


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
