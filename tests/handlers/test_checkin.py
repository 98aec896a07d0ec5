"""Check-ins: waves open, invite, remind and close; what is sent is sealed, and nothing else is stored."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from bot import ui
from bot.flow import FormErrors, InForm, Outcome, Private, UserError
from bot.handlers import checkin, checkin_form, home, leads_programme, not_now
from bot.handlers.checkin_form import AS_IT_IS, HIDE, NAMES, PERMISSION, PREFER_NOT, SHOW, TAKEN_OUT
from bot.reading import about
from bot.surveys.instrument import LONGEST_TEXT, Answer, Comment, as_declared
from bot.surveys.loading import all_instruments
from bot.surveys.sealing import SCORES, WORDS, open_answer, open_comment, tag
from storage.models import metadata, sealed_answer
from storage.records import NotThere, Wave
from storage.waves import message_key
from tests import waves
from tests.examples import EXAMPLES
from tests.handlers.acts import actions, button, deliver, form_of, said, send, tap, words
from tests.world import World

PULSE = all_instruments()["pulse"]
FORM = checkin_form.flow
GOOD: ui.Values = {"item_useful": "4", "item_open": "5", "item_time": "2"}
EVERYBODY = ("Amara", "Tomasz", "Niamh", "Haruki", "Leila")

Rows = dict[str, frozenset[tuple[object, ...]]]


def everything(world: World) -> Rows:
    """All that is stored."""
    with world.database.engine.connect() as connection:
        return {
            table.name: frozenset(map(tuple, connection.execute(select(table)))) for table in metadata.sorted_tables
        }


def changed(before: Rows, after: Rows) -> set[str]:
    """The tables in which something is different."""
    return {name for name in before if before[name] != after[name]}


@pytest.fixture
def wave(world: World) -> Wave:
    """A pulse that has just opened for Amara, Tomasz, Niamh and Haruki."""
    world.join(*EVERYBODY)
    return waves.open_wave(world, PULSE)


def open_form(world: World, who: str, subject: str = "") -> Outcome:
    return world.do(FORM, world.event(who, "command" if not subject else "button", "checkin", subject=subject))


def answer(world: World, who: str, **values: str) -> Outcome:
    """Open the form and send it."""
    return send(world, FORM, who, form_of(open_form(world, who)), **GOOD | values)


def withdraw(world: World, who: str) -> Outcome:
    form = form_of(world.do(FORM, world.event(who, "command", "withdraw")))
    return send(world, FORM, who, form)


def in_form(outcome: Outcome) -> str:
    assert isinstance(outcome, InForm), outcome
    return words(outcome.message)


def refused(world: World, who: str, form: ui.Form, **values: str) -> dict[str, str]:
    """The errors beside the fields; nothing was stored."""
    before = everything(world)
    with pytest.raises(FormErrors) as caught:
        send(world, FORM, who, form, **GOOD | values)
    assert everything(world) == before
    assert caught.value.errors.keys() <= {field.name for field in caught.value.form.fields}
    return caught.value.errors


def told(world: World, who: str, form: ui.Form, **values: str) -> str:
    """Why the form cannot be taken at all; nothing was stored."""
    before = everything(world)
    with pytest.raises(UserError) as caught:
        send(world, FORM, who, form, **GOOD | values)
    assert everything(world) == before
    return words(caught.value.message)


def opened(world: World, wave: Wave, who: str) -> tuple[Answer, Comment]:
    """What lies in somebody's boxes, as only the close reads it."""
    keys = waves.keys_of_wave(world, wave)
    with world.uow() as uow:
        boxes = dict(uow.waves.boxes(wave.id, limit=100))
    scores, written = (boxes[tag(keys.secret, world.people[who].id, 1, kind)] for kind in (SCORES, WORDS))
    return open_answer(scores, PULSE, keys), open_comment(written, PULSE, keys)


