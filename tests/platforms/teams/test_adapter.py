"""The way in: who is let in, what an activity means, and what is answered."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import ui
from bot.flow import Done, Event, FormErrors, InForm, Outcome, Private, Reply, ShowForm, ShowHome, Update
from bot.platforms import Platform
from bot.playground.client import Fault, Shown
from bot.playground.teams import TeamsClient, TeamsStandIn
from bot.playground.teams_keys import SigningKey
from storage.records import Account, Conversation
from tests.platforms.teams.conftest import (
    PRIYA,
    TENANT,
    TOMASZ,
    MovingClock,
    RecordingDispatch,
    message,
)

pytestmark = pytest.mark.usefixtures("bot")

STRANGE_KEY = SigningKey()

FORM = ui.Form(
    name="meeting",
    title="Log a meeting",
    submit="Save",
    subject="17",
    version=2,
    seen_by="Tomasz will see this.",
    fields=(
        ui.DateField("day", "When did you meet?"),
        ui.NumberField("minutes", "For how many minutes?", help="About, if you are not sure.", optional=True),
        ui.PickOne("place", "Where?", options=(ui.Option("ward", "On the ward"), ui.Option("video", "By video"))),
        ui.PickMany(
            "topics", "What about?", optional=True, options=(ui.Option("exams", "Exams"), ui.Option("rota", "The rota"))
        ),
        ui.TimeField("time", "At what time?", value="09:30"),
        ui.TextField("note", "Anything else?", optional=True, multiline=True, max_length=40),
    ),
)

Make = Callable[[TeamsStandIn, TeamsClient], tuple[bytes, dict[str, str]]]


def request(**changes: Any) -> Make:
    """A request whose token differs; ``key``: signed with it."""

    def make(teams: TeamsStandIn, person: TeamsClient) -> tuple[bytes, dict[str, str]]:
        given = {name: value() if callable(value) else value for name, value in changes.items()}
        token = teams.issuer.token(teams.service_url, **given)
        return json.dumps(person.activity("message", text="hello")).encode(), {"Authorization": f"Bearer {token}"}

    return make


def header(text: str) -> Make:
    """A request with this Authorization header."""

    def make(_teams: TeamsStandIn, person: TeamsClient) -> tuple[bytes, dict[str, str]]:
        return json.dumps(person.activity("message", text="hello")).encode(), {"Authorization": text}

    return make


def unsigned(**head: str) -> Make:
    """A request whose token has another algorithm or no key id."""

    def make(teams: TeamsStandIn, person: TeamsClient) -> tuple[bytes, dict[str, str]]:
        claims = jwt.decode(teams.issuer.token(teams.service_url), options={"verify_signature": False})
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (head, claims)]
        body = json.dumps(person.activity("message", text="hello")).encode()
        return body, {"Authorization": f"Bearer {parts[0]}.{parts[1]}."}

    return make


def body(raw: bytes) -> Make:
    """A request with a good token and this body."""

    def make(teams: TeamsStandIn, _person: TeamsClient) -> tuple[bytes, dict[str, str]]:
        return raw, {"Authorization": f"Bearer {teams.issuer.token(teams.service_url)}"}

    return make


def activity(**changes: Any) -> Make:
    """A request with a good token and an activity that differs; None leaves a part out."""

    def make(teams: TeamsStandIn, person: TeamsClient) -> tuple[bytes, dict[str, str]]:
        made = person.activity(changes.get("type", "message"), text="hello") | changes
        kept = {name: value for name, value in made.items() if value is not None}
        return body(json.dumps(kept).encode())(teams, person)

    return make


def forged(teams: TeamsStandIn, person: TeamsClient) -> tuple[bytes, dict[str, str]]:
    """The key id of Teams, the signature of somebody else."""
    key = SigningKey()
    key.id = teams.issuer.keys[0].id
    return request(key=key)(teams, person)


ELSEWHERE = "2f9a6f6e-0000-4d7c-9d6e-5a4b3c2d1e0f"
OTHER_WHERE = {"id": "a:1", "conversationType": "personal", "tenantId": ELSEWHERE}
NOWHERE = {"id": "a:1", "conversationType": "personal"}
TAP = {"action": "log", "subject": "17", "version": 1}

REFUSED: dict[str, tuple[Make, int]] = {
    "no token": (header(""), 401),
    "another scheme": (header("Basic cHJpeWE6c2VjcmV0"), 401),
    "no token after the scheme": (header("Bearer "), 401),
    "no JWT": (header("Bearer open-sesame"), 401),
    "broken JWT": (header("Bearer e30.e30.e30"), 401),
    "two tokens": (header("Bearer a b"), 401),
    "no signature": (unsigned(alg="none", typ="JWT"), 401),
    "no key id": (unsigned(alg="RS256", typ="JWT"), 401),
    "a shared secret in place of a key pair": (unsigned(alg="HS256", kid="a"), 401),
    "unknown key": (request(key=STRANGE_KEY), 401),
    "forged": (forged, 401),
    "expired": (request(exp=lambda: int(time.time()) - 400), 401),
    "without an end": (request(exp=None), 401),
    "from the future": (request(nbf=lambda: int(time.time()) + 4000), 401),
    "for another bot": (request(aud="another-app"), 401),
    "for no bot": (request(aud=None), 401),
    "from another issuer": (request(iss="https://api.botframework.com"), 401),
    "from no issuer": (request(iss=None), 401),
    "for another service url": (request(serviceurl="https://smba.trafficmanager.net/uk/"), 401),
    "for no service url": (request(serviceurl=None), 401),
    "another channel": (activity(channelId="webchat"), 401),
    "another tenant in the channel data": (activity(channelData={"tenant": {"id": ELSEWHERE}}), 401),
    "another tenant in the conversation": (activity(conversation=OTHER_WHERE), 401),
    "no tenant at all": (activity(conversation=NOWHERE, channelData=None), 401),
    "no body": (body(b""), 400),
    "no JSON": (body(b'{"type": "mess'), 400),
    "no UTF-8": (body(b'{"type": "\xff"}'), 400),
    "half a surrogate pair": (body(b'{"type": "message", "text": "\\ud800"}'), 400),
    "JSON without end": (body(b"[" * 200_000), 400),
    "a list": (body(b"[]"), 400),
    "no activity": (body(b"{}"), 400),
    "no type": (activity(type=None), 400),
    "no sender": (activity(**{"from": None}), 400),
    "no conversation": (activity(conversation=None), 400),
    "no service url": (activity(serviceUrl=None), 400),
    "text that is no text": (activity(text=["hello"]), 400),
    "a tap of somebody else's card": (activity(value={"hello": 1}), 400),
    "a tap with a version that is no number": (activity(value=TAP | {"version": "1; drop"}), 400),
    "an action without an action": (activity(type="invoke", name="adaptiveCard/action", value={}), 400),
    "an action without a value": (activity(type="invoke", name="adaptiveCard/action"), 400),
    "a fetch without data": (activity(type="invoke", name="task/fetch", value={"data": None}), 400),
    "a form without a name": (activity(type="invoke", name="task/submit", value={"data": {}}), 400),
    "an invoke that is not served": (activity(type="invoke", name="composeExtension/query", value={}), 501),
    "too large": (body(b" " * 300_000), 413),
    "too large and not from Teams": (lambda _teams, _person: (b" " * 300_000, {}), 401),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_does_not_come_from_teams_or_cannot_be_read_reaches_no_handler(
    teams: TeamsStandIn, dispatch: RecordingDispatch, priya: TeamsClient, case: str
) -> None:
    make, status = REFUSED[case]
    assert await teams.send(*make(teams, priya)) == (status, None)
    assert dispatch.events == []
    assert (await priya.say("hello")).status == 200  # and nothing has changed for those who may
    assert len(dispatch.events) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PARTS = [
    "type",
    "id",
    "name",
    "text",
    "value",
    "from",
    "conversation",
    "recipient",
    "channelData",
    "entities",
    "action",
]
PARTS += [
    "timestamp",
    "attachments",
    "membersAdded",
    "replyToId",
    "localTimestamp",
    "reactionsAdded",
    "suggestedActions",
]
PARTS += ["relatesTo", "deliveryMode", "expiration", "semanticAction", "listenFor", "locale", "serviceUrl"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["message", "invoke", "conversationUpdate"]), st.dictionaries(st.sampled_from(PARTS), JSON))
async def test_no_activity_makes_the_bot_fail(
    teams: TeamsStandIn, priya: TeamsClient, kind: str, changes: dict[str, Any]
) -> None:
    made = priya.activity(kind, text="hello", name="task/submit") | changes
    headers = {"Authorization": f"Bearer {teams.issuer.token(teams.service_url)}"}
    status, _answer = await teams.send(json.dumps(made).encode(), headers)
    assert status in {200, 400, 401, 501}


async def test_a_body_that_cannot_be_unpacked_is_refused(teams: TeamsStandIn, dispatch: RecordingDispatch) -> None:
    headers = {"Authorization": f"Bearer {teams.issuer.token(teams.service_url)}", "Content-Encoding": "gzip"}
    assert (await teams.send(b"no gzip", headers))[0] == 400
    assert dispatch.events == []


async def test_a_new_signing_key_is_taken_at_once(
    teams: TeamsStandIn, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    await priya.say("one")
    teams.issuer.rotate()
    assert (await priya.say("two")).status == 200
    assert len(dispatch.events) == 2


async def test_unknown_keys_do_not_make_the_bot_fetch_without_end(teams: TeamsStandIn, priya: TeamsClient) -> None:
    await priya.say("one")
    teams.faults.append(counting := Fault("openid", "delay", times=100, seconds=0))
    for _attempt in range(20):
        assert (await teams.send(*request(key=STRANGE_KEY)(teams, priya)))[0] == 401
    assert 100 - counting.times == 4
    assert (await priya.say("two")).status == 200


async def test_without_keys_teams_is_told_to_send_again(
    teams: TeamsStandIn, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    teams.faults.append(Fault("openid", "status", times=2, status=503))
    assert (await priya.say("hello")).status == 200  # at the third delivery
    assert len(dispatch.events) == 1


async def test_a_fault_behind_the_adapter_makes_teams_send_again(
    teams: TeamsStandIn, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    dispatch.outcome = OSError("the database is at 10.0.0.5")
    make = activity(text="hello")
    assert await teams.send(*make(teams, priya)) == (503, None)
    assert (await priya.say("hello")).status == 503
    assert len(dispatch.events) == 5
    assert len({event.key for event in dispatch.events[1:]}) == 1


async def test_typed_words_are_a_text(
    priya: TeamsClient, dispatch: RecordingDispatch, clock: MovingClock, teams: TeamsStandIn
) -> None:
    assert await priya.command("logmeeting yesterday") is not None
    event = dispatch.events[0]
    assert event == Event(
        kind="text",
        account=PRIYA.account,
        at=clock.now,
        text="logmeeting yesterday",
        here=Conversation("teams", TENANT, teams.personal(PRIYA.account.user).id, "dm", teams.service_url),
        key=event.key,
    )
    assert event.key
    assert "logmeeting" not in event.key


async def test_the_same_words_again_are_another_event(priya: TeamsClient, dispatch: RecordingDispatch) -> None:
    await priya.say("home")
    await priya.say("home")
    assert dispatch.events[0].key != dispatch.events[1].key


async def test_in_a_channel_the_mention_of_the_bot_is_not_part_of_the_words(
    teams: TeamsStandIn, dispatch: RecordingDispatch
) -> None:
    channel = teams.add_channel("Leads", [PRIYA.account, TOMASZ.account])
    assert (await teams.client(TOMASZ.account, channel).say("leads here")).status == 200
    event = dispatch.events[0]
    assert (event.kind, event.text, event.account) == ("text", "leads here", TOMASZ.account)
    assert event.here == Conversation("teams", TENANT, channel, "channel", teams.service_url)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("<at>peermentor</at>&nbsp;leads here\n", "leads here"),
        ("Rota &amp; exams &lt;3", "Rota & exams <3"),
        ("nul\0byte", "nulbyte"),
        ("   ", ""),
    ],
)
async def test_words_are_read_as_the_person_typed_them(
    teams: TeamsStandIn, priya: TeamsClient, dispatch: RecordingDispatch, sent: str, read: str
) -> None:
    typed = priya.activity("message", text=sent)
    typed["entities"] = [
        {"type": "clientInfo", "locale": "en-GB"},
        {"type": "mention", "mentioned": {"id": "29:somebody"}, "text": "Rota"},
        {"type": "mention", "mentioned": typed["recipient"], "text": "<at>peermentor</at>"},
    ]
    await teams.deliver(typed)
    assert dispatch.events[0].text == read


async def test_words_in_a_thread_belong_to_the_channel(
    teams: TeamsStandIn, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    channel = teams.add_channel("Leads", [PRIYA.account])
    reply = priya.activity("message", channel, text="leads here")
    reply["conversation"]["id"] += ";messageid=1700000000000"
    await teams.deliver(reply)
    assert dispatch.events[0].here is not None
    assert dispatch.events[0].here.id == channel


async def test_without_an_entra_id_the_teams_id_names_the_person(
    teams: TeamsStandIn, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    typed = priya.activity("message", text="hello")
    del typed["from"]["aadObjectId"]
    await teams.deliver(typed)
    assert dispatch.events[0].account == Account("teams", TENANT, typed["from"]["id"])


BUTTON = ui.Button("We met", "met", "17", 3)
OPENER = ui.Button("Log it", "logmeeting", "17", 3, opens=True)


async def on_screen(bot: Platform, person: TeamsClient, *buttons: ui.Button) -> Shown:
    here = await bot.chat.open([person.account])
    await bot.chat.send(here, message(ui.Text("Did you meet?"), ui.Buttons(buttons)), "met:17")
    return person.screen()[-1]


async def test_a_tap_is_a_button(
    bot: Platform, teams: TeamsStandIn, priya: TeamsClient, dispatch: RecordingDispatch, clock: MovingClock
) -> None:
    shown = await on_screen(bot, priya, BUTTON)
    await priya.tap(shown, shown.button("met"))
    event = dispatch.events[0]
    assert event == Event(
        kind="button",
        account=PRIYA.account,
        at=clock.now,
        name="met",
        subject="17",
        version=3,
        here=Conversation("teams", TENANT, shown.conversation, "dm", teams.service_url),
        message_id=shown.id,
        key=event.key,
    )
    await priya.tap(shown, shown.button("met"))
    assert dispatch.events[1].key == event.key
    other = await on_screen(bot, priya, ui.Button("We met", "met", "18", 3))
    await priya.tap(other, other.button("met"))
    assert dispatch.events[2].key != event.key


async def test_an_update_changes_the_card_for_the_person_who_tapped(
    bot: Platform, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    shown = await on_screen(bot, priya, BUTTON)
    dispatch.outcome = Update(message(ui.Text("Thank you, noted.")))
    answer = await priya.tap(shown, shown.button("met"))
    assert answer.message is not None
    assert answer.message.lines[0] == "Thank you, noted."
    assert [now.lines[0] for now in priya.screen()] == ["Thank you, noted."]
    assert priya.screen()[0].buttons == ()


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Private(message(summary="Only for you")), "Only for you"),
        (Reply(message(summary="For\nall of you")), "For all of you"),
        (ShowHome(message(summary="Your next step")), "Your next step"),
        (ShowForm(FORM, "logmeeting"), "Log a meeting"),
        (Done(), "Done."),
    ],
)
async def test_a_tap_is_answered_with_a_line(
    bot: Platform, priya: TeamsClient, dispatch: RecordingDispatch, outcome: Outcome, said: str
) -> None:
    shown = await on_screen(bot, priya, BUTTON)
    dispatch.outcome = outcome
    answer = await priya.tap(shown, shown.button("met"))
    assert answer.message is not None
    assert answer.message.lines == (said,)
    assert answer.message.ephemeral
    assert priya.screen() == [shown]  # the message itself is for the outbox


async def test_a_button_that_opens_a_form_opens_it(
    bot: Platform, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    shown = await on_screen(bot, priya, OPENER)
    dispatch.outcome = ShowForm(FORM, "logmeeting", "17")
    answer = await priya.tap(shown, shown.button("logmeeting"))
    event = dispatch.events[0]
    assert (event.kind, event.name, event.subject, event.version) == ("button", "logmeeting", "17", 3)
    assert event.can_open_form
    assert event.message_id == ""
    assert answer.form is not None
    assert (answer.form.name, answer.form.subject, answer.form.version) == ("meeting", "17", 2)
    assert answer.form.title == "Log a meeting"
    assert answer.form.values == {"day": "", "minutes": "", "place": "", "topics": (), "time": "09:30", "note": ""}
    assert answer.form.errors == {}
    assert "For how many minutes? (optional)" in answer.form.lines
    assert "Tomasz will see this." in answer.form.lines


async def test_a_form_can_be_opened_again_and_again(
    bot: Platform, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    shown = await on_screen(bot, priya, OPENER)
    dispatch.outcome = ShowForm(FORM, "logmeeting", "17")
    for _time in range(2):
        assert (await priya.tap(shown, shown.button("logmeeting"))).form is not None
    assert dispatch.events[0].key != dispatch.events[1].key


@pytest.mark.parametrize(
    ("outcome", "said"),
    [(Private(message(summary="You are not in a pair")), "You are not in a pair"), (Done(), "Done.")],
)
async def test_a_button_that_cannot_open_its_form_says_why(
    bot: Platform, priya: TeamsClient, dispatch: RecordingDispatch, outcome: Outcome, said: str
) -> None:
    shown = await on_screen(bot, priya, OPENER)
    dispatch.outcome = outcome
    answer = await priya.tap(shown, shown.button("logmeeting"))
    assert answer.form is None
    assert answer.message is not None
    assert answer.message.lines == (said,)


async def test_words_in_a_form_take_the_place_of_one_that_was_sent(
    bot: Platform, priya: TeamsClient, teams: TeamsStandIn, dispatch: RecordingDispatch
) -> None:
    shown = await on_screen(bot, priya, OPENER)
    dispatch.outcome = ShowForm(FORM, "logmeeting", "17")
    form = (await priya.tap(shown, shown.button("logmeeting"))).form
    assert form is not None
    posts = len(teams.posts)
    dispatch.outcome = InForm(message(ui.Text("Sealed, thank you."), ui.Buttons((ui.Button("Help", "support"),))))
    answer = await priya.submit(form, {})
    assert answer.form is not None
    assert answer.form.lines == ("Sealed, thank you.", "Help", "Only you can see this.")
    assert (answer.form.name, answer.form.values) == ("", {})
    assert len(teams.posts) == posts


async def test_a_button_among_words_in_a_dialog_is_answered_there(
    bot: Platform, priya: TeamsClient, teams: TeamsStandIn, dispatch: RecordingDispatch
) -> None:
    shown = await on_screen(bot, priya, OPENER)
    dispatch.outcome = InForm(message(ui.Buttons((ui.Button("Help", "support", "3", 1),))))
    words = (await priya.tap(shown, shown.button("logmeeting"))).form
    assert words is not None
    (action,) = words.raw["task"]["card"]["content"]["body"][0]["actions"]
    assert action["type"] == "Action.Submit"
    dispatch.outcome = InForm(message(ui.Text("999")))
    value = {"data": action["data"]}
    status, body = await teams.deliver(priya.activity("invoke", name="task/submit", value=value))
    assert status == 200
    assert body["task"]["type"] == "continue"
    event = dispatch.events[-1]
    assert (event.kind, event.name, event.subject, event.version, event.in_form) == ("button", "support", "3", 1, True)


async def test_get_help_shows_numbers_within_the_form_and_what_was_typed_stays(
    bot: Platform, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    shown = await on_screen(bot, priya, OPENER)
    number = ui.Link("116 123: Samaritans", "tel:116123")
    dispatch.outcome = ShowForm(msgspec.structs.replace(FORM, get_help=(number,)), "logmeeting", "17")
    form = (await priya.tap(shown, shown.button("logmeeting"))).form
    assert form is not None
    assert "Get help" in form.lines
    assert number.label not in form.lines
    assert (await priya.get_help(form))[0] == number.label
    assert len(dispatch.events) == 1


FILLED: ui.Values = {
    "day": "2026-03-01",
    "minutes": "fifty",
    "place": "video",
    "topics": ("exams", "rota"),
    "time": "17:45",
    "note": "Two\nlines, and a comma",
}


async def test_a_form_arrives_with_all_that_was_entered(
    bot: Platform, priya: TeamsClient, dispatch: RecordingDispatch, clock: MovingClock
) -> None:
    shown = await on_screen(bot, priya, OPENER)
    dispatch.outcome = ShowForm(FORM, "logmeeting", "17")
    form = (await priya.tap(shown, shown.button("logmeeting"))).form
    assert form is not None
    dispatch.outcome = Private(message(summary="Logged"))
    answer = await priya.submit(form, FILLED)
    assert (answer.status, answer.form, answer.message) == (200, None, None)  # the dialog closes
    event = dispatch.events[1]
    assert (event.kind, event.name, event.subject, event.version) == ("form", "meeting", "17", 2)
    assert (event.values, event.account, event.at) == (FILLED, PRIYA.account, clock.now)


async def test_a_form_with_errors_comes_back_with_what_was_typed(
    bot: Platform, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    shown = await on_screen(bot, priya, OPENER)
    dispatch.outcome = ShowForm(FORM, "logmeeting", "17")
    form = (await priya.tap(shown, shown.button("logmeeting"))).form
    assert form is not None
    dispatch.outcome = FormErrors({"minutes": "Give a whole number."}, FORM)
    answer = await priya.submit(form, FILLED)
    assert answer.form is not None
    assert answer.form.values == FILLED
    assert answer.errors == answer.form.errors == {"minutes": "Error: Give a whole number."}
    assert answer.form.lines[0] == "Error: one answer needs another look"
    dispatch.outcome = Done()
    corrected = await priya.submit(answer.form, {"minutes": "50"})
    assert (corrected.status, corrected.form) == (200, None)
    assert dispatch.events[2].values == FILLED | {"minutes": "50"}


async def test_a_form_that_teams_sends_twice_has_one_key_and_a_form_that_is_filled_in_twice_has_two(
    bot: Platform, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    shown = await on_screen(bot, priya, OPENER)
    keys = []
    for _time in range(2):
        dispatch.outcome = ShowForm(FORM, "logmeeting", "17")
        form = (await priya.tap(shown, shown.button("logmeeting"))).form
        assert form is not None
        dispatch.outcome = OSError("no answer in time")
        await priya.submit(form, FILLED)
        keys.append({event.key for event in dispatch.events[-4:]})
    assert [len(found) for found in keys] == [1, 1]
    assert keys[0] != keys[1]


async def test_a_tap_that_comes_as_a_message_is_a_button_that_changes_no_card(
    teams: TeamsStandIn, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    sent = priya.activity("message", value=TAP, replyToId="1")
    assert await teams.deliver(sent) == (200, None)
    event = dispatch.events[0]
    assert (event.kind, event.name, event.subject, event.version) == ("button", "log", "17", 1)
    assert (event.message_id, event.can_open_form) == ("", False)


async def test_installing_and_removing_are_events(
    teams: TeamsStandIn, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    await priya.remove()
    await priya.install()
    added = priya.activity("conversationUpdate")
    await teams.deliver(added | {"membersAdded": [added["recipient"]]})
    assert [event.kind for event in dispatch.events] == ["removed", "installed", "installed"]
    assert {event.account for event in dispatch.events} == {PRIYA.account}
    assert all(event.key and event.here for event in dispatch.events)


async def test_what_is_no_business_of_the_bot_is_taken_and_left(
    teams: TeamsStandIn, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    channel = teams.add_channel("Leads", [PRIYA.account])
    for quiet in (
        priya.activity("typing"),
        priya.activity("messageReaction", reactionsAdded=[{"type": "like"}]),
        priya.activity("installationUpdate", action="add-upgrade"),
        priya.activity("installationUpdate", channel, action="add"),
        priya.activity("conversationUpdate", membersAdded=[{"id": "29:somebody"}]),
        priya.activity("conversationUpdate"),
    ):
        assert await teams.deliver(quiet) == (200, None)
    assert dispatch.events == []


async def test_only_posts_are_taken(teams: TeamsStandIn) -> None:
    assert teams._http is not None
    async with teams._http.get(f"{teams._bot_url}/api/messages") as answer:
        assert answer.status == 405
