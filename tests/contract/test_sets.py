"""Action Learning Sets on both platforms: a lead makes one in the chat, its members answer, the register is filled in,
and leads see how many came. Facilitators and members change."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.handlers import leads
from bot.playground.client import Answer, Shown, ShownForm
from bot.ui import Values
from storage.records import LearningSet, Session
from tests.contract.stage import EVERYBODY, Cast, Stage, lines_of
from tests.contract.test_leads import bound, leave

SESSION = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
"""A Wednesday, four weeks from the start."""

FACILITATORS = {"slack": ("Marguerite", "Oluwaseun"), "teams": ("Oluwaseun", "Marguerite")}
"""Who facilitates in each cast, and who takes over: on the platform of the cast, and on the other one."""

MEMBERS = ("Amara", "Tomasz", "Farah")
FORMS = ("add_set", "change_set", "find_set")


@pytest.fixture
def facilitator(paired: Stage, cast: Cast) -> str:
    """Who facilitates; both have the duty."""
    with paired.world.uow() as uow:
        uow.people.give_duty(paired.world.programme.id, paired.world.people["Oluwaseun"].id, "facilitator")
    return FACILITATORS[cast.platform][0]


def ids(stage: Stage, *names: str) -> tuple[str, ...]:
    return tuple(str(stage.world.people[name].id) for name in names)


async def overview(stage: Stage, cast: Cast) -> Shown:
    """The sets, as the lead gets to them; a minute later, since the same tap soon afterwards is the same tap."""
    await stage.advance(minutes=1)
    await stage.ask(cast.lead, "leads")
    await stage.tap(cast.lead, "leads_change")
    return await stage.tap(cast.lead, "als_sets")


async def made(stage: Stage, cast: Cast, facilitator: str, **values: str | tuple[str, ...]) -> Answer:
    """The lead makes a set of all mentors; the answer to the form."""
    form = await stage.open(cast.lead, "add_set", await overview(stage, cast))
    return await stage.send(cast.lead, form, **(the_form(stage, facilitator) | values))


def the_form(stage: Stage, facilitator: str) -> Values:
    """What the form for the set is filled in with."""
    return {"name": "Northern set", "facilitator": ids(stage, facilitator)[0], "members": ids(stage, *MEMBERS)}


async def planned(stage: Stage, cast: Cast, facilitator: str) -> Session:
    """A set with a session in four weeks; all news has arrived."""
    await bound(stage, cast)
    assert (await made(stage, cast, facilitator)).errors == {}
    form = await stage.open(cast.lead, "als_add", stage.newest(cast.lead, "als_add"))
    answer = await stage.send(cast.lead, form, day="2026-03-04", time="14:00", minutes="90", place="Seminar room 2")
    assert answer.errors == {}
    await stage.until_idle()
    learning_set = the_set(stage)
    with stage.world.uow() as uow:
        (session,) = uow.sets.sessions(learning_set.id)
    return session


def the_set(stage: Stage) -> LearningSet:
    with stage.world.uow() as uow:
        (found,) = uow.sets.all(stage.world.programme.id)
    return found


async def change_form(stage: Stage, cast: Cast) -> ShownForm:
    return await stage.open(cast.lead, "change_set", await overview(stage, cast))


# From the set to the digest


async def test_a_set_is_made_meets_and_its_attendance_reaches_the_leads(
    paired: Stage, cast: Cast, facilitator: str
) -> None:
    session = await planned(paired, cast, facilitator)
    (told,) = paired.by_key(facilitator, "als_people") if cast.platform == "slack" else [paired.newest(facilitator)]
    assert "You now facilitate Northern set" in told.text
    for who in MEMBERS:
        assert "You are now in Northern set" in paired.newest(who).text, who
    assert session.starts_at == SESSION
    await paired.until(SESSION - timedelta(days=6))
    for who, action in (("Amara", "als_yes"), ("Tomasz", "als_maybe"), ("Farah", "als_no")):
        card = paired.newest(who, action)
        assert "Seminar room 2" in card.text
        assert f"You said {action.removeprefix('als_')}" in (await paired.tap(who, action, card)).text
    await paired.until(SESSION - timedelta(hours=20))
    counted = paired.newest(facilitator, "als_change")
    assert "1 of 3 say that they come." in counted.text
    assert "Yes: 1: Amara Okonjo" in counted.text
    await paired.until(SESSION + timedelta(hours=2))
    form = await paired.open(facilitator, "als_register", paired.newest(facilitator, "als_not_held"))
    assert form.values["present"] == ids(paired, "Amara")
    await paired.send(facilitator, form, present=ids(paired, "Amara", "Tomasz"))
    await paired.until_idle()
    assert "2 of 3 came to the session of Northern set" in paired.newest(facilitator, "als_register").text
    digest = await paired.ask(cast.lead, "leads")
    assert "Northern set, 4 March 2026: 2 of 3 came" in digest.text
    assert "Amara" not in "\n".join(line for line in digest.lines if "set" in line)


async def test_the_last_answer_holds_however_often_somebody_thinks_again(
    paired: Stage, cast: Cast, facilitator: str
) -> None:
    await planned(paired, cast, facilitator)
    await paired.until(SESSION - timedelta(days=6))
    for action in ("als_yes", "als_no", "als_yes", "als_maybe", "als_no", "als_yes"):
        card = paired.newest(cast.mentor, action)
        assert f"You said {action.removeprefix('als_')}" in (await paired.tap(cast.mentor, action, card)).text
    await paired.until(SESSION - timedelta(hours=20))
    assert "1 of 3 say that they come." in paired.newest(facilitator, "als_change").text


async def test_every_message_about_a_set_comes_once(paired: Stage, cast: Cast, facilitator: str) -> None:
    await planned(paired, cast, facilitator)
    await paired.until(SESSION + timedelta(days=2))
    assert [seen for stand_in in paired.stand_ins for seen in stand_in.seen_twice()] == []
    for who in (*MEMBERS, facilitator):
        posts = [p for p in paired.stand_in(who).posts if EVERYBODY[who] in p.readers and p.kind == "dm"]
        about_set = [p for p in posts if "Northern set" in "\n".join(p.lines)]
        assert len(about_set) == 3, (who, [p.lines for p in about_set])


async def test_a_form_that_is_sent_twice_makes_one_set(paired: Stage, cast: Cast, facilitator: str) -> None:
    await bound(paired, cast)
    first = await paired.open(cast.lead, "add_set", await overview(paired, cast))
    second = await paired.open(cast.lead, "add_set", paired.newest(cast.lead, "add_set"))
    values = the_form(paired, facilitator)
    assert (await paired.send(cast.lead, first, **values)).errors == {}
    answer = await paired.send(cast.lead, second, **values)
    assert "set of this name already" in answer.errors["name"]
    assert the_set(paired).name == "Northern set"


async def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_lost(
    paired: Stage, cast: Cast, facilitator: str
) -> None:
    await bound(paired, cast)
    answer = await made(paired, cast, facilitator, members=ids(paired, "Amara"))
    assert answer.errors.keys() == {"members"}
    assert answer.form is not None
    assert answer.form.values["name"] == "Northern set"
    assert answer.form.values["members"] == ids(paired, "Amara")
    await paired.send(cast.lead, answer.form, members=ids(paired, "Amara", "Tomasz"))
    assert the_set(paired).name == "Northern set"


# Somebody else


async def test_a_new_facilitator_takes_over(paired: Stage, cast: Cast, facilitator: str) -> None:
    session = await planned(paired, cast, facilitator)
    successor = FACILITATORS[cast.platform][1]
    before = {who: len(paired.screen(who)) for who in (*MEMBERS, facilitator, successor)}
    form = await change_form(paired, cast)
    assert form.values["facilitator"] == ids(paired, facilitator)[0]
    await paired.send(cast.lead, form, facilitator=ids(paired, successor)[0])
    await paired.until_idle()
    after = {who: len(paired.screen(who)) for who in before}
    assert {who: after[who] - before[who] for who in before} == {
        **dict.fromkeys(MEMBERS, 0),
        facilitator: 1,
        successor: 1,
    }
    assert "You no longer facilitate Northern set" in paired.newest(facilitator).text
    assert "You now facilitate Northern set" in paired.newest(successor).text
    rows = paired.rows()["als_session"]
    await paired.forged_form(
        facilitator, "als_change", str(session.id), session.sequence, {"state": "cancelled", "minutes": "90"}
    )
    await paired.settle()
    assert paired.rows()["als_session"] == rows, "the set is not theirs any more"
    on_screen = len(paired.screen(facilitator))
    await paired.until(SESSION - timedelta(hours=20))
    assert "0 of 3 say that they come." in paired.newest(successor, "als_change").text
    await paired.until(SESSION + timedelta(hours=2))
    assert paired.newest(successor, "als_not_held")
    assert len(paired.screen(facilitator)) == on_screen


def about_sets(stage: Stage, who: str) -> list[Shown]:
    """The messages that somebody has got about sets; others come meanwhile."""
    return [shown for shown in stage.screen(who) if shown.key.startswith("als")]


async def test_who_is_taken_out_gets_one_message_and_can_answer_no_more(
    paired: Stage, cast: Cast, facilitator: str
) -> None:
    session = await planned(paired, cast, facilitator)
    await paired.until(SESSION - timedelta(days=6))
    invitation = paired.newest(cast.mentor, "als_yes")
    before = len(about_sets(paired, cast.mentor))
    stay = [who for who in MEMBERS if who != cast.mentor]
    await paired.send(cast.lead, await change_form(paired, cast), members=ids(paired, *stay))
    await paired.until_idle()
    assert len(about_sets(paired, cast.mentor)) == before + 1
    assert "You are no longer in Northern set" in about_sets(paired, cast.mentor)[-1].text
    card = paired.client(cast.mentor).shown(invitation.id)
    assert card is not None
    assert "als_yes" not in {button.action for button in card.buttons}
    await paired.forged_tap(cast.mentor, "als_yes", str(session.id), session.version)
    assert paired.rows()["als_reply"] == frozenset()
    await paired.until(SESSION + timedelta(days=1))
    assert len(paired.by_key(cast.mentor, f"als:{session.id}-")) <= 1


# Who may


@pytest.mark.parametrize("part", ["mentor", "mentee", "control", "outsider", "facilitator", "absent lead"])
async def test_nobody_but_a_lead_in_the_channel_makes_or_changes_a_set(
    paired: Stage, cast: Cast, facilitator: str, part: str
) -> None:
    await planned(paired, cast, facilitator)
    who = {"facilitator": facilitator, "absent lead": cast.lead}.get(part) or str(getattr(cast, part))
    if part == "absent lead":
        (channel,) = [row for row in paired.rows()["place"] if row[0].startswith("leads:")]
        leave(paired, cast.lead, str(channel[3]))
    before = paired.rows()
    subject = str(the_set(paired).id)
    values = the_form(paired, "Oluwaseun") | {"name": "Upland set", "set": subject}
    tapped = [await paired.forged_tap(who, action, subject) for action in (*FORMS, "als_sets")]
    sent = [await paired.forged_form(who, name, subject, 0, values) for name in FORMS]
    await paired.settle()
    after = paired.rows()
    assert [table for table in before if table.startswith("als_") and before[table] != after[table]] == []
    assert "Amara Okonjo" not in f"{tapped} {sent}"
    if part != "outsider":
        refusal = lines_of(leads.for_leads_only(paired.world.programme))
        assert set(refusal) <= set(paired.newest(who).lines)
