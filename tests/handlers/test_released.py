"""What a wave lets out is posted once, told to everybody, and can be looked up word for word; there is nothing else."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as with_other

from bot import ui
from bot.flow import Outcome, UserError
from bot.handlers import checkin_form, home, leads, released
from bot.handlers.released import Told
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from bot.reading import about
from bot.surveys.instrument import LONGEST_TEXT
from bot.surveys.loading import all_instruments
from bot.surveys.release import Release, Result, Row, published
from storage.places import dm
from storage.places import leads as leads_place
from storage.records import NotThere, Wave
from tests import waves
from tests.handlers.acts import actions, button, said, tap, words
from tests.world import World

PULSE = all_instruments()["pulse"]


def row(roles: tuple[str, ...], n: int, *counts: tuple[int, int]) -> Row:
    about_what = ("Our meetings are useful", "I can speak openly", "I can find the time")
    results = tuple(
        Result(f"item{number}", words, "agree", low, high)
        for number, (words, (low, high)) in enumerate(zip(about_what, counts, strict=False))
    )
    return Row(roles, 18 * len(roles), n, results)


MENTORS = row(("mentor",), 17, (15, 17), (12, 14), (6, 8))
MENTEES = row(("mentee",), 16, (14, 16), (14, 16), (8, 10))
RELEASE = Release(
    "pulse", "Mentor pulse, Mentee pulse", "standard", date(2026, 2, 2), date(2026, 2, 16), (MENTORS, MENTEES)
)


def let_out(world: World, release: Release = RELEASE) -> Wave:
    """A wave that is over, with this in the ledger."""
    wave = waves.open_wave(world, PULSE)
    with world.uow() as uow:
        for before, after in (("open", "closing"), ("closing", "released"), ("released", "scrubbed")):
            uow.waves.advance(wave.id, before, after)
        uow.ledger.add(wave.id, published(release))
    world.pass_time(days=28)
    return wave


def post(world: World, wave: Wave) -> None:
    world.work(released.flow, "release_post", str(wave.id))
    while tells := [each.subject for each in world.due() if each.rule == "release_tell"]:
        for subject in tells:
            with world.uow() as uow:
                uow.due.drop("release_tell", subject)
            world.work(released.flow, "release_tell", subject)


def in_channel(world: World) -> list[tuple[str, ui.Message]]:
    return [(q.key, q.message) for q in world.queued() if q.place == leads_place(world.programme)]


def as_lead(world: World, action: str, subject: str = "") -> Outcome:
    present = frozenset({world.accounts["Gwen"]})
    return world.do(released.flow, world.event("Gwen", "button", action, subject=subject, leads_present=present))


def look(world: World, who: str, action: str, subject: str = "") -> ui.Message:
    return said(world.do(released.flow, world.event(who, "button", action, subject=subject)))


def shown(release: Release, *earlier: Release) -> str:
    return words(released.release_message(Told(1, release, earlier), "x"))


# The words


def test_a_release_has_a_sentence_first_and_a_line_for_each_result() -> None:
    message = released.release_message(Told(1, RELEASE), "x")
    assert isinstance(message.blocks[1], ui.Text)
    assert message.blocks[1].text == "33 of 36 people answered by 16 February 2026."
    text = words(message)
    assert "Mentors: 17 of 18 answered" in text
    assert "Mentees: 16 of 18 answered" in text
    assert "Our meetings are useful: 15 to 17 of 17 agree (88% to 100%)" in text
    assert "in steps of three or more" in text
    assert "What people wrote" not in text


def test_a_pooled_row_says_that_both_are_counted_together() -> None:
    text = shown(with_other(RELEASE, rows=(row(("mentor", "mentee"), 12, (9, 12)),)))
    assert "Mentors and mentees together: 12 of 36 answered" in text


def test_a_strict_release_says_its_own_steps() -> None:
    assert "in steps of five or more" in shown(with_other(RELEASE, level="strict"))


def test_a_release_is_compared_with_the_one_before_by_the_month() -> None:
    before = with_other(
        RELEASE, closed_on=date(2025, 12, 9), rows=(row(("mentor",), 18, (10, 12), (13, 15), (13, 15)), MENTEES)
    )
    text = shown(RELEASE, before)
    assert "15 to 17 of 17 agree (88% to 100%); higher than in December 2025" in text
    assert "12 to 14 of 17 agree (70% to 83%); about the same as in December 2025" in text
    assert "6 to 8 of 17 agree (35% to 48%); lower than in December 2025" in text
    assert "2 results are clearly higher or lower than before." in text


def test_without_a_change_the_first_sentence_says_so() -> None:
    text = shown(RELEASE, with_other(RELEASE, closed_on=date(2025, 12, 9)))
    assert "Nothing is clearly higher or lower than before." in text


def test_rows_of_other_roles_and_refusals_are_not_compared_with() -> None:
    pooled = with_other(RELEASE, rows=(row(("mentor", "mentee"), 12, (0, 4)),))
    refused = with_other(RELEASE, rows=(), refused="few")
    assert shown(RELEASE, refused, pooled) == shown(RELEASE)
    oldest = with_other(RELEASE, closed_on=date(2025, 10, 7))
    assert "October 2025" in shown(RELEASE, refused, pooled, oldest)


@pytest.mark.parametrize(("reason", "said_so"), [("few", "Too few answered"), ("not_computed", "nobody has seen them")])
def test_a_refusal_gives_no_number(reason: str, said_so: str) -> None:
    text = shown(with_other(RELEASE, rows=(), refused=reason))
    assert said_so in text
    assert "destroyed" in text
    assert {digit for digit in text if digit.isdigit()} <= set("16 2026"), "the day of the close alone"


# Comments


def test_comments_are_quoted_exactly_and_without_a_role() -> None:
    comments = ("Evenings <!here> suit me.", "*Fine* {{DATE}} {0} %s")
    message = released.release_message(Told(1, with_other(RELEASE, comments=comments)), "x")
    (bullets,) = (b for b in message.blocks if isinstance(b, ui.Bullets) and "“" in b.items[0])
    assert bullets.items == ("“Evenings <!here> suit me.”", "“*Fine* {{DATE}} {0} %s”")


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=LONGEST_TEXT)


@given(st.lists(st.one_of(texts, st.text("\U0001f600\"'&<é\n", min_size=400, max_size=LONGEST_TEXT)), max_size=20))
def test_pages_hold_every_comment_once_in_order_and_fit_both_platforms(comments: list[str]) -> None:
    pages = released.pages(comments)
    assert [words for page in pages for words in page] == comments
    told = Told(1, with_other(RELEASE, comments=tuple(f"a{words}" for words in comments)), (RELEASE,))
    messages = [released.release_message(told, "x" * 200)]
    count = len(released.pages(told.release.comments))
    messages += [released.comments_page(told, number, "x" * 200) for number in range(2, count + 1)]
    for message in messages:
        slack.message(message)
        teams.card(message)


@pytest.mark.parametrize("letter", ["x", "\N{PARTY POPPER}", '"', "가"])
def test_thirty_six_long_comments_fit(letter: str) -> None:
    told = Told(1, with_other(RELEASE, comments=(letter * LONGEST_TEXT,) * 36), (RELEASE,))
    count = len(released.pages(told.release.comments))
    assert 2 < count <= 36
    slack.message(released.release_message(told, "x"))
    teams.card(released.release_message(told, "x"))
    for number in range(2, count + 1):
        slack.message(released.comments_page(told, number, "x"))
        teams.card(released.comments_page(told, number, "x"))


# Posting and telling


def test_a_release_is_posted_once_and_told_to_those_who_take_part_now(world: World) -> None:
    world.join("Amara", "Niamh", "Leila")
    wave = let_out(world)
    post(world, wave)
    post(world, wave)
    assert [key for key, _message in in_channel(world)] == [f"release:{wave.id}"]
    told = {first: [q.key for q in world.queued(first)] for first in world.people}
    assert {first for first, keys in told.items() if keys} == {"Amara", "Niamh"}
    assert told["Amara"] == [f"release:{wave.id}"]


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_everybody_is_told_in_as_many_steps_as_it_takes(
    world: World, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(released, "AT_ONCE", at_once)
    world.join("Amara", "Tomasz", "Niamh", "Haruki")
    wave = let_out(world)
    post(world, wave)
    places = sorted(q.place for q in world.queued() if q.place.startswith("dm:"))
    assert places == sorted(dm(world.people[first]) for first in ("Amara", "Tomasz", "Niamh", "Haruki"))


def test_the_leads_get_all_pages_and_participants_a_button(world: World) -> None:
    world.join("Amara")
    wave = let_out(world, with_other(RELEASE, comments=tuple(f"{number} " + "x" * 490 for number in range(30))))
    post(world, wave)
    keys = [key for key, _message in in_channel(world)]
    assert keys == [f"release:{wave.id}", f"release:{wave.id}:comments:2", f"release:{wave.id}:comments:3"]
    (mine,) = world.queued("Amara")
    page = mine.message
    for _key, posted in in_channel(world)[1:]:
        page = said(tap(world, released.flow, "Amara", button(page, "result_comments")))
        assert page.blocks == posted.blocks
    assert "result_comments" not in actions(page)


def test_whoever_asks_reads_the_same_bytes_but_for_who_sees_them(world: World) -> None:
    world.join("Amara", "Niamh")
    let_out(world, with_other(RELEASE, closed_on=date(2025, 12, 9)))
    wave = let_out(world, with_other(RELEASE, comments=("Evenings suit me.",)))
    post(world, wave)
    posted = [message for _key, message in in_channel(world)]
    told = [q.message for first in ("Amara", "Niamh") for q in world.queued(first)]
    world.pass_time(days=90)
    asked = [look(world, "Amara", "result", str(wave.id)), said(as_lead(world, "result", str(wave.id)))]
    messages = [*posted, *told, *asked]
    assert len(messages) == 5
    assert len({ui.dump(with_other(message, seen_by="")) for message in messages}) == 1


# Looking up


def test_the_list_has_every_release_newest_first(world: World) -> None:
    world.join("Amara")
    first = let_out(world, with_other(RELEASE, closed_on=date(2025, 12, 9)))
    second = let_out(world)
    for message in (look(world, "Amara", "results"), said(as_lead(world, "results"))):
        assert [(b.subject, b.label) for b in ui.buttons_of(message)] == [
            (str(second.id), "Closed on 16 February 2026"),
            (str(first.id), "Closed on 9 December 2025"),
        ]


def test_very_many_releases_fit_both_platforms() -> None:
    message = released.list_of_results([Told(number, RELEASE) for number in range(100)])
    slack.message(message)
    teams.card(message)


def test_an_open_wave_shows_nothing_whoever_has_answered(world: World) -> None:
    world.join("Amara", "Niamh", "Tomasz", "Haruki")
    let_out(world)
    wave = waves.open_wave(world, PULSE)
    before = [said(as_lead(world, "results")), look(world, "Amara", "results"), leads_facts(world)]
    for first in ("Amara", "Niamh", "Tomasz"):
        waves.answer(world, wave, world.people[first].id, instrument=PULSE)
    assert [said(as_lead(world, "results")), look(world, "Amara", "results"), leads_facts(world)] == before
    for action, subject in (("result", str(wave.id)), ("result_comments", about(wave.id, 1))):
        with pytest.raises(NotThere):
            as_lead(world, action, subject)


def leads_facts(world: World) -> ui.Message:
    with world.uow() as uow:
        uow.places.bind(leads_place(world.programme), world.event("Gwen", "button").here or pytest.fail("nowhere"))
    present = frozenset({world.accounts["Gwen"]})
    return said(world.do(leads.flow, world.event("Gwen", "command", "leads", leads_present=present)))


def test_leads_find_the_results_with_the_facts_and_participants_at_home_and_in_check_in(world: World) -> None:
    world.join("Amara")
    assert "results" in actions(leads_facts(world))
    assert "results" not in actions(said(world.do(home.flow, world.event("Amara", "home"))))
    let_out(world)
    assert "results" in actions(said(world.do(home.flow, world.event("Amara", "home"))))
    assert "results" in actions(said(world.do(checkin_form.flow, world.event("Amara", "command", "checkin"))))


@pytest.mark.parametrize(("who", "state"), [("Amara", "left"), ("Amara", "invited"), ("Gwen", ""), ("Brigid", "")])
@pytest.mark.parametrize("action", ["results", "result", "result_comments"])
def test_who_takes_no_part_reads_no_results(world: World, action: str, who: str, state: str) -> None:
    """A lead who is not in the channel among them."""
    wave = let_out(world, with_other(RELEASE, comments=("Evenings suit me.",)))
    if state:
        with world.uow() as uow:
            uow.people.set_state(world.people[who].id, state)
    with pytest.raises(UserError) as caught:
        look(world, who, action, about(wave.id, 1) if action == "result_comments" else str(wave.id))
    assert "Evenings" not in str(caught.value.message)


def test_the_comparison_group_reads_no_results_of_check_ins(world: World) -> None:
    world.join("Leila")
    wave = let_out(world)
    assert ui.buttons_of(look(world, "Leila", "results")) == ()
    with pytest.raises(NotThere):
        look(world, "Leila", "result", str(wave.id))


@pytest.mark.parametrize("subject", ["", "x", "99", "1-0", "1-2", "1-99", "1:1"])
@pytest.mark.parametrize("action", ["result", "result_comments"])
def test_what_there_is_not_cannot_be_looked_up(world: World, action: str, subject: str) -> None:
    world.join("Amara")
    let_out(world, with_other(RELEASE, comments=("Evenings suit me.",)))
    with pytest.raises(NotThere):
        look(world, "Amara", action, subject)


def test_looking_changes_nothing(world: World) -> None:
    world.join("Amara")
    wave = let_out(world)
    before: list[Any] = [world.queued(), world.due()]
    look(world, "Amara", "results")
    look(world, "Amara", "result", str(wave.id))
    assert [world.queued(), world.due()] == before


def test_a_lead_who_also_takes_part_gets_both(world: World) -> None:
    world.join("Amara")
    with world.uow() as uow:
        uow.people.give_duty(world.programme.id, world.people["Amara"].id, "lead")
    wave = let_out(world)
    post(world, wave)
    assert len(world.queued("Amara")) == len(in_channel(world)) == 1
