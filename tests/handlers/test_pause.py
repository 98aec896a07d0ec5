"""Being left in peace: not now, leave, quiet hours, days without messages, bank holidays."""

from dataclasses import asdict
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from bot import ui
from bot.flow import FormErrors, Private, Update
from bot.handlers import pause
from bot.programme.quiet import Quiet, is_quiet
from storage import places
from storage.models import leave
from storage.records import NotThere, Person
from tests.handlers.acts import actions, button, form_of, said, send, tap, words
from tests.world import World


def card(world: World, who: str = "Niamh") -> ui.Message:
    outcome = world.do(pause.flow, world.event(who, "command", "pause"))
    assert isinstance(outcome, Private)
    return outcome.message


def fill_in(world: World, who: str = "Niamh", **values: str | tuple[str, ...]) -> ui.Message:
    form = form_of(tap(world, pause.flow, who, button(card(world, who), "pause_form")))
    return said(send(world, pause.flow, who, form, **values))


def refused(world: World, **values: str | tuple[str, ...]) -> dict[str, str]:
    with pytest.raises(FormErrors) as told:
        fill_in(world, "Niamh", **values)
    assert told.value.form == pause.pause_form(stored(world))
    return told.value.errors


def stored(world: World, who: str = "Niamh") -> Person:
    with world.uow() as uow:
        return uow.people.get(world.people[who].id)


def leave_of(world: World, who: str = "Niamh") -> list[tuple[date, date]]:
    with world.uow() as uow:
        return list(uow.leave.of(world.people[who].id, since=world.now.date()))


def quiet(world: World, who: str = "Niamh") -> Quiet:
    with world.uow() as uow:
        return pause.quiet_of(uow.people.get(world.people[who].id), uow)


def days_from_now(world: World, first: int, last: int) -> tuple[date, date]:
    start = world.now.date().toordinal()
    return date.fromordinal(start + first), date.fromordinal(start + last)


@pytest.mark.parametrize("who", ["Amara", "Haruki", "Leila", "Gwen", "Brigid"])
def test_everybody_can_pause_whatever_their_part_and_before_saying_yes(world: World, who: str) -> None:
    assert "20:00 to 08:00, Europe/London time" in words(card(world, who))
    tap(world, pause.flow, who, button(card(world, who), "pause_for"))
    assert leave_of(world, who) == [days_from_now(world, 0, 2)]


def test_the_card_says_what_holds_without_having_been_touched(world: World) -> None:
    shown = card(world)
    assert {"pause_for", "pause_form"} == actions(shown)
    text = words(shown)
    assert "Days without messages: Saturday, Sunday" in text
    assert "Bank holidays: England" in text
    assert "leads never see it" in shown.seen_by
    assert tap(world, pause.flow, "Niamh", ui.Button("", "pause")) == Private(shown), "the button on the home"


@pytest.mark.parametrize(("number", "days"), [(0, 3), (1, 14)])
def test_a_tap_gives_three_days_or_two_weeks_from_today(world: World, number: int, days: int) -> None:
    offered = [b for b in ui.buttons_of(card(world)) if b.action == "pause_for"][number]
    outcome = tap(world, pause.flow, "Niamh", offered)
    assert isinstance(outcome, Update)
    assert leave_of(world) == [days_from_now(world, 0, days - 1)]
    assert outcome.message == card(world)
    assert "until the end of" in outcome.message.summary


def test_tapping_twice_or_three_days_within_two_weeks_changes_nothing(world: World) -> None:
    three, two_weeks = (b for b in ui.buttons_of(card(world)) if b.action == "pause_for")
    tap(world, pause.flow, "Niamh", two_weeks)
    before = leave_of(world)
    for again in (two_weeks, three):
        tap(world, pause.flow, "Niamh", again)
        assert leave_of(world) == before


def test_the_form_keeps_everything_that_was_chosen(world: World) -> None:
    shown = fill_in(
        world,
        leave_from="2026-03-02",
        leave_until="15/03/2026",
        quiet_from="18",
        quiet_until="9",
        no_send_days=("6", "2"),
        region="SCT",
    )
    kept = stored(world)
    assert (kept.quiet_from, kept.quiet_until, kept.no_send_days, kept.region) == (18, 9, "26", "SCT")
    assert kept.away_until == date(2026, 3, 15)
    text = words(shown)
    for line in (
        "Quiet hours: 18:00 to 09:00, Europe/London time",
        "Days without messages: Wednesday, Sunday",
        "Bank holidays: Scotland",
        "Leave: Monday 2 March to Sunday 15 March",
    ):
        assert line in text
    assert quiet(world).leave == ((date(2026, 3, 2), date(2026, 3, 15)),)
    assert is_quiet(quiet(world), datetime(2026, 3, 10, 12, tzinfo=UTC))


