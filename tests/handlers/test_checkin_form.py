"""Answering a check-in: what is sent is sealed, and nothing else is stored."""

from datetime import UTC, datetime

import pytest
from msgspec import structs
from sqlalchemy import select

from bot import ui
from bot.flow import FormErrors, InForm, Private, UserError
from bot.handlers import checkin_form, home, open_waves, withdrawal
from bot.handlers.questions import AS_IT_IS, HIDE, NAMES, PERMISSION, PREFER_NOT, SHOW, TAKEN_OUT
from bot.surveys.instrument import LONGEST_TEXT, Comment
from storage.models import sealed_answer
from storage.records import NotThere, Wave
from tests import waves
from tests.examples import EXAMPLES
from tests.handlers.acts import actions, button, form_of, said, tap, words
from tests.handlers.answering import (
    FLOWS,
    GOOD,
    PULSE,
    answer,
    changed,
    everything,
    in_form,
    open_form,
    open_pulse,
    opened,
    refused,
    send_form,
    told,
    type_command,
)
from tests.world import World


@pytest.fixture
def wave(world: World) -> Wave:
    """A pulse that has just opened for Amara, Tomasz, Niamh and Haruki."""
    return open_pulse(world)


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
        assert part in open_waves.promise(level)


def test_the_promise_of_exact_counts_says_what_they_can_show() -> None:
    promised = open_waves.promise("research")
    for part in ("everybody else who agreed to exact counts", "one person disagreed", "fewer than eight", "destroyed"):
        assert part in promised
    assert "steps" not in promised


def test_before_the_close_nothing_is_called_anonymous() -> None:
    for name, build in EXAMPLES.items():
        if name.startswith(("checkin", "released")):
            assert "anonym" not in str(build()).lower()
    assert "Confidential" in str(EXAMPLES["questions.check_in_mentee"]())


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
        assert isinstance(send_form(world, "Niamh", form, **GOOD | {"item_open": value}), InForm)
    else:
        assert refused(world, "Niamh", form, **GOOD | {"item_open": value}).keys() == {"item_open"}


@pytest.mark.usefixtures("wave")
def test_several_values_for_one_question_are_refused(world: World) -> None:
    form = form_of(open_form(world, "Niamh"))
    with pytest.raises(FormErrors):
        send_form(world, "Niamh", form, **GOOD | {"item_open": ("4", "5")})
    assert everything(world)["sealed_answer"] == frozenset()


@pytest.mark.parametrize("choice", ["", "both", SHOW.upper()])
@pytest.mark.usefixtures("wave")
def test_words_need_a_choice_whether_they_may_be_shown(world: World, choice: str) -> None:
    form = form_of(open_form(world, "Niamh"))
    errors = refused(world, "Niamh", form, **GOOD | {"item_comment": "Evenings suit me.", PERMISSION: choice})
    assert errors.keys() == {PERMISSION}


def test_a_choice_without_words_says_nothing(world: World, wave: Wave) -> None:
    answer(world, "Niamh", item_comment=" \n ", permission=SHOW)
    assert opened(world, wave, "Niamh")[1] == Comment({}, show=False)


def test_words_may_be_kept_from_being_shown(world: World, wave: Wave) -> None:
    answer(world, "Niamh", item_comment="Evenings suit me.", permission=HIDE)
    assert opened(world, wave, "Niamh")[1] == Comment({"comment": "Evenings suit me."}, show=False)


def test_too_much_text_is_refused_and_just_enough_is_not(world: World, wave: Wave) -> None:
    form = form_of(open_form(world, "Niamh"))
    errors = refused(world, "Niamh", form, **GOOD | {"item_comment": "x" * (LONGEST_TEXT + 1), PERMISSION: SHOW})
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
    assert isinstance(send_form(world, "Niamh", form, names=AS_IT_IS), InForm)
    assert opened(world, wave, "Niamh")[1] == Comment({"comment": "Amara is a good listener."}, show=True)


@pytest.mark.usefixtures("wave")
def test_what_is_said_to_be_taken_out_is_looked_at_again(world: World) -> None:
    form = form_of(answer(world, "Niamh", item_comment="Amara is a good listener.", permission=SHOW))
    assert refused_again(world, form, names=TAKEN_OUT).keys() == {NAMES}
    assert refused_again(world, form, names="").keys() == {NAMES}
    done = send_form(world, "Niamh", form, names=TAKEN_OUT, item_comment="My mentor is a good listener.")
    assert isinstance(done, InForm)


def refused_again(world: World, form: ui.Form, **values: str) -> dict[str, str]:
    held = {field.name: field.value for field in form.fields if isinstance(field.value, str)}
    return refused(world, "Niamh", form, **held | values)


@pytest.mark.usefixtures("wave")
def test_insisting_on_one_name_lets_no_other_pass(world: World) -> None:
    form = form_of(answer(world, "Niamh", item_comment="Amara is a good listener.", permission=SHOW))
    again = form_of(
        send_form(world, "Niamh", form, names=AS_IT_IS, item_comment="Amara and Tomasz are good listeners.")
    )
    assert "“Tomasz”" in again.fields[-1].label
    assert everything(world)["sealed_answer"] == frozenset()


