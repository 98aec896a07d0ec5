"""What is for one person is seen by that person alone, and what people type turns up nowhere else."""

import logging
import re

import pytest
import structlog

from bot import handlers
from bot.handlers import home, logmeeting
from bot.handlers.help import something_went_wrong
from bot.ui import Values
from tests.contract.stage import EVERYBODY, Cast, Stage, changed, reads

TYPED = [
    *sorted(command.name for flow in handlers.FLOWS for command in flow.commands),
    "leads here",
    "what is this",
    "https://evil.example",
]
"""Every command, and words that are none."""

CANARY = "kanarienvogel"


@pytest.mark.parametrize("words", TYPED)
async def test_what_is_typed_in_a_channel_is_answered_in_private(paired: Stage, cast: Cast, words: str) -> None:
    """By everybody who can be in a channel, with a slash and with a mention; only a lead may bind one, aloud."""
    everybody = [cast.mentor, cast.mentee, cast.control, cast.outsider, cast.lead]
    channel = paired.channel(*everybody)
    for who in everybody:
        if (who, words) == (cast.lead, "leads here"):
            continue
        others = [other for other in everybody if other != who]
        before = {other: paired.screen(other) for other in others}
        app = paired.client(who, channel)
        assert (await app.command(words)).status == 200
        assert (await app.say(words)).status == 200
        await paired.settle()
        assert {other: paired.screen(other) for other in others} == before
    assert {post.conversation for stand_in in paired.stand_ins for post in stand_in.posts}.isdisjoint({channel})


async def test_what_one_pair_logs_is_on_no_other_screen(paired: Stage, cast: Cast) -> None:
    await paired.client(cast.lead, paired.channel(cast.lead)).command("leads here")
    form = await paired.form(cast.mentee, "logmeeting")
    await paired.send(cast.mentee, form, day="2026-02-02", minutes="237", how="phone", topics=("personal",))
    await paired.advance(days=90)
    for who in EVERYBODY:
        words = "\n".join(shown.text for shown in paired.screen(who))
        assert ("237" in words) == (who in {cast.mentor, cast.mentee})


# Faults


async def test_an_unexpected_error_gives_a_short_reference_that_is_in_the_log(
    paired: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "home_of", fails_with_what_was_typed)
    before = paired.rows()
    with structlog.testing.capture_logs() as logged:
        shown = await paired.ask(cast.mentee, "mentoring")
    (entry,) = [line for line in logged if line["event"] == "event.failed"]
    reference = entry["reference"]
    assert re.fullmatch(r"[0-9a-f]{8}", reference)
    assert reads(shown, something_went_wrong(reference, paired.world.programme))
    assert CANARY not in str(logged) + shown.text
    assert entry["error"] == "RuntimeError"
    assert any("fails_with" in where for where in entry["where"])
    assert changed(before, paired.rows()).keys() <= {"outbox", "pace", "place", "seen"}


async def test_a_form_whose_handler_fails_stores_nothing_and_says_so(
    paired: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = await paired.form(cast.mentee, "logmeeting")

    def broken(*_given: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(logmeeting, "logged", broken)
    with structlog.testing.capture_logs() as logged:
        answer = await paired.send(cast.mentee, form, day="2026-02-02", minutes="60", how="phone")
    (entry,) = [line for line in logged if line["event"] == "event.failed"]
    assert answer.status == 200
    assert paired.rows()["meeting"] == frozenset()
    assert reads(paired.newest(cast.mentee), something_went_wrong(entry["reference"], paired.world.programme))


# Logs


async def test_no_word_that_somebody_typed_is_in_any_log(
    paired: Stage,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Typed as words, commands, fields, subjects and actions; also where the handler or the platform then fails."""
    caplog.set_level(logging.INFO)
    with structlog.testing.capture_logs() as logged:
        for who in (cast.mentee, cast.outsider, cast.lead):
            await type_everywhere(paired, who)
        monkeypatch.setattr(home, "home_of", fails_with_what_was_typed)
        monkeypatch.setattr(logmeeting, "_read_log", fails_with_what_was_typed)
        await type_everywhere(paired, cast.mentee)
        await paired.advance(days=1)
    assert CANARY not in str(logged)
    assert CANARY not in caplog.text
    printed = capfd.readouterr()
    assert CANARY not in printed.out + printed.err
    assert [line for line in logged if line["event"] == "event.failed"]


def fails_with_what_was_typed(*_given: object) -> object:
    raise RuntimeError(f"no luck with {CANARY}")


async def type_everywhere(stage: Stage, who: str) -> None:
    app = stage.client(who)
    for words in (CANARY, f"home {CANARY}", f"leads {CANARY}", f"support {CANARY}", f"logmeeting {CANARY}"):
        await app.say(words)
        await app.command(words)
    await stage.forged_tap(who, CANARY, CANARY, 1)
    await stage.forged_tap(who, "we_met", CANARY, 1)
    await stage.forged_tap(who, "not_now", f"find_a_date:{CANARY}:3")
    for name in ("log_meeting", "correct_meeting", "not_now_until", CANARY):
        for subject in ("1", "2", CANARY):
            values: Values = {"day": CANARY, "minutes": CANARY, "how": CANARY, "topics": (CANARY,), "next_day": CANARY}
            await stage.forged_form(who, name, subject, 0, values)
    await stage.settle()
