"""A questionnaire in parts, over HTTP on both platforms: one window from the first part to the thanks, and nothing but
sealed boxes behind it."""

import pytest

from bot.handlers import checkin_form, open_waves, withdrawal
from bot.handlers.questions import AS_IT_IS, SHOW
from bot.playground.client import Answer, Shown, ShownForm
from bot.surveys.sealing import SCORES, open_answer, tag
from bot.ui import Values
from storage.records import Wave
from tests import waves
from tests.contract.stage import Cast, Stage, changed, lines_of
from tests.questionnaire import ANSWERS, FOUR, ONE, QUESTIONNAIRE, THREE, TWO


@pytest.fixture
async def wave(paired: Stage) -> Wave:
    """A questionnaire that has just opened for everybody who takes part."""
    wave = waves.open_wave(paired.world, QUESTIONNAIRE)
    await paired.settle()
    return wave


async def card(stage: Stage, who: str) -> Shown:
    """The home, which has the button that opens the form."""
    shown = await stage.client(who).open_home()
    await stage.settle()
    return shown or stage.newest(who, "checkin")


async def opened(stage: Stage, who: str) -> ShownForm:
    return await stage.open(who, "checkin", on=await card(stage, who))


async def send_parts(stage: Stage, who: str, *answers: Values) -> ShownForm:
    """Open the form and send one part after the other; what stands in the window then."""
    form = await opened(stage, who)
    for values in answers:
        form = shown_by(await stage.send(who, form, **values))
    return form


def shown_by(answer: Answer) -> ShownForm:
    assert answer.errors == {}
    assert answer.form is not None
    return answer.form


def at_part(form: ShownForm) -> int:
    (line,) = (line for line in form.lines if line.startswith("Part "))
    return int(line.split()[1])


def marks_of(stage: Stage, wave: Wave, who: str, part: int) -> dict[str, tuple[int, ...]]:
    keys = waves.keys_of_wave(stage.world, wave)
    with stage.world.uow() as uow:
        boxes = dict(uow.waves.boxes(wave.id, limit=100))
    return open_answer(boxes[tag(keys.secret, stage.world.people[who].id, part, SCORES)], QUESTIONNAIRE, keys).marks


@pytest.mark.transport
async def test_one_window_from_the_first_part_to_the_thanks(paired: Stage, cast: Cast, wave: Wave) -> None:
    form = await opened(paired, cast.mentee)
    for number, values in enumerate(ANSWERS, start=1):
        assert (at_part(form), form.subject) == (number, f"{wave.id}-{number}")
        assert form.values.keys() == values.keys()
        before, screens = paired.rows(), paired.screens()
        form = shown_by(await paired.send(cast.mentee, form, **values))
        after = paired.rows()
        assert changed(before, after).keys() == {"sealed_answer"}
        assert len(after["sealed_answer"] - before["sealed_answer"]) == 2
        assert paired.screens() == screens, "no message is edited, and none is sent"
    assert set(lines_of(checkin_form.thanks(wave, "mentee", paired.world.people[cast.mentee]))) <= set(form.lines)
    assert marks_of(paired, wave, cast.mentee, 2) == {"way": (2,), "skill": (1, 3)}


async def test_the_comparison_group_answers_its_own_parts(paired: Stage, cast: Cast, wave: Wave) -> None:
    form = await send_parts(paired, cast.control, ONE, TWO, FOUR)
    assert set(lines_of(checkin_form.thanks(wave, "control", paired.world.people[cast.control]))) <= set(form.lines)
    assert len(paired.rows()["sealed_answer"]) == 6


@pytest.mark.parametrize("sent", [1, 3])
async def test_it_is_left_and_resumed(paired: Stage, cast: Cast, wave: Wave, sent: int) -> None:
    await send_parts(paired, cast.mentee, *ANSWERS[:sent])
    await paired.advance(days=3)
    shown = await card(paired, cast.mentee)
    await paired.settle()
    before = paired.rows()
    form = await paired.open(cast.mentee, "checkin", on=shown)
    assert (at_part(form), form.subject) == (sent + 1, f"{wave.id}-{sent + 1}")
    assert changed(before, paired.rows()) == {}, "looking where somebody is leaves no trace"
    again = await paired.form(cast.mentee, "checkin")
    assert (again.lines, again.values) == (form.lines, form.values)


@pytest.mark.usefixtures("wave")
async def test_what_is_shown_outside_of_the_window_does_not_tell_how_far_somebody_is(paired: Stage, cast: Cast) -> None:
    async def seen() -> list[tuple[str, ...]]:
        shown = [await card(paired, cast.mentee)]
        if cast.platform == "teams":  # where typed words are answered with a card that opens the form
            shown.append(await paired.ask(cast.mentee, "checkin"))
        return [(*each.lines, *(f"{button.action}:{button.subject}" for button in each.buttons)) for each in shown]

    before = await seen()
    for values in ANSWERS:
        await send_parts(paired, cast.mentee, values)
        assert await seen() == before


async def test_a_part_is_chosen_and_replaced(paired: Stage, cast: Cast, wave: Wave) -> None:
    await send_parts(paired, cast.mentee, *ANSWERS)
    shown = await card(paired, cast.mentee)
    await paired.settle()
    before = paired.rows()
    choice = await paired.open(cast.mentee, "checkin", on=shown)
    assert (choice.name, choice.values) == ("checkin_part", {"part": ""})
    form = shown_by(await paired.send(cast.mentee, choice, part="2"))
    assert at_part(form) == 2
    assert not any(form.values.values()), "what was sent is never shown again"
    assert changed(before, paired.rows()) == {}
    done = shown_by(await paired.send(cast.mentee, form, **TWO | {"item_way": "1"}))
    assert set(lines_of(checkin_form.thanks(wave, "mentee", paired.world.people[cast.mentee]))) <= set(done.lines)
    assert len(paired.rows()["sealed_answer"]) == 8
    assert marks_of(paired, wave, cast.mentee, 1) == {"use": (3,), "joy": (1,)}
    assert marks_of(paired, wave, cast.mentee, 2) == {"way": (1,), "skill": (1, 3)}