@pytest.mark.usefixtures("wave")
def test_a_mistake_elsewhere_keeps_the_question_about_names(world: World) -> None:
    form = form_of(answer(world, "Niamh", item_comment="Amara is a good listener.", permission=SHOW))
    with pytest.raises(FormErrors) as caught:
        send_form(world, "Niamh", form, names=AS_IT_IS, item_open="9")
    assert caught.value.errors.keys() == {"item_open"}
    assert caught.value.form.fields[-1].name == NAMES


# Who cannot answer


def test_a_wave_that_has_closed_takes_nothing(world: World, wave: Wave) -> None:
    form = form_of(open_form(world, "Niamh"))
    world.now = wave.closes_at
    assert "has closed" in told(world, "Niamh", form, **GOOD)
    with pytest.raises(UserError):
        open_form(world, "Niamh", str(wave.id))


def test_a_wave_that_is_being_counted_takes_nothing(world: World, wave: Wave) -> None:
    form = form_of(open_form(world, "Niamh"))
    waves.begin_to_close(world, wave)
    assert "has closed" in told(world, "Niamh", form, **GOOD)


@pytest.mark.parametrize("subject", ["", "0", "999", "2-1", "1:2", "-1", "1 OR 1=1", "9" * 40])
@pytest.mark.parametrize("name", ["checkin", "withdraw"])
@pytest.mark.usefixtures("wave")
def test_an_altered_wave_is_refused(world: World, name: str, subject: str) -> None:
    before = everything(world)
    with pytest.raises(NotThere):
        world.do(FLOWS[name], world.event("Niamh", "form", name, subject=subject, values=GOOD))
    assert everything(world) == before


@pytest.mark.parametrize("who", ["Leila", "Gwen", "Brigid"])
@pytest.mark.parametrize("name", ["checkin", "withdraw"])
def test_who_is_not_asked_can_send_nothing(world: World, wave: Wave, name: str, who: str) -> None:
    before = everything(world)
    with pytest.raises(NotThere):
        world.do(FLOWS[name], world.event(who, "form", name, subject=str(wave.id), values=GOOD))
    assert everything(world) == before


def test_who_joins_later_is_asked_from_the_next_wave_on(world: World) -> None:
    world.join("Amara")
    wave = waves.open_wave(world, PULSE)
    world.join("Niamh")
    shown = open_form(world, "Niamh")
    assert isinstance(shown, Private)
    assert "began before you joined" in words(shown.message)
    with pytest.raises(NotThere):
        world.do(FLOWS["checkin"], world.event("Niamh", "form", "checkin", subject=str(wave.id), values=GOOD))


def test_a_lost_key_is_said_in_plain_words(world: World, wave: Wave) -> None:
    form = form_of(open_form(world, "Niamh"))
    withdrawal = form_of(type_command(world, "Niamh", "withdraw"))
    with world.uow() as uow:
        uow.keys.destroy(wave.key_id)
    assert "Nothing was stored" in told(world, "Niamh", form, **GOOD)
    assert "key" in told(world, "Niamh", withdrawal)


def test_who_leaves_sends_nothing_any_more_and_keeps_what_was_sent(world: World, wave: Wave) -> None:
    answer(world, "Niamh")
    form = form_of(open_form(world, "Niamh"))
    with world.uow() as uow:
        uow.people.set_state(world.people["Niamh"].id, "left")
    assert "no longer take part" in told(world, "Niamh", form, **GOOD | {"item_useful": "1"})
    assert opened(world, wave, "Niamh")[0].marks["useful"] == (4,)


# Finding the form


def test_without_an_open_wave_the_next_day_is_told(world: World) -> None:
    world.join("Niamh")
    shown = said(open_form(world, "Niamh"))
    assert "The next one opens on 16 February 2026." in words(shown)
    assert "results" not in actions(shown)


def test_after_the_last_wave_no_day_is_told(world: World) -> None:
    world.join("Niamh")
    world.now = datetime(2028, 2, 1, 10, 0, tzinfo=UTC)
    waves.open_wave(world, structs.replace(PULSE, id="follow_up"))
    world.pass_time(days=20)
    assert "opens on" not in words(said(open_form(world, "Niamh")))


@pytest.mark.usefixtures("wave")
def test_the_comparison_group_reads_that_check_ins_are_not_for_them(world: World) -> None:
    text = words(said(open_form(world, "Leila")))
    assert "check-ins in between are for mentors and mentees" in text
    assert "The next one opens on 2 March 2026." in text, "with the first questionnaire, after the check-in"


def test_who_has_not_said_yes_sees_the_card_to_join(world: World) -> None:
    with pytest.raises(UserError) as caught:
        open_form(world, "Niamh")
    assert "join" in actions(caught.value.message)


@pytest.mark.parametrize("name", ["checkin", "withdraw"])
def test_of_two_open_waves_one_is_chosen(world: World, wave: Wave, name: str) -> None:
    world.pass_time(days=1)
    second = waves.open_wave(world, PULSE, days=20)
    shown = said(type_command(world, "Niamh", name))
    buttons = [b for b in ui.buttons_of(shown) if b.action == name]
    assert [b.subject for b in buttons] == [str(wave.id), str(second.id)]
    assert all(b.opens for b in buttons)
    assert form_of(tap(world, FLOWS[name], "Niamh", buttons[1])).subject == str(second.id)


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
    routes = checkin_form.flow.routes | withdrawal.flow.routes
    assert {key for key, route in routes.items() if route.leaves_no_trace} == routes.keys()
    assert {name for _kind, name in routes} == FLOWS.keys()