def test_the_form_opens_with_what_holds_and_leaves_leave_open(world: World) -> None:
    fill_in(world, leave_until="2026-02-20", quiet_from="none", no_send_days=())
    fields = {field.name: field.value for field in pause.pause_form(stored(world)).fields}
    assert fields == {
        "leave_from": "",
        "leave_until": "",
        "quiet_from": "none",
        "quiet_until": "0",
        "no_send_days": (),
        "region": "ENG",
    }


def test_leave_begins_today_if_only_its_end_is_given_and_may_be_one_day(world: World) -> None:
    fill_in(world, leave_until="2026-02-02")
    assert leave_of(world) == [(date(2026, 2, 2), date(2026, 2, 2))]


def test_sending_the_form_without_leave_enters_none(world: World) -> None:
    assert "as usual" in fill_in(world, quiet_from="22").summary
    assert leave_of(world) == []
    assert stored(world).away_until is None


def test_no_quiet_hours_are_a_choice_of_their_own(world: World) -> None:
    shown = fill_in(world, quiet_from="none")
    assert "Quiet hours: None" in words(shown)
    assert not is_quiet(quiet(world), datetime(2026, 2, 4, 3, tzinfo=UTC))


@pytest.mark.parametrize(
    ("first", "last", "field", "word"),
    [
        ("2026-02-10", "2026-02-09", "leave_until", "before the first, Tuesday 10 February"),
        ("2026-02-10", "", "leave_until", "last day as well"),
        ("2026-02-01", "2026-02-10", "leave_from", "is over"),
        ("", "2026-02-01", "leave_until", "is over"),
        ("", "2027-02-03", "leave_until", "within the next year"),
        ("2028-01-01", "2028-01-02", "leave_from", "within the next year"),
        ("", "soon", "leave_until", "for example 31/03/2027"),
        ("31/02/2026", "2026-03-03", "leave_from", "for example"),
        ("\U0001f334" * 500, "\x00", "leave_from", "for example"),
    ],
)
def test_leave_that_cannot_be_is_refused_beside_its_field(
    world: World, first: str, last: str, field: str, word: str
) -> None:
    assert word in refused(world, leave_from=first, leave_until=last)[field]
    assert leave_of(world) == []


def test_a_week_must_have_a_day_and_a_day_an_hour_left(world: World) -> None:
    assert "at least one day" in refused(world, no_send_days=tuple("0123456"))["no_send_days"]
    assert "no hour at all" in refused(world, quiet_from="7", quiet_until="7")["quiet_until"]
    assert stored(world) == world.people["Niamh"], "nothing of it was kept"


def test_what_is_no_hour_no_day_and_no_nation_is_refused_or_left_out(world: World) -> None:
    errors = refused(world, quiet_from="24", quiet_until="", region="GB", leave_until="never")
    assert errors.keys() == {"quiet_from", "quiet_until", "region", "leave_until"}
    fill_in(world, no_send_days=("6", "9", "x"))
    assert stored(world).no_send_days == "6"


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ((12, 20), [(10, 30)]),
        ((5, 12), [(5, 30)]),
        ((25, 45), [(10, 45)]),
        ((5, 60), [(5, 60)]),
        ((31, 35), [(10, 35)]),
        ((5, 9), [(5, 30)]),
        ((32, 39), [(10, 30), (32, 39)]),
        ((31, 39), [(10, 50)]),
    ],
)
def test_leave_that_overlaps_or_adjoins_becomes_one(
    world: World, added: tuple[int, int], expected: list[tuple[int, int]]
) -> None:
    for first, last in ((10, 30), added):
        start, end = days_from_now(world, first, last)
        fill_in(world, leave_from=start.isoformat(), leave_until=end.isoformat())
    if added == (31, 39):
        start, end = days_from_now(world, 40, 50)
        fill_in(world, leave_from=start.isoformat(), leave_until=end.isoformat())
    assert leave_of(world) == [days_from_now(world, *span) for span in expected]