def members(world: World, wave: Wave) -> dict[str, str]:
    names = {person.id: first for first, person in world.people.items()}
    with world.uow() as uow:
        return {names[person_id]: role for person_id, role in uow.waves.members(wave.id)}


def the_wave(world: World) -> Wave:
    with world.uow() as uow:
        (found,) = uow.waves.are_under_way(world.programme.id)
    return found


def due_of(world: World) -> dict[str, tuple[str, datetime]]:
    return {each.rule: (each.subject, each.due_at) for each in world.due()}


def open_by_job(world: World) -> None:
    world.work(checkin.flow, "wave_open", str(world.programme.id))


# Opening


def test_the_first_check_in_is_planned_when_the_programme_begins(world: World) -> None:
    with world.uow() as uow:
        checkin.begin(world.programme, uow)
    assert due_of(world) == {"wave_open": ("1", datetime(2026, 4, 7, 9, 0, tzinfo=UTC))}


def test_a_wave_opens_for_mentors_and_mentees_who_take_part_then(world: World) -> None:
    world.join("Amara", "Haruki", "Leila")
    open_by_job(world)
    wave = the_wave(world)
    assert members(world, wave) == {"Amara": "mentor", "Haruki": "mentee"}
    assert (wave.name, wave.level, wave.key_id) == ("pulse", "standard", "1-pulse-2026-02-02")
    assert as_declared(wave.instrument) == PULSE
    assert waves.keys_of_wave(world, wave).public == wave.public_key
    assert wave.closes_at == datetime(2026, 2, 16, 12, 0, tzinfo=UTC)


def test_with_a_wave_its_messages_its_close_and_the_next_wave_are_planned(world: World) -> None:
    world.join("Amara")
    open_by_job(world)
    assert due_of(world) == {
        "wave_invite": ("1:0", world.now),
        "wave_remind": ("1:0", datetime(2026, 2, 11, 10, 0, tzinfo=UTC)),
        "wave_close": ("1", datetime(2026, 2, 16, 12, 0, tzinfo=UTC)),
        "wave_open": ("1", datetime(2026, 4, 7, 9, 0, tzinfo=UTC)),
    }


def test_a_wave_waits_for_who_is_on_leave(world: World) -> None:
    world.join("Amara")
    with world.uow() as uow:
        uow.leave.add(world.people["Amara"].id, date(2026, 2, 1), date(2026, 2, 13), today=date(2026, 2, 1))
        world.people["Amara"] = uow.people.get(world.people["Amara"].id)
    open_by_job(world)
    assert the_wave(world).closes_at.date() == date(2026, 2, 23)


def test_a_wave_is_one_for_people_of_different_hours(world: World) -> None:
    world.join("Amara", "Niamh", "Haruki")
    niamh = world.people["Niamh"].id
    with world.uow() as uow:
        uow.people.set_quiet_time(niamh, quiet_from=20, quiet_until=8, no_send_days="0123456", region="SCT")
    open_by_job(world)
    assert the_wave(world).closes_at.date() == date(2026, 2, 27), "as late as can be: Niamh has no day at all"
    assert members(world, the_wave(world)).keys() == {"Amara", "Niamh", "Haruki"}


def test_a_strict_programme_has_strict_waves(world: World) -> None:
    world.join("Amara")
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, disclosure="strict")
    open_by_job(world)
    assert the_wave(world).level == "strict"


def test_no_wave_opens_where_nobody_takes_part(world: World) -> None:
    world.join("Leila")
    open_by_job(world)
    assert due_of(world).keys() == {"wave_open"}
    with world.uow() as uow:
        assert not uow.waves.there_was_one(world.programme.id)
        assert uow.keys.names() == set()


def test_no_wave_opens_that_would_close_after_the_end(world: World) -> None:
    world.join("Amara")
    world.now = datetime(2027, 1, 20, 10, 0, tzinfo=UTC)
    open_by_job(world)
    assert world.due() == []


