"""A check-in from the invitation to the results, over HTTP on both platforms: an answer is two sealed boxes and leaves
nothing else behind."""

import logging
from datetime import date, timedelta

import pytest
import structlog

from bot.handlers import checkin_form, open_waves, withdrawal
from bot.handlers import help as help_conversation
from bot.handlers.questions import AS_IT_IS, NAMES, PERMISSION, PREFER_NOT, SHOW, TAKEN_OUT
from bot.playground.client import Answer, ShownForm
from bot.surveys.loading import all_instruments
from bot.surveys.sealing import WORDS, open_comment, tag
from bot.ui import Message, Values
from storage.records import Newcomer, Wave
from tests import waves
from tests.contract.stage import EVERYBODY, Cast, Stage, changed, lines_of

PULSE = all_instruments()["pulse"]
GOOD: Values = {"item_useful": "4", "item_open": "5", "item_time": "2", "item_comment": "", PERMISSION: ""}
CANARY = "canary-e4a1-kingfisher"


async def open_wave(stage: Stage) -> Wave:
    """Let a wave open now, and everybody have been invited."""
    with stage.world.uow() as uow:
        waves.have_opened(uow)
    await stage.settle()
    with stage.world.uow() as uow:
        (wave,) = uow.waves.are_under_way(stage.world.programme.id)
    return wave


def enrol_others(stage: Stage, count: int) -> list[int]:
    """So many more mentors and mentees who take part, and have no chat; their ids."""
    ids = []
    with stage.world.uow() as uow:
        for role in ("mentor", "mentee"):
            newcomers = [
                Newcomer(
                    f"{role} {n}", f"{role}{n}@example.org", (), "Europe/London", "ENG", "", "", "", date(2026, 1, 1)
                )
                for n in range(count)
            ]
            new = uow.people.add_all(newcomers)
            uow.people.enrol_all(stage.world.programme.id, dict.fromkeys(new, role))
            for person_id in new:
                uow.people.set_state(person_id, "joined")
            ids += new
    return ids


async def answer(stage: Stage, who: str, **values: str) -> Answer:
    """Type the command, fill in the form and send it."""
    return await stage.send(who, await stage.form(who, "checkin"), **GOOD | values)


def says(shown: ShownForm | None, message: Message) -> bool:
    """Whether the window of a form holds this message."""
    return shown is not None and not shown.values and set(lines_of(message)) <= set(shown.lines)


def thanked(stage: Stage, wave: Wave, who: str) -> Message:
    return checkin_form.thanks(wave, "mentee", stage.world.people[who])


@pytest.mark.transport
async def test_the_invitation_leads_to_the_form_and_the_thanks_stand_in_it(paired: Stage, cast: Cast) -> None:
    wave = await open_wave(paired)
    for who in (cast.mentor, cast.mentee):
        (invited,) = paired.by_key(who, f"wave:{wave.id}:invite")
        form = await paired.open(who, "checkin", on=invited)
        before, screens = paired.rows(), paired.screens()
        sent = await paired.send(who, form, **GOOD)
        assert says(sent.form, thanked(paired, wave, who))
        after = paired.rows()
        assert changed(before, after).keys() == {"sealed_answer"}
        assert len(after["sealed_answer"] - before["sealed_answer"]) == 2
        assert paired.screens() == screens, "no message is edited, and none is sent"


async def test_opening_the_form_from_the_invitation_writes_nothing(paired: Stage, cast: Cast) -> None:
    await open_wave(paired)
    before = paired.rows()
    await paired.open(cast.mentee, "checkin")
    await paired.settle()
    assert changed(before, paired.rows()) == {}


async def test_nobody_else_is_invited(paired: Stage, cast: Cast) -> None:
    wave = await open_wave(paired)
    invited = {who for who in EVERYBODY if paired.by_key(who, f"wave:{wave.id}:")}
    assert invited == {"Amara", "Tomasz", "Farah", "Niamh", "Haruki", "Chidi"}
    assert cast.control not in invited


async def test_the_command_opens_the_same_form(paired: Stage, cast: Cast) -> None:
    await open_wave(paired)
    by_command = await paired.form(cast.mentee, "checkin")
    by_button = await paired.open(cast.mentee, "checkin", on=paired.by_key(cast.mentee, "wave:")[0])
    assert (by_command.lines, by_command.subject) == (by_button.lines, by_button.subject)