def test_who_is_back_early_says_so_and_what_waits_may_come_now(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = world.introduce("Amara")
    fill_in(world, leave_until="2026-02-20")
    message = pause.how_it_stands(world.people["Niamh"], (), world.now.date(), is_senior=False)
    back = datetime(2026, 2, 23, 8, tzinfo=UTC)
    with world.uow() as uow:
        uow.outbox.add(to=places.dm(world.people["Niamh"]), key="waiting", message=message, due_at=back)
        uow.outbox.add(to=places.group(pair), key="of both", message=message, due_at=back)
        uow.outbox.add(to=places.dm(world.people["Amara"]), key="not hers", message=message, due_at=back)
    world.pass_time(days=2)
    outcome = tap(world, pause.flow, "Niamh", button(card(world), "pause_end"))
    assert isinstance(outcome, Update)
    assert "as usual" in outcome.message.summary
    assert leave_of(world) == []
    assert stored(world).away_until is None
    assert {q.key: q.due_at for q in world.queued()} == {"waiting": world.now, "of both": world.now, "not hers": back}


def test_planned_leave_can_be_cancelled_on_its_own(world: World) -> None:
    fill_in(world, leave_until="2026-02-06")
    fill_in(world, leave_from="2026-03-02", leave_until="2026-03-08")
    back, cancel = (b for b in ui.buttons_of(card(world)) if b.action == "pause_end")
    assert (back.label, cancel.label) == ("I am back", "Cancel leave from Monday 2 March")
    tap(world, pause.flow, "Niamh", cancel)
    assert leave_of(world) == [(date(2026, 2, 2), date(2026, 2, 6))]
    assert stored(world).away_until == date(2026, 2, 6)


def test_an_old_button_of_leave_that_is_over_changes_nothing(world: World) -> None:
    fill_in(world, leave_until="2026-02-06")
    old = button(card(world), "pause_end")
    world.pass_time(days=300)
    fill_in(world, leave_from="2026-12-20", leave_until="2027-01-03")
    before = leave_of(world)
    assert tap(world, pause.flow, "Niamh", old) == Update(card(world))
    assert leave_of(world) == before


@pytest.mark.parametrize(
    ("action", "subject"), [("pause_for", "365"), ("pause_for", ""), ("pause_end", "x"), ("pause_end", "2026-13-01")]
)
def test_made_up_buttons_come_to_nothing(world: World, action: str, subject: str) -> None:
    with pytest.raises(NotThere):
        tap(world, pause.flow, "Niamh", ui.Button("", action, subject))
    assert leave_of(world) == []


def test_nobody_ends_anybody_else_s_leave(world: World) -> None:
    fill_in(world, leave_until="2026-02-20")
    tap(world, pause.flow, "Amara", button(card(world), "pause_end"))
    assert leave_of(world) == [(date(2026, 2, 2), date(2026, 2, 20))]


def test_leave_that_is_over_is_dropped_with_the_next_change(world: World) -> None:
    fill_in(world, leave_until="2026-02-06")
    world.pass_time(days=30)
    assert "as usual" in card(world).summary
    fill_in(world, leave_from="2026-05-04", leave_until="2026-05-10")
    with world.database.engine.connect() as connection:
        kept = connection.execute(select(leave.c.person_id, leave.c.starts_on)).all()
    assert kept == [(world.people["Niamh"].id, date(2026, 5, 4))]


def test_at_night_it_is_the_day_of_the_person_s_own_zone_that_counts(world: World) -> None:
    world.now = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    fill_in(world, leave_until="2026-07-02")
    assert quiet(world).leave == ((date(2026, 7, 2), date(2026, 7, 2)),), "it is the second of July in London"
    assert pause_ends(world) == date(2026, 7, 2)


def pause_ends(world: World) -> date | None:
    with world.uow() as uow:
        return pause.away_until(uow.people.get(world.people["Niamh"].id), uow)


def test_who_is_on_leave_is_known_from_the_first_to_the_last_day(world: World) -> None:
    fill_in(world, leave_from="2026-02-04", leave_until="2026-02-05")
    ends = []
    for _day in range(5):
        ends.append(pause_ends(world))
        world.pass_time(days=1)
    assert ends == [None, None, date(2026, 2, 5), date(2026, 2, 5), None]


def test_many_leaves_fit_the_card(world: World) -> None:
    for month in range(3, 12):
        fill_in(world, leave_from=f"2026-{month:02}-02", leave_until=f"2026-{month:02}-03")
    shown = card(world)
    assert len([b for b in ui.buttons_of(shown) if b.action == "pause_end"]) == 6
    assert len(leave_of(world)) == 9


def test_a_senior_reads_who_learns_of_it_and_no_reason_is_kept_anywhere(world: World) -> None:
    assert "suggest other seniors" in words(card(world, "Brigid"))
    assert "reads when you will get the request" in card(world, "Brigid").seen_by
    assert "store no reason" in words(card(world))
    assert {column.name for column in leave.columns} == {"person_id", "starts_on", "ends_on"}
    assert not any("reason" in name for name in asdict(stored(world)))
