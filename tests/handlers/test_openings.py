"""What opens when, for whom, and at which level."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from bot.handlers import als_register, leads_programme, openings
from bot.surveys.instrument import as_declared
from bot.surveys.loading import all_instruments
from storage.consents import EXACT_COUNTS
from storage.records import Due, Wave
from tests import waves
from tests.world import World

MENTORS, MENTEES, CONTROLS = ("Amara", "Tomasz"), ("Niamh", "Haruki"), ("Leila",)
EVERYBODY = (*MENTORS, *MENTEES, *CONTROLS)
RULES = ("wave_open", "questionnaire_open", "reflection_open")
DAY = timedelta(days=1)


def begin(world: World) -> None:
    with world.uow() as uow:
        openings.begin(world.programme, uow)


def planned(world: World) -> dict[str, str]:
    """The day and hour of everything that is to open, by its subject."""
    return {each.subject: f"{each.due_at:%Y-%m-%d %H:%M}" for each in world.due() if each.rule in RULES}


def play(world: World, until: date) -> None:
    """Do all openings that come due, each at its moment."""
    while (following := next_opening(world)) and following.due_at.date() <= until:
        world.now = following.due_at
        with world.uow() as uow:
            uow.due.take()
            openings.flow.jobs[following.rule](following, uow)
        with world.uow() as uow:
            for wave in uow.waves.are_under_way(world.programme.id):
                for rule in ("wave_invite", "wave_remind"):
                    uow.due.drop(rule, f"{wave.id}:0")
                uow.due.drop("wave_close", str(wave.id))


def next_opening(world: World) -> Due | None:
    found = [each for each in world.due() if each.rule in RULES]
    return found[0] if found else None


def all_waves(world: World) -> list[Wave]:
    with world.uow() as uow:
        return sorted(uow.waves.are_under_way(world.programme.id), key=lambda wave: (wave.opens_at, wave.id))


def opened(world: World) -> list[tuple[str, str]]:
    return [(wave.name, str(wave.opens_at.date())) for wave in all_waves(world)]


def members(world: World, wave: Wave) -> dict[str, str]:
    names = {person.id: first for first, person in world.people.items()}
    with world.uow() as uow:
        return {names.get(person_id, "another"): role for person_id, role in uow.waves.members(wave.id)}


def only_wave(world: World) -> Wave:
    (wave,) = all_waves(world)
    return wave


# The calendar


def test_when_the_programme_begins_the_first_check_in_and_all_questionnaires_have_their_day(world: World) -> None:
    begin(world)
    assert planned(world) == {
        "1:baseline": "2026-02-16 10:00",
        "1": "2026-04-07 09:00",
        "1:midpoint": "2026-08-03 09:00",
        "1:end": "2026-12-29 10:00",
        "1:follow_up": "2028-02-01 10:00",
    }


def test_a_year_and_the_one_after_it_open_one_after_the_other(world: World) -> None:
    world.join(*EVERYBODY)
    begin(world)
    play(world, date(2028, 12, 31))
    assert opened(world) == [
        ("baseline", "2026-02-16"),
        ("pulse", "2026-04-07"),
        ("pulse", "2026-06-04"),
        ("midpoint", "2026-08-03"),
        ("pulse", "2026-10-05"),
        ("end", "2026-12-29"),
        ("follow_up", "2028-02-01"),
    ]
    assert next_opening(world) is None


def test_each_instrument_is_for_its_own_audience(world: World) -> None:
    world.join(*EVERYBODY)
    begin(world)
    play(world, date(2026, 4, 30))
    baseline, pulse = all_waves(world)
    assert members(world, baseline).keys() == set(EVERYBODY)
    assert members(world, pulse) == dict.fromkeys(MENTORS, "mentor") | dict.fromkeys(MENTEES, "mentee")


def test_the_last_questionnaire_closes_before_the_last_day_and_the_follow_up_after_it(world: World) -> None:
    world.join(*EVERYBODY)
    begin(world)
    play(world, date(2028, 12, 31))
    closes = {wave.name: wave.closes_at.date() for wave in all_waves(world)}
    assert closes["end"] < world.programme.ends_on
    assert closes["follow_up"] > world.programme.ends_on


def test_who_has_left_before_the_end_is_not_followed_up(world: World) -> None:
    world.join(*EVERYBODY)
    begin(world)
    play(world, date(2027, 1, 31))
    with world.uow() as uow:
        uow.people.set_state(world.people["Niamh"].id, "left")
    play(world, date(2028, 12, 31))
    assert members(world, all_waves(world)[-1]).keys() == set(EVERYBODY) - {"Niamh"}


def test_a_questionnaire_waits_until_somebody_takes_part(world: World) -> None:
    begin(world)
    play(world, date(2026, 2, 18))
    assert opened(world) == []
    world.join(*EVERYBODY)
    play(world, date(2026, 2, 20))
    assert opened(world) == [("baseline", "2026-02-19")]


def test_a_questionnaire_opens_once_even_if_its_job_is_done_again(world: World) -> None:
    world.join(*EVERYBODY)
    begin(world)
    play(world, date(2026, 2, 20))
    world.pass_time(days=40)
    world.work(openings.flow, "questionnaire_open", f"{world.programme.id}:baseline")
    assert opened(world) == [("baseline", "2026-02-16")]


def test_another_day_is_followed_until_the_questionnaire_has_opened_and_not_after(world: World) -> None:
    world.join(*EVERYBODY)
    begin(world)
    change(world, baseline_on=date(2026, 3, 2))
    assert planned(world)["1:baseline"] == "2026-03-02 10:00"
    play(world, date(2026, 3, 2))
    change(world, baseline_on=date(2026, 5, 4))
    assert "1:baseline" not in planned(world)


def test_a_check_in_keeps_out_of_the_month_of_a_questionnaire_that_a_lead_moves_there(world: World) -> None:
    world.join(*EVERYBODY)
    begin(world)
    change(world, midpoint_on=date(2026, 6, 22))
    play(world, date(2026, 9, 1))
    assert opened(world)[1:] == [("pulse", "2026-04-07"), ("midpoint", "2026-06-22"), ("pulse", "2026-08-04")]


def test_a_questionnaire_that_a_lead_moves_beside_an_open_check_in_waits_for_the_next_month(world: World) -> None:
    world.join(*EVERYBODY)
    begin(world)
    play(world, date(2026, 6, 4))
    change(world, midpoint_on=date(2026, 6, 15))
    assert planned(world)["1:midpoint"] == "2026-07-01 09:00"


def change(world: World, **values: object) -> None:
    """Let the programme have other days, as a lead sets them."""
    with world.uow() as uow:
        before = uow.programmes.get(world.programme.id)
        uow.programmes.change(before.id, **values)
        leads_programme.move(before, uow.programmes.get(before.id), uow)


def test_what_opens_next_is_told_by_role(world: World) -> None:
    world.join(*EVERYBODY)
    begin(world)
    play(world, date(2026, 2, 16))
    with world.uow() as uow:
        assert openings.opens_next(world.programme, "mentor", uow) == date(2026, 4, 7)
        assert openings.opens_next(world.programme, "control", uow) == date(2026, 8, 3)


# Opening


def test_a_wave_opens_with_its_keys_for_those_who_take_part_then(world: World) -> None:
    world.join("Amara", "Haruki", "Leila")
    have_opened(world)
    wave = only_wave(world)
    assert members(world, wave) == {"Amara": "mentor", "Haruki": "mentee"}
    assert (wave.name, wave.level, wave.key_id) == ("pulse", "standard", "1-pulse-2026-02-02")
    assert as_declared(wave.instrument) == all_instruments()["pulse"]
    assert waves.keys_of_wave(world, wave).public == wave.public_key
    assert wave.closes_at == datetime(2026, 2, 16, 12, 0, tzinfo=UTC)


def have_opened(world: World, name: str = "pulse") -> None:
    with world.uow() as uow:
        waves.have_opened(uow, name)


def test_with_a_wave_its_messages_and_its_close_are_planned(world: World) -> None:
    world.join("Amara")
    have_opened(world)
    assert {each.rule: (each.subject, each.due_at) for each in world.due()} == {
        "wave_invite": ("1:0", world.now),
        "wave_remind": ("1:0", datetime(2026, 2, 11, 10, 0, tzinfo=UTC)),
        "wave_close": ("1", datetime(2026, 2, 16, 12, 0, tzinfo=UTC)),
    }


def test_a_wave_waits_for_who_is_on_leave(world: World) -> None:
    world.join("Amara")
    with world.uow() as uow:
        uow.leave.add(world.people["Amara"].id, date(2026, 2, 1), date(2026, 2, 13), today=date(2026, 2, 1))
    have_opened(world)
    assert only_wave(world).closes_at.date() == date(2026, 2, 23)


def test_a_wave_is_one_for_people_of_different_hours(world: World) -> None:
    world.join("Amara", "Niamh", "Haruki")
    niamh = world.people["Niamh"].id
    with world.uow() as uow:
        uow.people.set_quiet_time(niamh, quiet_from=20, quiet_until=8, no_send_days="0123456", region="SCT")
    have_opened(world)
    assert only_wave(world).closes_at.date() == date(2026, 2, 27), "as late as can be: Niamh has no day at all"
    assert members(world, only_wave(world)).keys() == {"Amara", "Niamh", "Haruki"}


def test_a_check_in_has_closed_before_the_month_of_a_questionnaire(world: World) -> None:
    world.join("Amara")
    with world.uow() as uow:
        uow.people.set_quiet_time(
            world.people["Amara"].id, quiet_from=20, quiet_until=8, no_send_days="0123456", region="ENG"
        )
    begin(world)
    change(world, midpoint_on=date(2026, 5, 5))
    play(world, date(2026, 4, 30))
    assert all_waves(world)[-1].name == "pulse"
    assert all_waves(world)[-1].closes_at.date() == date(2026, 4, 30)


def test_a_strict_programme_has_strict_waves(world: World) -> None:
    world.join(*EVERYBODY)
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, disclosure="strict")
    for name in ("pulse", "baseline", "reflection"):
        have_opened(world, name)
    assert {wave.level for wave in all_waves(world)} == {"strict"}


def test_no_wave_opens_where_nobody_takes_part(world: World) -> None:
    world.join("Leila")
    have_opened(world)
    assert world.due() == []
    with world.uow() as uow:
        assert not uow.waves.there_was_one(world.programme.id)
        assert uow.keys.names() == set()


def test_no_wave_opens_that_would_close_after_its_last_day(world: World) -> None:
    world.join("Amara")
    world.now = datetime(2027, 1, 20, 10, 0, tzinfo=UTC)
    have_opened(world)
    assert world.due() == []


def test_a_wave_is_opened_once_and_its_keys_stay(world: World) -> None:
    world.join("Amara")
    have_opened(world)
    keys = waves.keys_of_wave(world, only_wave(world))
    have_opened(world)
    assert waves.keys_of_wave(world, only_wave(world)) == keys


def test_another_cadence_moves_the_next_check_in_and_leaves_the_open_one(world: World) -> None:
    world.join(*EVERYBODY)
    begin(world)
    play(world, date(2026, 4, 7))
    before = all_waves(world)
    change(world, check_in_days=28)
    assert all_waves(world) == before
    assert planned(world)["1"] == "2026-05-05 09:00"


# Exact counts for those who agreed


def research(world: World, agreed: Iterable[int]) -> None:
    """A programme at the level research in which these people have agreed to exact counts."""
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, disclosure="research")
        for person_id in agreed:
            uow.consents.give(world.programme.id, person_id, EXACT_COUNTS)
        world.programme = uow.programmes.get(world.programme.id)


def groups(world: World, name: str) -> dict[str, set[int]]:
    """Who is in the waves of an instrument, by level."""
    with world.uow() as uow:
        return {
            wave.level: {person_id for person_id, _role in uow.waves.members(wave.id)}
            for wave in uow.waves.are_under_way(world.programme.id)
            if wave.name == name
        }


def test_those_who_agreed_and_the_others_are_two_waves_that_have_nobody_in_common(world: World) -> None:
    ids = waves.enrol(world, 12, 10)
    agreed = {*ids["mentor"][:9], *ids["mentee"][:8]}
    research(world, agreed)
    have_opened(world, "baseline")
    assert groups(world, "baseline") == {"research": agreed, "standard": {*ids["mentor"], *ids["mentee"]} - agreed}
    one, other = all_waves(world)
    assert (one.opens_at, one.closes_at) == (other.opens_at, other.closes_at)
    assert one.public_key != other.public_key


def test_check_ins_and_reflections_are_one_wave_for_all(world: World) -> None:
    ids = waves.enrol(world, 12, 10)
    research(world, ids["mentor"])
    have_opened(world, "pulse")
    have_opened(world, "reflection")
    assert groups(world, "pulse") == {"standard": {*ids["mentor"], *ids["mentee"]}}
    assert groups(world, "reflection") == {"standard": {*ids["mentor"]}}


def test_what_held_when_the_first_wave_opened_holds_for_all_that_follow(world: World) -> None:
    ids = waves.enrol(world, 12, 0)["mentor"]
    research(world, ids[:9])
    have_opened(world, "pulse")
    world.pass_time(days=30)
    with world.uow() as uow:
        uow.consents.give(world.programme.id, ids[9], EXACT_COUNTS)
        uow.consents.take_back(world.programme.id, ids[0], EXACT_COUNTS)
    have_opened(world, "baseline")
    assert groups(world, "baseline") == {"research": {*ids[:9]}, "standard": {*ids[9:]}}


def test_who_joins_later_goes_with_those_who_did_not_agree(world: World) -> None:
    ids = waves.enrol(world, 9, 0)["mentor"]
    research(world, ids)
    have_opened(world, "baseline")
    late = waves.enrol(world, 2, 0, prefix="late")["mentor"]
    with world.uow() as uow:
        for person_id in late:
            uow.consents.give(world.programme.id, person_id, EXACT_COUNTS)
    world.pass_time(days=150)
    have_opened(world, "midpoint")
    assert groups(world, "midpoint") == {"research": {*ids}, "standard": {*late}}


def test_where_too_few_agreed_to_be_told_anything_of_nobody_is_parted_from_the_rest(world: World) -> None:
    ids = waves.enrol(world, 12, 12)
    research(world, [*ids["mentor"][:4], *ids["mentee"][:3]])
    have_opened(world, "baseline")
    assert groups(world, "baseline") == {"standard": {*ids["mentor"], *ids["mentee"]}}


def test_at_another_level_nobody_is_parted_whatever_they_agreed_to(world: World) -> None:
    ids = waves.enrol(world, 12, 0)["mentor"]
    research(world, ids[:9])
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, disclosure="standard")
    have_opened(world, "baseline")
    assert groups(world, "baseline") == {"standard": {*ids}}


# Looking back on rounds of sets


class Sets:
    """Sets of mentors with sessions every four weeks from April on, each of them a day after the other."""

    def __init__(self, world: World, count: int = 2, rounds: int = 4) -> None:
        self.world = world
        self.mentors = waves.enrol(world, 4 * count + 2, 0)["mentor"]
        with world.uow() as uow:
            for number in range(count):
                learning_set = uow.sets.add(world.programme.id, f"Set {number}", world.people["Brigid"].id)
                for person_id in self.mentors[4 * number : 4 * number + 4]:
                    uow.sets.add_member(learning_set.id, person_id)
                for each in range(rounds):
                    starts_at = datetime(2026, 4, 15, 14, tzinfo=UTC) + timedelta(days=56 * each + number)
                    uow.sets.add_session(learning_set.id, starts_at, 120)

    def meet(self, until: date) -> None:
        """Let the sessions up to a day come to their end; each time its facilitator is asked who came."""
        with self.world.uow() as uow:
            sessions = uow.sets.all_sessions(self.world.programme.id)
        for session in sessions:
            if self.world.now < session.ends_at and session.ends_at.date() <= until:
                self.world.now = session.ends_at
                subject = f"{session.id}-{session.learning_set.facilitator.id}"
                self.world.work(als_register.flow, "als_register", subject)


def looking_back(world: World) -> dict[str, str]:
    return {each.subject: f"{each.due_at:%Y-%m-%d %H:%M}" for each in world.due() if each.rule == "reflection_open"}


def test_the_working_morning_after_the_last_session_of_the_round_half_way(world: World) -> None:
    sets = Sets(world)
    sets.meet(date(2026, 6, 10))
    assert looking_back(world) == {}, "the other set meets on the day after"
    sets.meet(date(2026, 6, 11))
    assert looking_back(world) == {"1:2": "2026-06-12 09:00"}


def test_mentors_look_back_when_no_questionnaire_is_open(world: World) -> None:
    """Invitations to both would fill their message budget, and the later would come just before its close."""
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, midpoint_on=date(2026, 6, 15))
    Sets(world).meet(date(2026, 6, 11))
    assert looking_back(world) == {"1:2": "2026-06-29 09:00"}


def test_only_mentors_who_belong_to_a_set_look_back(world: World) -> None:
    world.join(*EVERYBODY)
    sets = Sets(world)
    sets.meet(date(2026, 6, 11))
    play(world, date(2026, 6, 12))
    wave = only_wave(world)
    with world.uow() as uow:
        asked = dict(uow.waves.members(wave.id))
    assert asked == dict.fromkeys(sets.mentors[:8], "mentor")
    assert (wave.name, as_declared(wave.instrument).kind) == ("reflection", "reflection")


def test_mentors_look_back_twice_and_each_round_once(world: World) -> None:
    sets = Sets(world)
    for month in range(4, 13):
        sets.meet(date(2026, month, 28))
        play(world, date(2026, month, 28))
    assert opened(world) == [("reflection", "2026-06-12"), ("reflection", "2026-10-02")]


def test_a_register_that_is_filled_in_before_the_end_of_the_session_counts_too(world: World) -> None:
    sets = Sets(world, count=1, rounds=1)
    with world.uow() as uow:
        (session,) = uow.sets.all_sessions(world.programme.id)
    world.now = session.starts_at + timedelta(minutes=30)
    present = (str(sets.mentors[0]),)
    world.do(
        als_register.flow,
        world.event("Brigid", "form", "als_register", subject=str(session.id), values={"present": present}),
    )
    assert looking_back(world) == {"1:1": "2026-04-16 09:00"}


def test_a_programme_can_do_without(world: World) -> None:
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, reflections="never")
    Sets(world).meet(date(2026, 12, 31))
    assert looking_back(world) == {}


def test_two_looks_back_are_four_weeks_apart(world: World) -> None:
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, reflections="always")
    sets = Sets(world, count=1, rounds=1)
    sets.meet(date(2026, 4, 15))
    play(world, date(2026, 4, 16))
    with world.uow() as uow:
        (learning_set,) = uow.sets.all(world.programme.id)
        uow.sets.add_session(learning_set.id, datetime(2026, 4, 29, 14, tzinfo=UTC), 120)
    sets.meet(date(2026, 4, 29))
    assert looking_back(world) == {"1:2": "2026-05-14 09:00"}