async def test_of_two_devices_the_last_one_holds(paired: Stage, cast: Cast, wave: Wave) -> None:
    phone, laptop = await opened(paired, cast.mentee), await opened(paired, cast.mentee)
    following = shown_by(await paired.send(cast.mentee, phone, **ONE))
    also = shown_by(await paired.send(cast.mentee, laptop, **ONE | {"item_use": "1"}))
    assert at_part(following) == at_part(also) == 2
    assert marks_of(paired, wave, cast.mentee, 1) == {"use": (1,), "joy": (1,)}
    await paired.send(cast.mentee, following, **TWO)
    assert at_part(shown_by(await paired.send(cast.mentee, also, **TWO | {"item_way": "3"}))) == 3
    assert marks_of(paired, wave, cast.mentee, 2) == {"way": (3,), "skill": (1, 3)}
    assert len(paired.rows()["sealed_answer"]) == 4


@pytest.mark.transport
@pytest.mark.usefixtures("wave")
async def test_names_and_help_in_a_later_part(paired: Stage, cast: Cast) -> None:
    form = await send_parts(paired, cast.mentee, ONE)
    before = paired.rows()
    assert "116 123" in "\n".join(await paired.client(cast.mentee).get_help(form))
    typed = TWO | {"item_story": "Farah is kind.", "permission_2": SHOW}
    warned = shown_by(await paired.send(cast.mentee, form, **typed))
    assert warned.values == typed | {"names_2": ""}
    assert any("“Farah”" in line for line in warned.lines)
    assert changed(before, paired.rows()) == {}
    following = shown_by(await paired.send(cast.mentee, warned, names_2=AS_IT_IS))
    assert at_part(following) == 3
    assert not any(following.values.values()), "no choice goes over from one part to the next"
    assert "116 123" in "\n".join(await paired.client(cast.mentee).get_help(following))
    later = THREE | {"item_wish": "Larkhill is loud.", "permission_3": SHOW}
    warned_again = shown_by(await paired.send(cast.mentee, following, **later))
    assert warned_again.values == later | {"names_3": ""}


@pytest.mark.usefixtures("wave")
async def test_what_is_wrong_stands_beside_the_fields_of_the_part(paired: Stage, cast: Cast) -> None:
    form = await send_parts(paired, cast.mentee, ONE)
    before = paired.rows()
    wrong = await paired.forged_form(
        cast.mentee, "checkin", form.subject, 0, TWO | {"item_way": "4", "item_skill": ("9",), "item_story": "Rooms."}
    )
    assert wrong.errors.keys() == {"item_way", "item_skill", "permission_2"}
    assert changed(before, paired.rows()) == {}


async def test_all_parts_are_taken_back(paired: Stage, cast: Cast, wave: Wave) -> None:
    await send_parts(paired, cast.mentee, ONE, TWO)
    form = await paired.form(cast.mentee, "withdraw")
    taken = shown_by(await paired.send(cast.mentee, form))
    assert set(lines_of(withdrawal.taken_back(wave, paired.world.people[cast.mentee]))) <= set(taken.lines)
    assert paired.rows()["sealed_answer"] == frozenset()
    assert at_part(await opened(paired, cast.mentee)) == 1


async def test_a_part_after_the_close_says_so_and_stores_nothing(paired: Stage, cast: Cast, wave: Wave) -> None:
    form = await send_parts(paired, cast.mentee, ONE)
    before = paired.rows()
    paired.world.now = wave.closes_at
    late = shown_by(await paired.client(cast.mentee).submit(form, TWO))
    assert set(lines_of(open_waves.closed("questionnaire"))) <= set(late.lines)
    assert changed(before, paired.rows()) == {}


async def test_a_part_that_there_is_not_says_so_and_stores_nothing(paired: Stage, cast: Cast, wave: Wave) -> None:
    before = paired.rows()
    for subject in (str(wave.id), f"{wave.id}-5", f"{wave.id}-0", f"{wave.id}-", f"{wave.id}-1-1"):
        sent = await paired.forged_form(cast.mentee, "checkin", subject, 0, ONE | TWO | THREE | FOUR)
        assert sent.status == 200
        if cast.platform == "teams":  # the stand-in of Slack does not show what a forged form is answered with
            assert set(lines_of(checkin_form.out_of_date("questionnaire"))) <= set(shown_by(sent).lines)
        assert changed(before, paired.rows()) == {}
    for part in ("", "9", "1 OR 1=1"):
        sent = await paired.forged_form(cast.mentee, "checkin_part", str(wave.id), 0, {"part": part})
        assert sent.errors.keys() == {"part"}
        assert changed(before, paired.rows()) == {}


@pytest.mark.parametrize("name", ["checkin", "checkin_part"])
async def test_who_is_not_asked_can_send_no_part(paired: Stage, cast: Cast, wave: Wave, name: str) -> None:
    before = paired.rows()
    subject = f"{wave.id}-1" if name == "checkin" else str(wave.id)
    sent = await paired.forged_form(cast.lead, name, subject, 0, ONE | {"part": "1"})
    assert sent.status == 200
    assert changed(before, paired.rows()) == {}