def test_a_wave_is_opened_once_and_its_keys_stay(world: World) -> None:
    world.join("Amara")
    open_by_job(world)
    keys = waves.keys_of_wave(world, the_wave(world))
    open_by_job(world)
    assert waves.keys_of_wave(world, the_wave(world)) == keys


def test_another_cadence_moves_the_next_wave_and_leaves_the_open_one(world: World) -> None:
    world.join("Amara")
    open_by_job(world)
    before = the_wave(world)
    programme = replace(world.programme, check_in_days=28)
    with world.uow() as uow:
        leads_programme.move(world.programme, programme, uow)
    assert the_wave(world) == before
    assert due_of(world)["wave_open"] == ("1", datetime(2026, 3, 2, 10, 0, tzinfo=UTC))
    assert due_of(world)["wave_close"] == ("1", before.closes_at)


# Messages


def in_chunks(world: World, rule: str, wave: Wave) -> None:
    """Do a job and all that it adds."""
    with world.uow() as uow:
        uow.due.add(rule, f"{wave.id}:0", uow.now)
    while subjects := [each.subject for each in world.due() if each.rule == rule]:
        for subject in subjects:
            with world.uow() as uow:
                uow.due.drop(rule, subject)
            world.work(checkin.flow, rule, subject)


def got(world: World, wave: Wave, what: str) -> list[str]:
    """Who has such a message waiting, or was sent it."""
    return sorted(first for first in world.people for q in world.queued(first) if q.key == message_key(wave.id, what))


@pytest.mark.parametrize("at_once", [1, 2, 4, 200])
def test_everybody_who_is_asked_is_invited_once(
    world: World, wave: Wave, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkin, "AT_ONCE", at_once)
    in_chunks(world, "wave_invite", wave)
    assert got(world, wave, "invite") == ["Amara", "Haruki", "Niamh", "Tomasz"]
    in_chunks(world, "wave_invite", wave)
    assert len(world.queued()) == 4


def test_the_invitation_says_what_until_when_and_who_sees_what(world: World, wave: Wave) -> None:
    in_chunks(world, "wave_invite", wave)
    (queued,) = world.queued("Amara")
    text = words(queued.message)
    for part in ("Mentor pulse", "3 short questions", "30 seconds", "Monday 16 February at 10:00", "fewer than eight"):
        assert part in text
    assert queued.prompt
    assert actions(queued.message) == {"checkin", "not_now", "not_now_until"}
    assert button(queued.message, "checkin").opens
    (mentee,) = world.queued("Niamh")
    assert "Mentee pulse" in words(mentee.message)


def test_who_has_left_is_not_invited(world: World, wave: Wave) -> None:
    with world.uow() as uow:
        uow.people.set_state(world.people["Amara"].id, "left")
    in_chunks(world, "wave_invite", wave)
    assert "Amara" not in got(world, wave, "invite")


@pytest.mark.parametrize("at_once", [2, 200])
def test_who_has_not_answered_is_reminded(
    world: World, wave: Wave, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkin, "AT_ONCE", at_once)
    answer(world, "Amara")
    answer(world, "Haruki")
    withdraw(world, "Haruki")
    with world.uow() as uow:
        uow.people.set_state(world.people["Tomasz"].id, "left")
    before = everything(world)
    in_chunks(world, "wave_remind", wave)
    assert got(world, wave, "remind") == ["Haruki", "Niamh"]
    assert changed(before, everything(world)) == {"outbox"}
    (queued,) = world.queued("Niamh")
    assert "If you have answered meanwhile" in words(queued.message)


def test_who_has_been_away_all_the_time_gets_the_invitation_and_no_reminder(world: World, wave: Wave) -> None:
    in_chunks(world, "wave_invite", wave)
    in_chunks(world, "wave_remind", wave)
    assert got(world, wave, "remind") == []
    deliver(world)
    in_chunks(world, "wave_remind", wave)
    assert len(got(world, wave, "remind")) == 4


def test_nobody_is_reminded_of_a_wave_that_nobody_can_answer(world: World, wave: Wave) -> None:
    with world.uow() as uow:
        uow.keys.destroy(wave.key_id)
    in_chunks(world, "wave_remind", wave)
    assert world.queued() == []