async def test_sending_again_replaces_and_taking_back_leaves_nothing(paired: Stage, cast: Cast) -> None:
    wave = await open_wave(paired)
    empty = paired.rows()["sealed_answer"]
    await answer(paired, cast.mentee)
    first = paired.rows()["sealed_answer"]
    await answer(paired, cast.mentee, item_useful="1")
    second = paired.rows()["sealed_answer"]
    assert {row[1] for row in first} == {row[1] for row in second}, "the same two places"
    assert not first & second
    form = await paired.form(cast.mentee, "withdraw")
    before = paired.rows()
    taken = await paired.send(cast.mentee, form)
    assert says(taken.form, withdrawal.taken_back(wave, paired.world.people[cast.mentee]))
    assert changed(before, paired.rows()).keys() == {"sealed_answer"}
    assert paired.rows()["sealed_answer"] == empty
    again = await paired.send(cast.mentee, await paired.form(cast.mentee, "withdraw"))
    assert says(again.form, withdrawal.nothing_there(wave, paired.world.people[cast.mentee]))


async def test_who_has_left_can_still_take_back(paired: Stage, cast: Cast) -> None:
    await open_wave(paired)
    await answer(paired, cast.mentee)
    with paired.world.uow() as uow:
        uow.people.set_state(paired.world.people[cast.mentee].id, "left")
    await paired.send(cast.mentee, await paired.form(cast.mentee, "withdraw"))
    assert paired.rows()["sealed_answer"] == frozenset()


@pytest.mark.transport
async def test_names_are_pointed_out_and_all_that_was_typed_stays(paired: Stage, cast: Cast) -> None:
    wave = await open_wave(paired)
    form = await paired.form(cast.mentee, "checkin")
    before = paired.rows()
    typed = GOOD | {"item_comment": "Farah is kind.\nLarkhill too.", PERMISSION: SHOW, "item_time": PREFER_NOT}
    warned = await paired.send(cast.mentee, form, **typed)
    assert warned.form is not None
    assert warned.form.values == typed | {NAMES: ""}
    assert any("“Farah”, “Larkhill”" in line for line in warned.form.lines)
    claimed = await paired.send(cast.mentee, warned.form, **{NAMES: TAKEN_OUT})
    assert claimed.errors.keys() == {NAMES}
    assert claimed.form is not None
    assert claimed.form.values["item_comment"] == "Farah is kind.\nLarkhill too."
    assert changed(before, paired.rows()) == {}
    done = await paired.send(cast.mentee, claimed.form, **{NAMES: AS_IT_IS})
    assert says(done.form, thanked(paired, wave, cast.mentee))
    assert comment_of(paired, wave, cast.mentee) == "Farah is kind.\nLarkhill too."


def comment_of(stage: Stage, wave: Wave, who: str) -> str:
    keys = waves.keys_of_wave(stage.world, wave)
    with stage.world.uow() as uow:
        boxes = dict(uow.waves.boxes(wave.id, limit=100))
    box = boxes[tag(keys.secret, stage.world.people[who].id, 1, WORDS)]
    return open_comment(box, PULSE, keys).texts.get("comment", "")


@pytest.mark.transport
async def test_help_lies_in_front_of_the_form_and_what_was_typed_stays(paired: Stage, cast: Cast) -> None:
    wave = await open_wave(paired)
    form = await paired.form(cast.mentee, "checkin")
    before = paired.rows()
    numbers = "\n".join(await paired.client(cast.mentee).get_help(form))
    for number in ("999", "111", "116 123"):
        assert number in numbers
    assert changed(before, paired.rows()) == {}
    sent = await paired.send(cast.mentee, form, **GOOD | {"item_comment": "Evenings suit me.", PERMISSION: SHOW})
    assert says(sent.form, thanked(paired, wave, cast.mentee))


# What cannot be taken

BAD: list[tuple[str, Values, str]] = [
    ("no answer", {"item_useful": ""}, "item_useful"),
    ("a value below the scale", {"item_useful": "0"}, "item_useful"),
    ("a value above the scale", {"item_open": "6"}, "item_open"),
    ("words for a value", {"item_time": "agree"}, "item_time"),
    ("digits of another script", {"item_time": "٤"}, "item_time"),
    ("two values", {"item_time": ("4", "5")}, "item_time"),
    ("10,000 characters", {"item_time": "4" * 10_000}, "item_time"),
    ("no choice for the comment", {"item_comment": "Evenings suit me."}, PERMISSION),
    ("a choice that there is not", {"item_comment": "Evenings suit me.", PERMISSION: "tell all"}, PERMISSION),
    ("a comment that is too long", {"item_comment": "x" * 501, PERMISSION: SHOW}, "item_comment"),
    ("an emoji flood", {"item_comment": "\N{PARTY POPPER}" * 2_000, PERMISSION: SHOW}, "item_comment"),
]


