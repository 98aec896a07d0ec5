"""The two choices over HTTP on both platforms: asked with the thanks for joining, kept in the window of the form, and
nothing else is written or said."""

from bot.copies import kind_of, what_is_asked
from bot.handlers.questions import HIDE, PERMISSION
from bot.playground.client import ShownForm
from bot.surveys.research import pseudonym
from bot.ui import Values
from storage.consents import EXACT_COUNTS
from tests import waves
from tests.attacks.logs import CANARY, heard
from tests.contract.stage import Cast, Stage, changed
from tests.research import END, agree, copies, plan_copy, the_plan


def agreed(stage: Stage, who: str) -> tuple[bool, bool]:
    plan = the_plan(stage.world)
    with stage.world.uow() as uow:
        mine = (stage.world.programme.id, stage.world.people[who].id)
        return uow.consents.has(*mine, EXACT_COUNTS), uow.consents.has(*mine, kind_of(plan))


def text_of(form: ShownForm | None) -> str:
    assert form is not None
    return "\n".join(form.lines)


async def test_it_is_asked_with_the_thanks_and_costs_no_message(stage: Stage, cast: Cast) -> None:
    plan_copy(stage.world)
    await stage.settle()
    for who in (cast.mentor, cast.control):
        before = len(stage.screen(who))
        thanks = await stage.tap(who, "join")
        assert what_is_asked() in thanks.lines
        assert "consents" in {button.action for button in thanks.buttons}
        assert len(stage.screen(who)) == before


async def test_choosing_stands_in_the_form_and_writes_nothing_but_the_consent(stage: Stage, cast: Cast) -> None:
    plan_copy(stage.world)
    await stage.join(cast.control)
    form = await stage.open(cast.control, "consents")
    assert "17 of 18" in text_of(form)
    assert "Dr Ilse Verhoeven" in text_of(form)
    before, screens = stage.rows(), stage.screens()
    sent = await stage.send(cast.control, form, exact="yes", copy="yes")
    assert "Exact counts: yes." in text_of(sent.form)
    assert "Research copy: you said yes." in text_of(sent.form)
    assert changed(before, stage.rows()).keys() == {"consent"}
    assert stage.screens() == screens
    assert agreed(stage, cast.control) == (True, True)


async def test_it_can_be_changed_from_home(stage: Stage, cast: Cast) -> None:
    plan_copy(stage.world)
    await stage.join(cast.mentee)
    await stage.send(cast.mentee, await stage.open(cast.mentee, "consents"), exact="yes", copy="no")
    await stage.ask(cast.mentee, "mentoring")
    form = await stage.open(cast.mentee, "consents")
    await stage.send(cast.mentee, form, exact="no", copy="no")
    assert agreed(stage, cast.mentee) == (False, False)


async def test_opening_the_form_writes_nothing(stage: Stage, cast: Cast) -> None:
    plan_copy(stage.world)
    await stage.join(cast.mentee)
    before = stage.rows()
    await stage.open(cast.mentee, "consents")
    await stage.settle()
    assert changed(before, stage.rows()) == {}


async def test_once_a_wave_has_opened_how_it_stands_is_all_there_is(paired: Stage, cast: Cast) -> None:
    plan_copy(paired.world)
    waves.open_wave(paired.world)
    shown = await paired.ask(cast.mentee, "choices")
    assert "nothing to choose now" in shown.text
    assert "consents" not in {button.action for button in shown.buttons}


async def test_a_part_that_is_sent_leaves_one_copy_and_no_line_in_any_log(paired: Stage, cast: Cast) -> None:
    """The person agreed; somebody else of the same wave did not."""
    plan_copy(paired.world)
    agree(paired.world, [paired.world.people[cast.mentee].id])
    waves.open_wave(paired.world, END, level="research")
    values: Values = {"item_time": "5", "item_trust": "1", "item_use": "3", "item_comment": CANARY, PERMISSION: HIDE}
    with heard() as log:
        for who in (cast.mentee, cast.mentor):
            form = await paired.form(who, "checkin")
            before = paired.rows()
            await paired.send(who, form, **values)
            new = {"sealed_answer", "research_copy"} if who == cast.mentee else {"sealed_answer"}
            assert changed(before, paired.rows()).keys() == new
        assert copies(paired.world) == 1
        form = await paired.form(cast.mentee, "withdraw")
        await paired.send(cast.mentee, form)
    assert copies(paired.world) == 0
    assert log.getvalue()
    assert log.answers() == []
    with paired.world.uow() as uow:
        secret = uow.research.secret.get(paired.world.programme.id)
    assert pseudonym(secret, paired.world.people[cast.mentee].id) not in log.getvalue()


async def test_who_had_joined_is_asked_once_by_a_message_of_their_own(paired: Stage, cast: Cast) -> None:
    plan_copy(paired.world)
    with paired.world.uow() as uow:
        subject = f"{paired.world.programme.id}-{paired.world.people[cast.control].id}"
        uow.due.add("consent_ask", subject, uow.now)
    await paired.until_idle()
    (card,) = paired.by_key(cast.control, "consent:")
    await paired.tap(cast.control, "not_now", on=card)
    await paired.advance(days=4)
    assert len(paired.by_key(cast.control, "consent:")) == 2
    await paired.send(cast.control, await paired.open(cast.control, "consents"), exact="no", copy="no")
    assert agreed(paired, cast.control) == (False, False)