def put_off(world: World, wave: Wave, who: str, days: str = "3") -> str:
    in_chunks(world, "wave_invite", wave)
    (card,) = [q.message for q in world.queued(who) if q.key == message_key(wave.id, "invite")]
    tapped = next(b for b in ui.buttons_of(card) if b.subject.endswith(f":{days}"))
    tap(world, not_now.flow, who, tapped)
    return about(wave.id, world.people[who].id)


def test_not_now_brings_the_question_back_and_takes_the_place_of_the_reminder(world: World, wave: Wave) -> None:
    subject = put_off(world, wave, "Niamh")
    deliver(world)
    in_chunks(world, "wave_remind", wave)
    assert got(world, wave, "remind") == ["Amara", "Haruki", "Tomasz"]
    assert due_of(world)["wave_ask"] == (subject, datetime(2026, 2, 5, 10, 0, tzinfo=UTC))
    for number in (1, 2):
        world.work(checkin.flow, "wave_ask", subject)
        assert got(world, wave, f"ask:{number}") == ["Niamh"]


def test_who_said_not_now_and_has_answered_is_left_in_peace(world: World, wave: Wave) -> None:
    subject = put_off(world, wave, "Niamh")
    answer(world, "Niamh")
    world.work(checkin.flow, "wave_ask", subject)
    assert got(world, wave, "ask:1") == []


@pytest.mark.parametrize("rule", ["wave_invite", "wave_remind", "wave_ask"])
def test_nothing_is_sent_once_the_wave_has_closed(world: World, wave: Wave, rule: str) -> None:
    subject = f"{wave.id}:0" if rule != "wave_ask" else about(wave.id, world.people["Niamh"].id)
    world.now = wave.closes_at
    world.work(checkin.flow, rule, subject)
    assert world.queued() == []


def test_not_now_of_somebody_who_is_not_asked_asks_nothing(world: World, wave: Wave) -> None:
    world.work(checkin.flow, "wave_ask", about(wave.id, world.people["Leila"].id))
    assert world.queued() == []


def test_the_close_changes_the_state_of_the_wave_and_nothing_else(world: World, wave: Wave) -> None:
    before = everything(world)
    world.now = wave.closes_at
    world.work(checkin.flow, "wave_close", str(wave.id))
    assert changed(before, everything(world)) == {"wave"}
    with world.uow() as uow:
        assert uow.waves.get(wave.id).state == "closing"


# The form


def test_the_form_asks_three_questions_and_offers_not_to_say(world: World, wave: Wave) -> None:
    form = form_of(open_form(world, "Niamh"))
    assert (form.title, form.subject) == ("Mentee pulse", str(wave.id))
    questions = [field for field in form.fields if isinstance(field, ui.PickOne) and not field.optional]
    assert [field.name for field in questions] == ["item_useful", "item_open", "item_time"]
    for field in questions:
        assert [option.value for option in field.options] == ["1", "2", "3", "4", "5", PREFER_NOT]
    comment = form.fields[3]
    assert isinstance(comment, ui.TextField)
    assert (comment.optional, comment.multiline, comment.max_length) == (True, True, LONGEST_TEXT)
    for part in ("at least ten", "No patient details", "leads"):
        assert part in comment.help
    assert [link.url for link in form.get_help] == ["tel:999", "tel:111", "tel:116123"]


@pytest.mark.parametrize(
    ("level", "promised"),
    [("standard", ("three", "16 to 18 of 18", "eight")), ("strict", ("five", "14 to 18 of 18", "ten"))],
)
def test_the_promise_has_the_numbers_of_the_level(level: str, promised: tuple[str, ...]) -> None:
    for part in (*promised, "sealed", "destroyed", "posted once and never revised"):
        assert part in checkin_form.promise(level)