async def test_what_cannot_be_taken_gets_an_error_beside_its_field(
    paired: Stage, cast: Cast, subtests: pytest.Subtests
) -> None:
    wave = await open_wave(paired)
    before = paired.rows()
    for name, values, field in BAD:
        with subtests.test(name):
            sent = await paired.forged_form(cast.mentee, "checkin", str(wave.id), 0, GOOD | values)
            assert sent.status == 200
            assert sent.errors.keys() == {field}
            assert changed(before, paired.rows()) == {}


async def test_a_form_that_is_sent_twice_is_one_answer(paired: Stage, cast: Cast) -> None:
    wave = await open_wave(paired)
    before = paired.rows()
    for _ in range(2):
        assert (await paired.forged_form(cast.mentee, "checkin", str(wave.id), 0, GOOD)).errors == {}
    await paired.settle()
    assert changed(before, paired.rows()).keys() == {"sealed_answer"}
    assert len(paired.rows()["sealed_answer"]) == 2


@pytest.mark.parametrize("name", ["checkin", "withdraw"])
async def test_an_altered_wave_is_refused_in_the_form(paired: Stage, cast: Cast, name: str) -> None:
    wave = await open_wave(paired)
    await answer(paired, cast.mentee)
    form = await paired.form(cast.mentee, name)
    before = paired.rows()
    for subject in ("999", "", "1-1", f"{wave.id} OR 1=1", "-1", "9" * 40):
        sent = await paired.forged_form(cast.mentee, name, subject, form.version, GOOD)
        assert sent.status == 200
        assert changed(before, paired.rows()) == {}


@pytest.mark.parametrize("part", ["control", "lead"])
@pytest.mark.parametrize("name", ["checkin", "withdraw"])
async def test_who_is_not_asked_can_send_nothing(paired: Stage, cast: Cast, name: str, part: str) -> None:
    wave = await open_wave(paired)
    before = paired.rows()
    who = str(getattr(cast, part))
    sent = await paired.forged_form(who, name, str(wave.id), 0, GOOD)
    assert sent.status == 200
    if cast.platform == "teams":  # the stand-in of Slack does not show what a forged form is answered with
        assert says(sent.form, help_conversation.not_yours(paired.world.programme))
    assert changed(before, paired.rows()) == {}


@pytest.mark.parametrize("name", ["checkin", "withdraw"])
async def test_a_form_of_a_wave_that_has_closed_says_so_and_stores_nothing(
    paired: Stage, cast: Cast, name: str
) -> None:
    wave = await open_wave(paired)
    form = await paired.form(cast.mentee, name)
    await paired.settle()
    before = paired.rows()
    paired.world.now = wave.closes_at
    sent = await paired.client(cast.mentee).submit(form, GOOD if name == "checkin" else {})
    assert says(sent.form, open_waves.closed())
    assert changed(before, paired.rows()) == {}


async def test_a_lost_key_is_said_in_the_form(paired: Stage, cast: Cast) -> None:
    wave = await open_wave(paired)
    form = await paired.form(cast.mentee, "checkin")
    before = paired.rows()
    with paired.world.uow() as uow:
        uow.keys.destroy(wave.key_id)
    sent = await paired.send(cast.mentee, form, **GOOD)
    assert says(sent.form, open_waves.key_lost(paired.world.programme))
    assert changed(before, paired.rows()) == {}


# Reminder and close


async def test_only_who_has_not_answered_is_reminded(paired: Stage, cast: Cast) -> None:
    wave = await open_wave(paired)
    await answer(paired, cast.mentee)
    await paired.until(wave.closes_at - timedelta(hours=1))
    reminded = {who for who in EVERYBODY if paired.by_key(who, f"wave:{wave.id}:remind")}
    assert reminded == {"Amara", "Tomasz", "Farah", "Niamh", "Haruki", "Chidi"} - {cast.mentee}


