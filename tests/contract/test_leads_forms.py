"""What leads change in the chat, on both platforms: people, the cadence, pairs."""

import pytest

from bot.handlers import leads
from bot.playground.client import Shown
from tests.contract.stage import EVERYBODY, Cast, Stage, lines_of
from tests.contract.test_leads import bound

FORMS = (
    "add_person",
    "find_person",
    "change_person",
    "change_cadence",
    "change_days",
    "pair_people",
    "find_pair",
    "change_recruitment",
)


async def card(stage: Stage, cast: Cast) -> Shown:
    """The card of what can be changed, as the lead gets to it."""
    await bound(stage, cast)
    await stage.ask(cast.lead, "leads")
    return await stage.tap(cast.lead, "leads_change")


async def test_somebody_is_added_and_welcomed_once_they_write(paired: Stage, cast: Cast) -> None:
    form = await paired.open(cast.lead, "add_person", await card(paired, cast))
    name = f"{cast.outsider} Lindqvist"
    values = {"name": name, "email": "no address", "role": "mentee", "organisation": "Larkhill General"}
    wrong = await paired.send(cast.lead, form, **values)
    assert wrong.errors.keys() == {"email"}
    assert wrong.form is not None
    assert wrong.form.values["name"] == name, "what was typed stays"
    right = await paired.send(cast.lead, wrong.form, email=f"{cast.outsider}@example.org")
    assert right.errors == {}
    assert f"{name} is added: Mentee." in paired.newest(cast.lead).text
    await paired.say(cast.outsider, "hello")
    await paired.tap(cast.lead, "confirm_account")
    await paired.until_idle()
    await paired.tap(cast.outsider, "join")
    with paired.world.uow() as uow:
        found = uow.people.by_account(EVERYBODY[cast.outsider])
        assert found is not None
        part = uow.people.participant(found.person.id)
    assert part is not None
    assert (part.role, part.state) == ("mentee", "joined")


async def test_a_person_is_changed_and_removed(paired: Stage, cast: Cast) -> None:
    form = await paired.open(cast.lead, "find_person", await card(paired, cast))
    await paired.send(cast.lead, form, person=str(paired.world.people[cast.control].id))
    found = paired.newest(cast.lead, "change_person")
    change = await paired.open(cast.lead, "change_person", found)
    assert (await paired.send(cast.lead, change, grade="ST3 paediatrics")).errors == {}
    assert "→ ST3 paediatrics" in paired.newest(cast.lead, "leads_change").text
    asked = await paired.tap(cast.lead, "remove_person", found)
    assert "means:" in asked.text
    assert "no longer takes part" in (await paired.tap(cast.lead, "really_remove", asked)).text
    with paired.world.uow() as uow:
        person = uow.people.get(paired.world.people[cast.control].id)
        part = uow.people.participant(person.id)
    assert part is not None
    assert (person.grade, part.state) == ("ST3 paediatrics", "left")


async def test_the_cadence_is_changed_and_holds_from_then_on(paired: Stage, cast: Cast) -> None:
    form = await paired.open(cast.lead, "change_cadence", await card(paired, cast))
    assert form.values["reminder_days"] == "7"
    wrong = await paired.send(cast.lead, form, reminder_days="400", first_date_days="14")
    assert wrong.errors.keys() == {"reminder_days"}
    assert wrong.form is not None
    assert wrong.form.values["first_date_days"] == "14"
    assert (await paired.send(cast.lead, wrong.form, reminder_days="5")).errors == {}
    with paired.world.uow() as uow:
        programme = uow.programmes.get(paired.world.programme.id)
    assert (programme.reminder_days, programme.first_date_days) == (5, 14)
    notes = [post for post in paired.stand_in(cast.lead).posts if post.key.startswith("lead_change")]
    assert len(notes) == 1, "one line in the leads channel"


async def test_a_pair_ends_and_both_are_told_once(paired: Stage, cast: Cast) -> None:
    with paired.world.uow() as uow:
        (pair,) = uow.pairs.of(paired.world.people[cast.mentee].id)
    form = await paired.open(cast.lead, "find_pair", await card(paired, cast))
    await paired.send(cast.lead, form, pair=str(pair.id), reason="no_time")
    asked = paired.newest(cast.lead, "end_pair")
    assert paired.screen(cast.mentee) == [], "nothing has ended yet"
    assert "no longer a pair" in (await paired.tap(cast.lead, "end_pair", asked)).text
    again = asked.button("end_pair")
    await paired.forged_tap(cast.lead, again.action, again.subject, again.version)
    await paired.until_idle()
    for who in (cast.mentor, cast.mentee):
        (told,) = paired.screen(who)
        assert "has ended" in told.text
    with paired.world.uow() as uow:
        ended = uow.pairs.get(pair.id)
    assert (ended.state, ended.end_reason) == ("ended", "no_time")
    assert not any("Not enough time" in shown.text for shown in paired.screen(cast.mentee))
    await paired.advance(days=60)
    later = [shown.key for shown in paired.screen(cast.mentee)[1:]]
    assert [key for key in later if not key.startswith(("wave:", "release:"))] == [], "asked for no meeting any more"


async def test_the_recruitment_is_entered_in_numbers(paired: Stage, cast: Cast) -> None:
    form = await paired.open(cast.lead, "change_recruitment", await card(paired, cast))
    wrong = await paired.send(cast.lead, form, mentees_eligible="84", mentees_applied="85")
    assert wrong.errors.keys() == {"mentees_applied"}
    assert wrong.form is not None
    assert (await paired.send(cast.lead, wrong.form, mentees_applied="76")).errors == {}
    with paired.world.uow() as uow:
        programme = uow.programmes.get(paired.world.programme.id)
    assert (programme.mentees_eligible, programme.mentees_applied, programme.mentors_applied) == (84, 76, None)


@pytest.mark.parametrize("part", ["mentor", "mentee", "control"])
async def test_nobody_else_changes_anything(paired: Stage, cast: Cast, part: str) -> None:
    await bound(paired, cast)
    who, subject = str(getattr(cast, part)), str(paired.world.people[cast.mentee].id)
    before = paired.rows()
    for name in FORMS:
        await paired.forged_tap(who, name, subject)
        await paired.forged_form(who, name, subject, 0, {"name": "Ffion Rhys", "reminder_days": "5", "pair": "1"})
    for action in ("remove_person", "really_remove", "end_pair", "leads_change"):
        await paired.forged_tap(who, action, subject)
    await paired.settle()
    after = paired.rows()
    assert {table for table in before if before[table] != after[table]} <= {"outbox", "seen", "place", "pace", "prompt"}
    answers = [shown for shown in paired.screen(who) if shown.key.startswith("answer") or shown.ephemeral]
    refusal = set(lines_of(leads.for_leads_only(paired.world.programme)))
    assert answers
    assert all(refusal <= set(shown.lines) for shown in answers)