def test_before_the_close_nothing_is_called_anonymous() -> None:
    for name, build in EXAMPLES.items():
        if name.startswith(("checkin", "released")):
            assert "anonym" not in str(build()).lower()
    assert "Confidential" in str(EXAMPLES["checkin_form.form_mentee"]())


def test_an_answer_is_two_sealed_boxes_and_nothing_else(world: World, wave: Wave) -> None:
    before = everything(world)
    text = in_form(answer(world, "Niamh", item_comment="Evenings suit me.", permission=SHOW))
    after = everything(world)
    assert changed(before, after) == {"sealed_answer"}
    assert len(after["sealed_answer"]) == 2
    assert "Monday 16 February at 10:00" in text
    assert "withdraw" in text
    scores, written = opened(world, wave, "Niamh")
    assert scores.marks == {"useful": (4,), "open": (5,), "time": (2,)}
    assert written == Comment({"comment": "Evenings suit me."}, show=True)


def test_who_wrote_something_is_not_told_from_who_did_not(world: World, wave: Wave) -> None:
    answer(world, "Niamh")
    answer(world, "Amara", item_comment="\N{PARTY POPPER}" * LONGEST_TEXT, permission=HIDE)
    with world.database.engine.connect() as connection:
        sizes = [len(row.box) for row in connection.execute(select(sealed_answer))]
    assert len(sizes) == 4
    assert len(set(sizes)) == 1
    assert opened(world, wave, "Niamh")[1] == Comment({}, show=False)


def test_a_preference_not_to_say_is_no_mark(world: World, wave: Wave) -> None:
    answer(world, "Niamh", item_open=PREFER_NOT)
    assert opened(world, wave, "Niamh")[0].marks == {"useful": (4,), "time": (2,)}


def test_sending_again_replaces_everything(world: World, wave: Wave) -> None:
    answer(world, "Niamh", item_comment="Evenings suit me.", permission=SHOW)
    answer(world, "Niamh", item_useful="1")
    assert len(everything(world)["sealed_answer"]) == 2
    scores, written = opened(world, wave, "Niamh")
    assert scores.marks["useful"] == (1,)
    assert written == Comment({}, show=False)


def test_the_form_is_the_same_before_and_after_an_answer(world: World, wave: Wave) -> None:
    before = open_form(world, "Niamh"), open_form(world, "Niamh", str(wave.id))
    answer(world, "Niamh")
    assert (open_form(world, "Niamh"), open_form(world, "Niamh", str(wave.id))) == before


@pytest.mark.parametrize("value", ["", "0", "6", "-1", "4.0", "٤", "agree", "1,2", "none ", "x" * 10_000])
@pytest.mark.usefixtures("wave")
def test_a_value_outside_the_scale_is_refused(world: World, value: str) -> None:
    form = form_of(open_form(world, "Niamh"))
    if value == "none ":
        assert isinstance(send(world, FORM, "Niamh", form, **GOOD | {"item_open": value}), InForm)
    else:
        assert refused(world, "Niamh", form, item_open=value).keys() == {"item_open"}


@pytest.mark.usefixtures("wave")
def test_several_values_for_one_question_are_refused(world: World) -> None:
    form = form_of(open_form(world, "Niamh"))
    with pytest.raises(FormErrors):
        send(world, FORM, "Niamh", form, **GOOD | {"item_open": ("4", "5")})
    assert everything(world)["sealed_answer"] == frozenset()


@pytest.mark.parametrize("choice", ["", "both", SHOW.upper()])
@pytest.mark.usefixtures("wave")
def test_words_need_a_choice_whether_they_may_be_shown(world: World, choice: str) -> None:
    form = form_of(open_form(world, "Niamh"))
    errors = refused(world, "Niamh", form, item_comment="Evenings suit me.", permission=choice)
    assert errors.keys() == {PERMISSION}


def test_a_choice_without_words_says_nothing(world: World, wave: Wave) -> None:
    answer(world, "Niamh", item_comment=" \n ", permission=SHOW)
    assert opened(world, wave, "Niamh")[1] == Comment({}, show=False)


