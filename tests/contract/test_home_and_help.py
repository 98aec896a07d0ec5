"""Home is where everything starts; help answers whatever was not understood; strangers get a friendly line."""

from datetime import timedelta

import pytest

from bot.handlers.help import outsider
from tests.contract.stage import EVERYBODY, Cast, Stage, changed, reads


@pytest.mark.transport
async def test_the_home_shows_the_next_step_and_what_can_be_done(paired: Stage, cast: Cast) -> None:
    await paired.client(cast.mentee).open_home()
    await paired.settle()
    workspace = paired.slack.workspace
    home = workspace.show_home(EVERYBODY[cast.mentee].user) if cast.platform == "slack" else paired.newest(cast.mentee)
    assert home is not None
    assert paired.world.people[cast.mentor].name in home.text
    assert {"log_meeting", "schedule", "agenda", "support"} <= {button.action for button in home.buttons}


async def test_the_home_of_somebody_who_has_not_said_yes_is_the_card_to_join(stage: Stage, cast: Cast) -> None:
    home = await stage.ask(cast.mentee, "mentoring")
    assert "join" in {button.action for button in home.buttons}
    await stage.tap(cast.mentee, "join", home)
    home = await stage.ask(cast.mentee, "mentoring")
    assert "join" not in {button.action for button in home.buttons}


async def test_the_slack_home_changes_when_a_button_on_it_is_tapped(stage: Stage) -> None:
    niamh = stage.client("Niamh")
    home = await niamh.open_home()
    assert home is not None
    await niamh.tap(home, home.button("join"))
    now = stage.slack.workspace.show_home(EVERYBODY["Niamh"].user)
    assert now is not None
    assert "join" not in {button.action for button in now.buttons}
    assert now.button("support")


@pytest.mark.parametrize("words", ["home", "mentoring", "Home", "  HOME  "])
async def test_the_word_home_shows_it(paired: Stage, cast: Cast, words: str) -> None:
    assert "log_meeting" in {button.action for button in (await paired.say(cast.mentee, words)).buttons}


async def test_who_installs_the_bot_sees_the_home_first(paired: Stage) -> None:
    answer = await paired.client("Haruki").install()
    await paired.settle()
    assert answer.status == 200
    assert paired.newest("Haruki").button("log_meeting")


async def test_an_installation_that_is_told_twice_is_greeted_once(paired: Stage) -> None:
    for _ in range(2):
        await paired.client("Haruki").install()
    await paired.settle()
    assert len(paired.screen("Haruki")) == 1


@pytest.mark.parametrize("part", ["mentor", "mentee", "control", "lead"])
@pytest.mark.transport
async def test_words_that_are_no_command_are_answered_with_what_can_be_typed(
    paired: Stage, cast: Cast, part: str
) -> None:
    who = str(getattr(cast, part))
    answer = await paired.say(who, "when is my next meeting")
    assert "Gwen Pritchard" in answer.text
    listed = [line.partition(":")[0].lstrip("/") for line in answer.lines]
    assert {"logmeeting", "support", "mentoring"} <= set(listed)
    assert ("leads" in listed) == (part == "lead")


async def test_a_button_that_nobody_answers_to_is_answered_with_help(paired: Stage, cast: Cast) -> None:
    assert (await paired.forged_tap(cast.mentee, "from_the_future", "5", 2))[0] == 200
    await paired.settle()
    assert {"home", "support"} <= {button.action for button in paired.newest(cast.mentee).buttons}


@pytest.mark.parametrize("words", ["hello", "logmeeting", "leads", "leads here", "mentoring", "help"])
async def test_an_outsider_gets_a_friendly_line_with_the_contact(stage: Stage, cast: Cast, words: str) -> None:
    answer = await stage.say(cast.outsider, words)
    assert reads(answer, outsider(stage.world.programme))
    assert "gwen@example.org" in answer.text


async def test_nothing_is_stored_about_an_outsider_but_where_to_answer(stage: Stage, cast: Cast) -> None:
    await stage.settle()
    before = stage.rows()
    await stage.say(cast.outsider, "I am in a bad way")
    await stage.ask(cast.outsider, "support")
    await stage.forged_tap(cast.outsider, "join", "1-3", 1)
    await stage.forged_form(cast.outsider, "log_meeting", "1", 0, {"day": "2026-02-02"})
    if cast.platform == "teams":
        await stage.client(cast.outsider).install()
        await stage.settle()
        await stage.client(cast.outsider).remove()
    await stage.settle()
    differs = changed(before, stage.rows())
    assert differs.keys() <= {"place", "outbox", "pace", "seen"}
    for rows in differs.values():
        for row in rows:
            assert "Viktor" not in str(row)
            assert "Ines" not in str(row)
            assert "bad way" not in str(row)
    words = outsider(stage.world.programme).summary
    assert not [row for row in differs.get("outbox", ()) if words in str(row)], "dropped once it is delivered"


async def test_an_outsider_who_has_gone_is_not_written_to_for_ever(stage: Stage) -> None:
    await stage.until_idle()
    await stage.client("Ines").say("hello")
    stage.teams.installed.discard(EVERYBODY["Ines"].user)
    await stage.until_idle(within=timedelta(days=4))
    assert not [row for row in stage.rows()["outbox"] if outsider(stage.world.programme).summary in str(row)]
