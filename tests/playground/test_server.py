"""The page's server: who is let in, and each thing that a page can ask for."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.playground.running import NotNow, Playground
from bot.playground.scenarios import SCENARIOS
from bot.playground.visitor import Visitor
from storage.records import Account
from tests.playground.pages import OFFERED, Json, Page, already_joined, opened, serving, token_in, without_token

pytestmark = pytest.mark.sqlite_only
FIRST_QUESTIONS_ARE_ASKED = "2026-09-18T12:00:00+00:00"
MENTOR, MENTEE, ON_TEAMS, LEAD = "Amara Okonjo", "Niamh Gallagher", "Owen Cadogan", "Gwen Pritchard"


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with serving(tmp_path) as (playground, address), opened(playground, address) as page:
        yield page


@pytest.fixture
async def under_way(tmp_path: Path) -> AsyncIterator[Page]:
    """A programme whose pairs have just been introduced, and whose people wait for somebody to act for them."""
    offered = {"joined": already_joined, **OFFERED}
    async with serving(tmp_path, "joined", offered) as (playground, address), opened(playground, address) as page:
        await page.do("cohort", on=False)
        await page.move("2026-09-01T09:00:00+00:00")
        page.heard.clear()
        yield page


# Who is let in


async def test_the_address_that_is_shown_opens_the_page_and_nothing_is_kept_by_anybody(page: Page) -> None:
    async with page.http.get(page.address) as answer:
        assert answer.status == 200
        assert "Simulation" in await answer.text()
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
    assert page.address.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("token", ["", "?token=", "?token=something-else"])
async def test_without_its_token_neither_page_nor_socket_nor_picture_is_given(page: Page, token: str) -> None:
    base = without_token(page.address)
    for path in ("/", "/picture", "/socket"):
        async with page.http.get(f"{base}{path}{token}", headers={"Origin": base}) as answer:
            assert answer.status == 403, path


@pytest.mark.parametrize("host", ["playground.example", "127.0.0.1", "127.0.0.1:1", "evil.example:80"])
async def test_another_host_is_refused_even_with_the_token(page: Page, host: str) -> None:
    async with page.http.get(page.address, headers={"Host": host}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("path", ["/", "/page/app.js", "/picture", "/socket"])
async def test_another_pages_origin_is_refused_everywhere(page: Page, path: str) -> None:
    address = f"{without_token(page.address)}{path}?token={token_in(page.address)}"
    for origin in ("http://evil.example", "null", without_token(page.address).replace("http:", "https:")):
        async with page.http.get(address, headers={"Origin": origin}) as answer:
            assert answer.status == 403, origin


async def test_a_socket_that_no_page_opens_is_refused(page: Page) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await page.http.ws_connect(f"{without_token(page.address)}/socket?token={token_in(page.address)}")
    assert refusal.value.status == 403


@pytest.mark.parametrize("name", ["../server.py", "..%2fserver.py", "nothing.js", ".hidden.js", "app.py"])
async def test_only_the_pages_own_files_are_served(page: Page, name: str) -> None:
    async with page.http.get(f"{without_token(page.address)}/page/{name}") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    "url",
    ["", "http://127.0.0.1:1/files/x", "file:///etc/passwd", "https://mentoring.westmarch.example/files/../healthz"],
)
async def test_pictures_come_from_the_simulation_and_from_nowhere_else(page: Page, url: str) -> None:
    parameters = {"token": token_in(page.address), "url": url}
    async with page.http.get(f"{without_token(page.address)}/picture", params=parameters) as answer:
        assert answer.status == 404


# Who is there


async def test_the_page_learns_who_and_what_there_is(page: Page) -> None:
    said = await page.do("hello")
    assert [each["name"] for each in said["scenarios"]] == ["paper", "small", "national"]
    assert (said["scenario"], said["level"], said["zone"]) == ("small", "standard", "Europe/London")
    assert (said["now"], said["starts"]) == ("2026-09-01T06:00:00+00:00",) * 2
    assert said["cohort"] == {"on": True, "seed": 7}
    parts = {person["part"] for person in said["people"]}
    assert parts == {"mentor", "mentee", "lead", "facilitator", "senior support"}
    assert {person["platform"] for person in said["people"]} == {"slack", "teams"}


async def test_somebody_sees_their_own_conversations_and_no_others(under_way: Page) -> None:
    people = (await under_way.do("hello"))["people"]
    rooms = {}
    for person in people:
        if person["name"] in {MENTOR, MENTEE, ON_TEAMS, LEAD}:
            rooms[person["name"]] = (await under_way.do("be", person=person["id"]))["conversations"]
    kinds = {name: sorted(room["kind"] for room in theirs) for name, theirs in rooms.items()}
    assert kinds == {MENTOR: ["dm", "group"], MENTEE: ["dm", "group"], ON_TEAMS: ["dm"], LEAD: ["channel", "dm"]}
    await under_way.be(MENTEE)
    refused = await under_way.ask("read", conversation=rooms[MENTOR][0]["id"], before=None, limit=10)
    assert (refused["ok"], refused["error"]) == (False, "this person is not in that conversation")


async def test_messages_are_read_by_pages_from_the_newest_back(under_way: Page) -> None:
    room = await under_way.be(MENTOR)
    for words in ("hello", "thanks", "what can you do?"):
        await under_way.do("type", conversation=room["id"], words=words)
    whole = await under_way.do("read", conversation=room["id"], before=None, limit=100)
    assert len(whole["messages"]) >= 6
    assert not whole["more"]
    found: list[Json] = []
    before = None
    while True:
        piece = await under_way.do("read", conversation=room["id"], before=before, limit=2)
        assert len(piece["messages"]) <= 2
        found = piece["messages"] + found
        before = found[0]["id"]
        if not piece["more"]:
            break
    assert found == whole["messages"]
    assert [message["at"] for message in found] == sorted(message["at"] for message in found)


async def test_reading_takes_the_unread_mark_away(under_way: Page) -> None:
    room = await under_way.be(ON_TEAMS)
    assert room["unread"] == 1
    under_way.heard.clear()
    await under_way.do("read", conversation=room["id"], before=None, limit=1)
    (told,) = under_way.pushed("unread")
    assert [count < room["unread"] for count in told["counts"].values()] == [True]
    assert (await under_way.be(ON_TEAMS))["unread"] == 0


# What people do


async def test_a_tap_changes_the_card_on_slack_and_is_told_as_a_change(page: Page) -> None:
    await page.move("2026-09-01T09:00:30+00:00")
    room = await page.be(MENTOR)
    card = await page.newest(room["id"])
    assert card["why"].startswith("The programme starts")
    await page.tap(card, "join")
    (changed,) = page.pushed("changed")
    assert (changed["message"]["id"], changed["message"]["edited"]) == (card["id"], True)
    assert "join" not in {button["action"] for button in changed["message"]["buttons"]}


async def test_a_tap_on_teams_answers_with_the_card_as_that_person_sees_it(page: Page) -> None:
    await page.move("2026-09-01T09:00:30+00:00")
    room = await page.be(ON_TEAMS)
    card = await page.newest(room["id"])
    answer = await page.tap(card, "join")
    assert answer["message"]["id"] == card["id"]
    assert answer["message"]["raw"] != card["raw"]
    assert (await page.newest(room["id"]))["raw"] == answer["message"]["raw"]


@pytest.mark.parametrize("name", [MENTOR, ON_TEAMS])
async def test_a_form_keeps_what_was_typed_beside_its_errors_and_closes_when_it_is_right(
    under_way: Page, name: str
) -> None:
    room = await under_way.be(name)
    form = await open_log(under_way, room["id"])
    typed = {"day": "2026-09-30", "minutes": "45", "how": "video"}  # a day that is still to come
    wrong = (await under_way.do("submit", form=form["handle"], values=typed))["form"]
    assert wrong["handle"] == form["handle"] or wrong["platform"] == "teams"
    assert wrong["errors"].keys() == {"day"}
    assert {name: wrong["values"][name] for name in typed} == typed
    right = await under_way.do("submit", form=wrong["handle"], values={"day": "2026-09-01"})
    assert right["form"] is None
    assert (await under_way.do("figures"))["figures"]["meetings_logged"] == 1


async def open_log(page: Page, room: str) -> Json:
    """The form to log a meeting: a slash command on Slack; on Teams behind a button, because words open none."""
    answer = await page.do("type", conversation=room, words="/logmeeting")
    if answer["form"] is None:
        card = await page.newest(room)
        answer = await page.tap(card, "log_meeting")
    form: Json = answer["form"]
    assert form["title"] == "Log a meeting"
    return form


async def test_a_form_that_was_closed_is_not_there_any_more(under_way: Page) -> None:
    room = await under_way.be(MENTOR)
    form = await open_log(under_way, room["id"])
    await under_way.do("close", form=form["handle"])
    sent = await under_way.ask("submit", form=form["handle"], values={})
    assert sent == {"re": under_way.asked, "ok": False, "error": "the form 'log_meeting' is not open"}


@pytest.mark.parametrize("name", [MENTOR, ON_TEAMS])
async def test_a_look_at_the_list_of_chats_leaves_an_open_form_open(under_way: Page, name: str) -> None:
    """As the page takes it when a conversation has come that was not there before."""
    room = await under_way.be(name)
    form = await open_log(under_way, room["id"])
    await under_way.be(name)
    sent = await under_way.do(
        "submit", form=form["handle"], values={"day": "2026-09-30", "minutes": "45", "how": "video"}
    )
    assert "day" in sent["form"]["errors"]
    await under_way.be(MENTEE)
    assert not (await under_way.ask("submit", form=sent["form"]["handle"], values={}))["ok"]


@pytest.mark.parametrize("name", [MENTOR, ON_TEAMS])
async def test_help_in_a_form_shows_whom_to_call_and_the_form_stays(under_way: Page, name: str) -> None:
    room = await under_way.be(name)
    await under_way.move(FIRST_QUESTIONS_ARE_ASKED)
    form = (await under_way.tap(await under_way.newest(room["id"]), "checkin"))["form"]
    assert form["has_help"]
    lines = (await under_way.do("help", form=form["handle"]))["lines"]
    assert any("116 123" in line for line in lines)
    await under_way.do("submit", form=form["handle"], values={})


async def test_a_form_without_help_says_so(under_way: Page) -> None:
    form = await open_log(under_way, (await under_way.be(MENTOR))["id"])
    assert not form["has_help"]
    assert not (await under_way.ask("help", form=form["handle"]))["ok"]


@pytest.mark.parametrize("name", [MENTOR, ON_TEAMS])
async def test_words_stand_in_the_chat_and_the_bot_answers_them(under_way: Page, name: str) -> None:
    room = await under_way.be(name)
    under_way.heard.clear()
    await under_way.do("type", conversation=room["id"], words="What can you do?")
    typed, answered = (said["message"] for said in under_way.pushed("message"))
    assert (typed["from"], typed["raw"]["text"]) == ({"name": name, "bot": False}, "What can you do?")
    assert answered["from"]["bot"]
    assert [message["id"] for message in (typed, answered)] == [
        message["id"]
        for message in (await under_way.do("read", conversation=room["id"], before=None, limit=2))["messages"]
    ]


async def test_in_a_channel_the_bot_hears_what_mentions_it_and_answers_in_private(under_way: Page) -> None:
    people = (await under_way.do("hello"))["people"]
    lead = next(person for person in people if person["name"] == LEAD)
    rooms = (await under_way.do("be", person=lead["id"]))["conversations"]
    channel = next(room["id"] for room in rooms if room["kind"] == "channel")
    unheard = await under_way.do("type", conversation=channel, words="leads here")
    assert "@peermentor" in unheard["said"]
    assert (await under_way.newest(channel))["raw"]["text"] == "leads here"
    in_private = rooms[0]["id"]
    assert not (await under_way.do("read", conversation=in_private, before=None, limit=9))["messages"]
    await under_way.do("type", conversation=channel, words="@peermentor leads")
    assert (await under_way.newest(in_private))["text"].startswith("How the pairs are doing")


async def test_a_slash_command_that_slack_does_not_know_goes_nowhere(under_way: Page) -> None:
    room = await under_way.be(MENTOR)
    answer = await under_way.do("type", conversation=room["id"], words="/logmeting")
    assert answer["said"] == "Slack knows no command /logmeting."
    assert answer["message"] is None


async def test_home_is_a_place_on_slack_and_a_card_in_teams(under_way: Page) -> None:
    room = await under_way.be(MENTOR)
    home = (await under_way.do("home"))["message"]
    assert (home["id"], home["conversation"]) == ("home", "")
    answer = await under_way.do("tap", message="home", button=0)
    assert answer["form"] or answer["message"] or under_way.pushed("message")
    room = await under_way.be(ON_TEAMS)
    assert (await under_way.do("home"))["message"] is None
    assert (await under_way.newest(room["id"]))["from"]["bot"]


async def test_who_removes_the_bot_is_not_written_to_until_they_install_it_again(under_way: Page) -> None:
    room = await under_way.be(ON_TEAMS)
    assert "removed" in (await under_way.do("remove"))["said"]
    last = await under_way.newest(room["id"])
    await under_way.do("type", conversation=room["id"], words="hello")
    assert "installed" in (await under_way.do("install"))["said"]
    assert (await under_way.newest(room["id"]))["id"] != last["id"]


@pytest.mark.parametrize(
    ("do", "details"),
    [
        ("fly", {}),
        ("be", {}),
        ("be", {"person": "slack:T0WESTMARCH/NOBODY"}),
        ("read", {"conversation": "D1", "before": None, "limit": 5}),
        ("tap", {"message": "1", "button": 0}),
        ("faults", {"platform": "slack", "kind": "earthquake"}),
        ("faults", {"platform": "irc", "kind": "off"}),
        ("reset", {"scenario": "atlantis"}),
        ("clock", {"to": "2020-01-01T00:00:00+00:00"}),
        ("clock", {"to": "tomorrow"}),
        ("clock", {"to": "2027-01-01"}),
    ],
)
async def test_what_cannot_be_done_is_refused_in_words(page: Page, do: str, details: dict[str, object]) -> None:
    answer = await page.ask(do, **details)
    assert not answer["ok"]
    assert answer["error"]
    assert "Error" not in answer["error"]
    await page.do("hello")


async def test_what_is_no_question_is_refused_and_the_page_goes_on(page: Page) -> None:
    for nonsense in ("{", "[]", "7"):
        await page.socket.send_str(nonsense)
        assert not (await page._next())["ok"]
    await page.do("hello")


# The clock and the cohort


async def test_progress_is_told_while_the_clock_moves_and_what_arrived_with_its_reason(page: Page) -> None:
    rests = await page.move("week")
    assert rests["now"] == "2026-09-08T06:00:00+00:00"
    done = [said["done"] for said in page.pushed("running")]
    assert done == sorted(done)
    assert done[0] == 0
    arrived = page.pushed("arrived")
    told = len([said for said in arrived if "line" in said]) + sum(said.get("skipped", 0) for said in arrived)
    assert told == rests["arrived"] > 12
    assert all(said["why"] for said in arrived if "line" in said)


async def test_the_clock_goes_to_the_next_message_and_no_further(page: Page) -> None:
    rests = await page.move("next")
    assert rests["arrived"] >= 1
    assert rests["now"] == "2026-09-01T09:00:00+00:00", "when everybody is welcomed"


async def test_a_clock_that_moves_is_not_moved_twice_and_can_be_stopped(page: Page) -> None:
    await page.do("clock", to="end")
    again = await page.ask("clock", to="day")
    assert (again["ok"], again["error"]) == (False, "the clock is moving already")
    await page.do("stop")
    hello = await page.do("hello")
    assert hello["running"] is None
    assert hello["now"] < hello["ends"]


async def test_without_the_cohort_nobody_answers_and_with_it_they_catch_up(page: Page) -> None:
    await page.do("cohort", on=False)
    await page.move("week")
    assert (await page.do("figures"))["figures"]["pairs_introduced"] == 0
    await page.do("cohort", on=True, seed=3)
    assert (await page.do("hello"))["cohort"] == {"on": True, "seed": 3}
    await page.move("2026-09-22T06:00:00+00:00")
    assert (await page.do("figures"))["figures"]["pairs_introduced"] >= 5


async def test_whoever_is_acted_for_does_nothing_by_themselves(page: Page) -> None:
    await page.move("2026-09-01T09:00:30+00:00")
    room = await page.be(MENTOR)
    await page.do("type", conversation=room["id"], words="hello")
    await page.move("2026-09-28T08:00:00+00:00")
    waiting = (await page.do("read", conversation=room["id"], before=None, limit=100))["messages"]
    assert "join" in {button["action"] for button in waiting[0]["buttons"]}, "nobody has said yes for them"


# Behind the stage


async def test_what_waits_is_listed_with_its_reason(page: Page) -> None:
    await page.do("faults", platform="slack", kind="status", status=500, times=1000)
    await page.move("2026-09-01T09:00:30+00:00")
    found = await page.do("outbox")
    assert found["total"] == len(found["waiting"]) > 0
    assert {row["state"] for row in found["waiting"]} <= {"to be tried again", "may have arrived, and is looked for"}
    assert MENTOR in {row["to"] for row in found["waiting"]}
    assert all(row["why"].startswith("The programme starts") for row in found["waiting"])


@pytest.mark.parametrize("platform", ["slack", "teams"])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 429, "retry_after": 30},
        {"kind": "reply_lost"},
    ],
)
async def test_faults_can_be_switched_on_and_everything_arrives_in_the_end(
    page: Page, platform: str, fault: dict[str, object]
) -> None:
    listed = (await page.do("faults", platform=platform, times=3, **fault))["faults"][platform]
    assert [(each["kind"], each["times"]) for each in listed] == [(fault["kind"], 3)]
    await page.move("2026-09-01T12:00:00+00:00")
    assert (await page.do("hello"))["faults"][platform] == [], "they are used up"
    figures = (await page.do("figures"))["figures"]
    assert figures["messages_delivered"] >= 12
    assert figures["messages_dead"] == 0
    if platform == "slack":  # where the bot can look whether a message has arrived
        assert figures["duplicates"] == 0


async def test_faults_are_switched_off(page: Page) -> None:
    await page.do("faults", platform="teams", kind="reply_lost", times=5)
    assert (await page.do("faults", platform="teams", kind="off"))["faults"] == {"slack": [], "teams": []}


async def test_two_resets_at_once_come_one_after_the_other(page: Page) -> None:
    async with opened(page.playground, page.address) as other:
        await asyncio.gather(page.do("reset", scenario="small", seed=1), other.do("reset", scenario="small", seed=2))
        assert (await page.do("hello"))["cohort"] == (await other.do("hello"))["cohort"]
        await page.move("2026-09-01T12:00:00+00:00")
        assert (await other.do("figures"))["figures"]["messages_delivered"] >= 12


async def test_between_two_simulations_everything_is_refused_in_words(tmp_path: Path) -> None:
    visitor = Visitor(Playground(tmp_path / "demo.sqlite3", SCENARIOS))
    for do in ("hello", "outbox", "figures", "stop", "home"):
        answer = await visitor.answer({"id": 1, "do": do})
        assert answer["ok"] or "Error" not in answer["error"], do
    assert (await visitor.answer({"id": 1, "do": "hello"}))["error"] == "the programme is just beginning anew"


async def test_what_waited_for_its_turn_is_not_done_to_the_next_programme(page: Page) -> None:
    simulation = page.playground.simulation
    account = next(iter(simulation.people))
    async with simulation.turn:
        acting = asyncio.create_task(act_for(page.playground, account))
        closing = asyncio.create_task(page.playground.close())
        await asyncio.sleep(0)
    with pytest.raises(NotNow):
        await acting
    await closing


async def act_for(playground: Playground, account: Account) -> None:
    async with playground.acting(account):
        raise AssertionError("nothing is to be done any more")


async def test_a_reset_begins_anew_and_tells_all_pages(under_way: Page) -> None:
    async with opened(under_way.playground, under_way.address) as other:
        await other.be(MENTEE)
        await under_way.do("reset", scenario="small", seed=11, level="strict")
        await other.until("reset")
        assert not (await other.ask("home"))["ok"], "the page is nobody until it chooses again"
        hello = await other.do("hello")
    assert (hello["now"], hello["level"], hello["cohort"]["seed"]) == (hello["starts"], "strict", 11)
    assert (await under_way.do("figures"))["figures"]["messages_delivered"] == 0