def test_words_may_be_kept_from_being_shown(world: World, wave: Wave) -> None:
    answer(world, "Niamh", item_comment="Evenings suit me.", permission=HIDE)
    assert opened(world, wave, "Niamh")[1] == Comment({"comment": "Evenings suit me."}, show=False)


def test_too_much_text_is_refused_and_just_enough_is_not(world: World, wave: Wave) -> None:
    form = form_of(open_form(world, "Niamh"))
    errors = refused(world, "Niamh", form, item_comment="x" * (LONGEST_TEXT + 1), permission=SHOW)
    assert errors.keys() == {"item_comment"}
    assert "501" in errors["item_comment"]
    answer(world, "Niamh", item_comment="x" * LONGEST_TEXT, permission=SHOW)
    assert opened(world, wave, "Niamh")[1].texts == {"comment": "x" * LONGEST_TEXT}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("first\r\nsecond", "first\nsecond"),
        ("half\ud83d of one", "half of one"),
        ("nul\x00 and bell\x07", "nul and bell"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}backwards", "backwards"),
        ("<!channel> *bold* {0} %s", "<!channel> *bold* {0} %s"),
    ],
)
def test_words_are_kept_as_they_were_without_what_cannot_be_seen(
    world: World, wave: Wave, typed: str, kept: str
) -> None:
    answer(world, "Niamh", item_comment=typed, permission=SHOW)
    assert opened(world, wave, "Niamh")[1].texts == {"comment": kept}


# Names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I like talking to Amara.", "Amara"),
        ("tomasz wilk is kind", "tomasz wilk"),
        ("The lead, Pritchard, asked.", "Pritchard"),
        ("Brigid helped.", "Brigid"),
        ("The canteen of Fenmoor is loud.", "Fenmoor"),
        ("I am Niamh Gallagher.", "Niamh Gallagher"),
    ],
)
@pytest.mark.usefixtures("wave")
def test_a_name_in_the_words_is_pointed_out_before_anything_is_stored(world: World, text: str, name: str) -> None:
    before = everything(world)
    form = form_of(answer(world, "Niamh", item_comment=text, permission=SHOW, item_time=PREFER_NOT))
    assert everything(world) == before
    held = {field.name: field.value for field in form.fields}
    typed = GOOD | {"item_time": PREFER_NOT, "item_comment": text, PERMISSION: SHOW, NAMES: ""}
    assert held == typed
    assert f"“{name}”" in form.fields[-1].label


def test_the_author_may_insist(world: World, wave: Wave) -> None:
    form = form_of(answer(world, "Niamh", item_comment="Amara is a good listener.", permission=SHOW))
    assert isinstance(send(world, FORM, "Niamh", form, names=AS_IT_IS), InForm)
    assert opened(world, wave, "Niamh")[1] == Comment({"comment": "Amara is a good listener."}, show=True)


@pytest.mark.usefixtures("wave")
def test_what_is_said_to_be_taken_out_is_looked_at_again(world: World) -> None:
    form = form_of(answer(world, "Niamh", item_comment="Amara is a good listener.", permission=SHOW))
    assert refused_again(world, form, names=TAKEN_OUT).keys() == {NAMES}
    assert refused_again(world, form, names="").keys() == {NAMES}
    done = send(world, FORM, "Niamh", form, names=TAKEN_OUT, item_comment="My mentor is a good listener.")
    assert isinstance(done, InForm)


def refused_again(world: World, form: ui.Form, **values: str) -> dict[str, str]:
    held = {field.name: field.value for field in form.fields if isinstance(field.value, str)}
    return refused(world, "Niamh", form, **held | values)


@pytest.mark.usefixtures("wave")
def test_insisting_on_one_name_lets_no_other_pass(world: World) -> None:
    form = form_of(answer(world, "Niamh", item_comment="Amara is a good listener.", permission=SHOW))
    again = form_of(
        send(world, FORM, "Niamh", form, names=AS_IT_IS, item_comment="Amara and Tomasz are good listeners.")
    )
    assert "“Tomasz”" in again.fields[-1].label
    assert everything(world)["sealed_answer"] == frozenset()