async def test_a_release_is_posted_and_told_and_nothing_else_is_left(paired: Stage, cast: Cast) -> None:
    others = enrol_others(paired, 5)
    channel = paired.channel(cast.lead)
    await paired.client(cast.lead, channel).command("leads here")
    wave = await open_wave(paired)
    with paired.world.uow() as uow:  # which would open before this is over
        uow.due.drop("questionnaire_open", f"{paired.world.programme.id}:baseline")
    for person_id in others:
        waves.answer(paired.world, wave, person_id, (4, 4, 2), words="A quiet hour helps.", instrument=PULSE)
    await answer(paired, cast.mentee, item_comment="Evenings suit me.", permission=SHOW)
    await answer(paired, cast.mentor, item_useful="1")
    await paired.until(wave.closes_at)
    await paired.until_idle()
    with paired.world.uow() as uow:
        entry = uow.ledger.of_wave(wave.id)
        assert uow.waves.get(wave.id).state == "destroyed"
        assert uow.keys.names() == set()
    assert entry is not None
    rows = paired.rows()
    assert rows["sealed_answer"] == rows["wave_member"] == frozenset()
    assert not [row for row in rows["outbox"] if f"wave:{wave.id}:" in str(row)]
    assert not [row for row in rows["due"] if str(row[0]) == "wave_ask"]
    (posted,) = paired.by_key(cast.lead, f"release:{wave.id}")
    told = {who: paired.by_key(who, f"release:{wave.id}") for who in EVERYBODY}
    assert {who for who, found in told.items() if found} == {
        *("Amara", "Tomasz", "Farah", "Niamh", "Haruki", "Chidi"),
        cast.lead,
    }
    for part in ("12 of 16 people answered", "Mentors and mentees together: 12 of 16 answered", "“Evenings suit me.”"):
        assert part in posted.text
    assert posted.text.count("“A quiet hour helps.”") == 10
    for who in (cast.mentor, cast.mentee):
        (mine,) = told[who]
        assert mine.lines[:-1] == posted.lines[:-1], "the same but for who can see it"
    looked_up = await paired.ask(cast.mentee, "checkin")
    listed = await paired.tap(cast.mentee, "results", on=looked_up)
    again = await paired.tap(cast.mentee, "result", on=listed)
    assert again.lines[:-1] == posted.lines[:-1]


async def test_too_few_answers_are_told_without_a_number(paired: Stage, cast: Cast) -> None:
    wave = await open_wave(paired)
    await answer(paired, cast.mentee)
    await paired.until(wave.closes_at + timedelta(days=8))
    (told,) = paired.by_key(cast.mentor, f"release:{wave.id}")
    assert "Too few answered" in told.text
    assert paired.rows()["sealed_answer"] == frozenset()


async def test_not_now_brings_the_check_in_back(paired: Stage, cast: Cast) -> None:
    wave = await open_wave(paired)
    await paired.tap(cast.mentee, "not_now", on=paired.by_key(cast.mentee, f"wave:{wave.id}:invite")[0])
    await paired.advance(days=5)
    assert len(paired.by_key(cast.mentee, f"wave:{wave.id}:ask:1")) == 1


# Logs


async def test_what_was_typed_is_in_no_log(
    paired: Stage,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Whatever becomes of it: taken, refused, pointed out, not stored because something failed, released."""
    caplog.set_level(logging.INFO)
    wave = await open_wave(paired)
    with structlog.testing.capture_logs() as logged:
        await answer(paired, cast.mentee, item_comment=CANARY, permission=SHOW)
        await answer(paired, cast.mentor, item_comment=f"Farah {CANARY}", permission=SHOW)
        wrong: list[Values] = [{"item_comment": CANARY * 30}, {"item_useful": CANARY}, {PERMISSION: CANARY}]
        for values in wrong:
            await paired.forged_form(cast.mentee, "checkin", str(wave.id), 0, GOOD | values)
        await paired.forged_form(cast.mentee, "checkin", CANARY, 0, GOOD | {"item_comment": CANARY})
        with monkeypatch.context() as broken:
            broken.setattr(checkin_form, "seal", fails_with_what_was_typed)
            failed = await answer(paired, cast.mentee, item_comment=CANARY, permission=SHOW)
        assert failed.form is not None
        assert "something went wrong" in "\n".join(failed.form.lines)
        await paired.until(wave.closes_at + timedelta(days=8))
    seen = caplog.text + str(logged) + "".join(capfd.readouterr())
    assert CANARY not in seen
    assert any(entry["event"] == "event.failed" for entry in logged), "there was something to log"


def fails_with_what_was_typed(*given: object) -> object:
    raise RuntimeError(f"no luck with {given}")