@pytest.mark.usefixtures("wave")
def test_a_mistake_elsewhere_keeps_the_question_about_names(world: World) -> None:
    form = form_of(answer(world, "Niamh", item_comment="Amara is a good listener.", permission=SHOW))
    with pytest.raises(FormErrors) as caught:
        send(world, FORM, "Niamh", form, names=AS_IT_IS, item_open="9")
    assert caught.value.errors.keys() == {"item_open"}
    assert caught.value.form.fields[-1].name == NAMES


# Who cannot answer


def test_a_wave_that_has_closed_takes_nothing(world: World, wave: Wave) -> None:
    form = form_of(open_form(world, "Niamh"))
    world.now = wave.closes_at
    assert "has closed" in told(world, "Niamh", form)
    with pytest.raises(UserError):
        open_form(world, "Niamh", str(wave.id))


def test_a_wave_that_is_being_counted_takes_nothing(world: World, wave: Wave) -> None:
    form = form_of(open_form(world, "Niamh"))
    waves.begin_to_close(world, wave)
    assert "has closed" in told(world, "Niamh", form)


@pytest.mark.parametrize("subject", ["", "0", "999", "1-2", "1:2", "-1", "1 OR 1=1", "9" * 40])
@pytest.mark.parametrize("name", ["checkin", "withdraw"])
@pytest.mark.usefixtures("wave")
def test_an_altered_wave_is_refused(world: World, name: str, subject: str) -> None:
    before = everything(world)
    with pytest.raises(NotThere):
        world.do(FORM, world.event("Niamh", "form", name, subject=subject, values=GOOD))
    assert everything(world) == before


@pytest.mark.parametrize("who", ["Leila", "Gwen", "Brigid"])
@pytest.mark.parametrize("name", ["checkin", "withdraw"])
def test_who_is_not_asked_can_send_nothing(world: World, wave: Wave, name: str, who: str) -> None:
    before = everything(world)
    with pytest.raises(NotThere):
        world.do(FORM, world.event(who, "form", name, subject=str(wave.id), values=GOOD))
    assert everything(world) == before


def test_who_joins_later_is_asked_from_the_next_wave_on(world: World) -> None:
    world.join("Amara")
    wave = waves.open_wave(world, PULSE)
    world.join("Niamh")
    shown = open_form(world, "Niamh")
    assert isinstance(shown, Private)
    assert "began before you joined" in words(shown.message)
    with pytest.raises(NotThere):
        world.do(FORM, world.event("Niamh", "form", "checkin", subject=str(wave.id), values=GOOD))


def test_a_lost_key_is_said_in_plain_words(world: World, wave: Wave) -> None:
    form = form_of(open_form(world, "Niamh"))
    withdrawal = form_of(world.do(FORM, world.event("Niamh", "command", "withdraw")))
    with world.uow() as uow:
        uow.keys.destroy(wave.key_id)
    assert "Nothing was stored" in told(world, "Niamh", form)
    assert "key" in told(world, "Niamh", withdrawal)


def test_who_leaves_sends_nothing_any_more_and_keeps_what_was_sent(world: World, wave: Wave) -> None:
    answer(world, "Niamh")
    form = form_of(open_form(world, "Niamh"))
    with world.uow() as uow:
        uow.people.set_state(world.people["Niamh"].id, "left")
    assert "no longer take part" in told(world, "Niamh", form, item_useful="1")
    assert opened(world, wave, "Niamh")[0].marks["useful"] == (4,)


# Taking back


@pytest.mark.usefixtures("wave")
def test_everything_is_taken_back(world: World) -> None:
    answer(world, "Amara")
    others = everything(world)
    answer(world, "Niamh", item_comment="Evenings suit me.", permission=SHOW)
    assert "deleted" in in_form(withdraw(world, "Niamh"))
    assert everything(world) == others
    assert "nothing to take back" in in_form(withdraw(world, "Niamh"))
    assert everything(world) == others
    assert isinstance(answer(world, "Niamh"), InForm)


@pytest.mark.usefixtures("wave")
def test_the_form_for_it_says_the_same_whether_or_not_there_is_anything(world: World) -> None:
    before = world.do(FORM, world.event("Niamh", "command", "withdraw"))
    answer(world, "Niamh")
    assert world.do(FORM, world.event("Niamh", "command", "withdraw")) == before


@pytest.mark.usefixtures("wave")
def test_who_has_left_can_take_back_until_the_close(world: World) -> None:
    answer(world, "Niamh")
    with world.uow() as uow:
        uow.people.set_state(world.people["Niamh"].id, "left")
    form = form_of(world.do(FORM, world.event("Niamh", "command", "withdraw")))
    assert "for good" in form.intro
    assert "deleted" in in_form(send(world, FORM, "Niamh", form))
    assert everything(world)["sealed_answer"] == frozenset()


def test_after_the_close_nothing_can_be_taken_back(world: World, wave: Wave) -> None:
    answer(world, "Niamh")
    form = form_of(world.do(FORM, world.event("Niamh", "command", "withdraw")))
    world.now = wave.closes_at
    assert "has closed" in told(world, "Niamh", form)
    assert "destroyed" in words(said(world.do(FORM, world.event("Niamh", "command", "withdraw"))))


# Finding the form


def test_without_an_open_wave_the_next_day_is_told(world: World) -> None:
    world.join("Niamh")
    shown = said(open_form(world, "Niamh"))
    assert "Tuesday 7 April" in words(shown)
    assert "results" not in actions(shown)


def test_after_the_last_wave_no_day_is_told(world: World) -> None:
    world.join("Niamh")
    world.now = datetime(2027, 1, 29, 10, 0, tzinfo=UTC)
    assert "opens on" not in words(said(open_form(world, "Niamh")))


@pytest.mark.usefixtures("wave")
def test_the_comparison_group_reads_that_check_ins_are_not_for_them(world: World) -> None:
    assert "mentors and mentees" in words(said(open_form(world, "Leila")))


def test_who_has_not_said_yes_sees_the_card_to_join(world: World) -> None:
    with pytest.raises(UserError) as caught:
        open_form(world, "Niamh")
    assert "join" in actions(caught.value.message)


@pytest.mark.parametrize("name", ["checkin", "withdraw"])
def test_of_two_open_waves_one_is_chosen(world: World, wave: Wave, name: str) -> None:
    world.pass_time(days=1)
    second = waves.open_wave(world, PULSE, days=20)
    shown = said(world.do(FORM, world.event("Niamh", "command", name)))
    buttons = [b for b in ui.buttons_of(shown) if b.action == name]
    assert [b.subject for b in buttons] == [str(wave.id), str(second.id)]
    assert all(b.opens for b in buttons)
    assert form_of(tap(world, FORM, "Niamh", buttons[1])).subject == str(second.id)


def test_home_has_the_check_in_whether_or_not_it_is_answered(world: World, wave: Wave) -> None:
    def shown() -> ui.Message:
        return said(world.do(home.flow, world.event("Niamh", "home")))

    before = shown()
    assert "open until Monday 16 February at 10:00" in words(before)
    assert button(before, "checkin").subject == str(wave.id)
    answer(world, "Niamh")
    assert shown() == before
    world.now = wave.closes_at
    assert "checkin" not in actions(shown())
    assert "checkin" not in actions(said(world.do(home.flow, world.event("Leila", "home"))))


# What leaves no trace


def test_every_way_to_answer_leaves_no_trace() -> None:
    routes = FORM.routes
    assert {key for key, route in routes.items() if route.leaves_no_trace} == routes.keys()
    assert {name for _kind, name in routes} == {"checkin", "withdraw"}
