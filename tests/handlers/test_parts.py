"""Questionnaires in parts: each is sealed when it is sent; they can be left, resumed and replaced."""

import pytest
from sqlalchemy import select

from bot import ui
from bot.flow import InForm, Outcome, ShowForm, UserError
from bot.handlers import checkin, checkin_form, home, open_waves, withdrawal
from bot.handlers.questions import (
    AS_IT_IS,
    HIDE,
    PERMISSION,
    PREFER_NOT,
    SHOW,
    TAKEN_OUT,
    choice_of_part,
    part_form,
    parts_of,
)
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from bot.surveys.instrument import LONGEST_TEXT, Comment, Instrument
from bot.surveys.loading import ITEMS_IN_A_PART, all_instruments
from storage.models import sealed_answer
from storage.records import NotThere, Wave
from tests import waves
from tests.handlers.acts import button, form_of, said, words
from tests.handlers.answering import (
    EVERYBODY,
    GOOD,
    PULSE,
    changed,
    everything,
    in_form,
    open_form,
    opened,
    refused,
    send_form,
    told,
    type_command,
    withdraw,
)
from tests.questionnaire import ANSWERS, FOUR, ONE, QUESTIONNAIRE, THREE, TWO, item
from tests.world import World


@pytest.fixture
def wave(world: World) -> Wave:
    """A questionnaire that has just opened for Amara, Tomasz, Niamh, Haruki and Leila."""
    world.join(*EVERYBODY)
    return waves.open_wave(world, QUESTIONNAIRE)


def at_part(outcome: Outcome) -> int:
    """Which part is shown, of how many is not looked at."""
    return int(form_of(outcome).submit.split()[2])


def send_parts(world: World, who: str, *answers: ui.Values) -> Outcome:
    """Open the form, and send one part after the other."""
    shown = open_form(world, who)
    for values in answers:
        shown = send_form(world, who, form_of(shown), **values)
    return shown


def part_again(world: World, who: str, number: int) -> ui.Form:
    """The form of a part that is to be sent again."""
    choice = form_of(open_form(world, who))
    assert choice.name == "checkin_part"
    return form_of(send_form(world, who, choice, part=str(number)))


# One after the other


def test_each_part_is_followed_by_the_next_and_the_last_by_the_thanks(world: World, wave: Wave) -> None:
    shown = open_form(world, "Niamh")
    for number, values in enumerate(ANSWERS, start=1):
        form = form_of(shown)
        assert (form.title, form.subject) == ("Final questionnaire", f"{wave.id}-{number}")
        assert form.submit == f"Send part {number} of 4"
        before = everything(world)
        shown = send_form(world, "Niamh", form, **values)
        assert changed(before, everything(world)) == {"sealed_answer"}
        assert len(everything(world)["sealed_answer"]) == 2 * number
    text = in_form(shown)
    assert "all 4 parts are sealed" in text
    assert "questionnaire" in text
    assert "check-in" not in text
    assert [opened(world, wave, "Niamh", part)[0].marks for part in (1, 2, 3, 4)] == [
        {"use": (3,), "joy": (1,)},
        {"way": (2,), "skill": (1, 3)},
        {"pair": (3,)},
        {"last": (2,)},
    ]


@pytest.mark.usefixtures("wave")
def test_what_follows_a_part_does_not_undo_it(world: World) -> None:
    shown = send_parts(world, "Niamh", ONE)
    assert isinstance(shown, ShowForm)
    assert shown.follows
    opening = open_form(world, "Niamh")
    assert isinstance(opening, ShowForm)
    assert not opening.follows


@pytest.mark.usefixtures("wave")
def test_progress_is_told_in_parts_and_questions(world: World) -> None:
    first = form_of(open_form(world, "Niamh"))
    assert first.intro.startswith("Part 1 of 4: questions 1 to 2 of 8.")
    assert "sealed until the close" in first.intro
    assert [field.label for field in first.fields] == ["1. About use, as a mentee?", "2. About joy, as a mentee?"]
    second = form_of(send_form(world, "Niamh", first, **ONE))
    assert second.intro.startswith("Part 2 of 4: questions 3 to 5 of 8.")
    assert second.fields[0].label == "3. About way, as a mentee?"
    last = form_of(send_parts(world, "Niamh", TWO, THREE))
    assert last.intro.startswith("Part 4 of 4: question 8 of 8.")


@pytest.mark.usefixtures("wave")
def test_a_role_that_is_not_asked_a_part_has_one_less(world: World) -> None:
    shown = open_form(world, "Leila")
    for number, values in enumerate((ONE, TWO, FOUR), start=1):
        form = form_of(shown)
        assert form.submit == f"Send part {number} of 3"
        shown = send_form(world, "Leila", form, **values)
    assert "all 3 parts" in in_form(shown)


def test_every_kind_of_item_is_asked_and_kept(world: World, wave: Wave) -> None:
    form = form_of(send_parts(world, "Niamh", ONE))
    kinds = [type(field) for field in form.fields]
    assert kinds == [ui.PickOne, ui.PickMany, ui.TextField, ui.PickOne]
    assert form.get_help
    told_all = TWO | {"item_way": PREFER_NOT, "item_skill": (), "item_story": "Quiet rooms.", "permission_2": HIDE}
    send_form(world, "Niamh", form, **told_all)
    scores, words = opened(world, wave, "Niamh", 2)
    assert scores.marks == {}
    assert words == Comment({"story": "Quiet rooms."}, show=False)


def test_an_option_that_comes_many_times_counts_once(world: World, wave: Wave) -> None:
    form = form_of(send_parts(world, "Niamh", ONE))
    send_form(world, "Niamh", form, **TWO | {"item_skill": ("3", "1") * 5_000})
    assert opened(world, wave, "Niamh", 2)[0].marks["skill"] == (1, 3)


@pytest.mark.usefixtures("wave")
def test_help_is_beside_free_text_in_every_part(world: World) -> None:
    forms = [form_of(open_form(world, "Niamh"))]
    for values in ANSWERS[:-1]:
        forms.append(form_of(send_form(world, "Niamh", forms[-1], **values)))
    for form in forms:
        if any(isinstance(field, ui.TextField) for field in form.fields):
            assert [link.url for link in form.get_help] == ["tel:999", "tel:111", "tel:116123"]


@pytest.mark.usefixtures("wave")
def test_no_field_of_one_part_has_the_name_of_a_field_of_another(world: World) -> None:
    """Slack would show what was chosen in the part before."""
    first = form_of(send_parts(world, "Niamh", ONE))
    warned = form_of(send_form(world, "Niamh", first, **TWO | {"item_story": "Amara knows.", "permission_2": SHOW}))
    second = form_of(send_parts(world, "Niamh", TWO))
    warned_again = form_of(
        send_form(world, "Niamh", second, **THREE | {"item_wish": "Amara knows.", "permission_3": SHOW})
    )
    names = [field.name for field in (*warned.fields, *warned_again.fields)]
    assert len(names) == len(set(names))


@pytest.mark.usefixtures("wave")
def test_the_length_of_a_box_does_not_tell_which_part_it_is(world: World) -> None:
    send_parts(world, "Niamh", *ANSWERS)
    full: ui.Values = {"item_story": "\N{PARTY POPPER}" * LONGEST_TEXT, "permission_2": HIDE}
    send_parts(world, "Amara", ONE, TWO | full)
    with world.database.engine.connect() as connection:
        sizes = [len(row.box) for row in connection.execute(select(sealed_answer))]
    assert len(sizes) == 12
    assert len(set(sizes)) == 1


# Leaving and resuming


@pytest.mark.parametrize("sent", [0, 1, 2, 3])
def test_the_form_opens_where_somebody_has_left_off(world: World, wave: Wave, sent: int) -> None:
    send_parts(world, "Niamh", *ANSWERS[:sent])
    world.pass_time(days=5)
    assert at_part(open_form(world, "Niamh")) == sent + 1
    assert at_part(open_form(world, "Niamh", str(wave.id))) == sent + 1


@pytest.mark.usefixtures("wave")
def test_a_part_in_the_middle_that_is_missing_comes_next(world: World) -> None:
    forms = [form_of(open_form(world, "Niamh"))]
    for values in ANSWERS[:-1]:
        forms.append(form_of(send_form(world, "Niamh", forms[-1], **values)))
    withdraw(world, "Niamh")
    send_form(world, "Niamh", forms[0], **ONE)
    shown = send_form(world, "Niamh", forms[2], **THREE)
    assert at_part(shown) == 2
    assert at_part(send_form(world, "Niamh", form_of(shown), **TWO)) == 4


@pytest.mark.parametrize("sent", [0, 1, 4])
@pytest.mark.usefixtures("wave")
def test_looking_where_somebody_is_writes_nothing(world: World, sent: int) -> None:
    send_parts(world, "Niamh", *ANSWERS[:sent])
    before = everything(world)
    open_form(world, "Niamh")
    type_command(world, "Niamh", "withdraw")
    assert everything(world) == before


@pytest.mark.usefixtures("wave")
def test_a_card_that_opens_the_form_does_not_tell_how_far_somebody_is(world: World) -> None:
    def card() -> tuple[str, str, str]:
        shown = open_form(world, "Niamh")
        assert isinstance(shown, ShowForm)
        return shown.form.title, shown.action, shown.subject

    before = card()
    for sent in range(1, 5):
        send_parts(world, "Niamh", ANSWERS[sent - 1])
        assert card() == before


# Sending again


def test_when_all_were_sent_a_part_is_chosen_and_replaced(world: World, wave: Wave) -> None:
    send_parts(world, "Niamh", *ANSWERS)
    before = everything(world)
    choice = form_of(open_form(world, "Niamh"))
    (asked,) = choice.fields
    assert isinstance(asked, ui.PickOne)
    assert [option.label for option in asked.options] == [
        "Part 1 of 4: questions 1 to 2 of 8.",
        "Part 2 of 4: questions 3 to 5 of 8.",
        "Part 3 of 4: questions 6 to 7 of 8.",
        "Part 4 of 4: question 8 of 8.",
    ]
    form = part_again(world, "Niamh", 2)
    assert everything(world) == before
    assert not any(field.value for field in form.fields), "what was sent is never shown again"
    assert isinstance(send_form(world, "Niamh", form, **TWO | {"item_way": "1"}), InForm)
    assert len(everything(world)["sealed_answer"]) == 8
    assert opened(world, wave, "Niamh", 2)[0].marks["way"] == (1,)
    assert opened(world, wave, "Niamh", 1)[0].marks == {"use": (3,), "joy": (1,)}


@pytest.mark.parametrize("number", ["", "0", "5", "9" * 40, "1 OR 1=1"])
@pytest.mark.usefixtures("wave")
def test_a_choice_that_there_is_not_is_refused(world: World, number: str) -> None:
    send_parts(world, "Niamh", *ANSWERS)
    choice = form_of(open_form(world, "Niamh"))
    assert refused(world, "Niamh", choice, part=number).keys() == {"part"}


@pytest.mark.usefixtures("wave")
def test_the_comparison_group_cannot_choose_a_part_that_it_is_not_asked(world: World) -> None:
    send_parts(world, "Leila", ONE, TWO, FOUR)
    choice = form_of(open_form(world, "Leila"))
    assert refused(world, "Leila", choice, part="3").keys() == {"part"}


def test_of_two_devices_the_last_one_holds_part_by_part(world: World, wave: Wave) -> None:
    phone = form_of(open_form(world, "Niamh"))
    laptop = form_of(open_form(world, "Niamh"))
    second = form_of(send_form(world, "Niamh", phone, **ONE))
    assert at_part(send_form(world, "Niamh", laptop, **ONE | {"item_use": "1"})) == 2
    send_form(world, "Niamh", second, **TWO | {"item_story": "Quiet rooms.", "permission_2": SHOW})
    assert at_part(send_form(world, "Niamh", second, **TWO | {"item_skill": ("2",)})) == 3
    assert len(everything(world)["sealed_answer"]) == 4
    assert opened(world, wave, "Niamh", 1)[0].marks == {"use": (1,), "joy": (1,)}
    scores, written = opened(world, wave, "Niamh", 2)
    assert scores.marks == {"way": (2,), "skill": (2,)}
    assert written == Comment({}, show=False), "the whole part is replaced"


def test_all_parts_are_taken_back_at_once(world: World, wave: Wave) -> None:
    send_parts(world, "Amara", ONE)
    others = everything(world)
    send_parts(world, "Niamh", *ANSWERS)
    form = form_of(type_command(world, "Niamh", "withdraw"))
    assert "all that you sent to the questionnaire" in form.intro
    assert "deleted" in in_form(send_form(world, "Niamh", form))
    assert everything(world) == others
    assert at_part(open_form(world, "Niamh", str(wave.id))) == 1


# What cannot be taken


@pytest.mark.usefixtures("wave")
def test_a_name_in_a_later_part_is_pointed_out_in_that_part(world: World) -> None:
    form = form_of(send_parts(world, "Niamh", ONE))
    before = everything(world)
    typed = TWO | {"item_story": "Amara is a good listener.", "permission_2": SHOW}
    warned = form_of(send_form(world, "Niamh", form, **typed))
    assert everything(world) == before
    assert (warned.submit, warned.subject) == (form.submit, form.subject)
    assert {field.name: field.value for field in warned.fields} == typed | {"names_2": ""}
    assert refused(world, "Niamh", warned, names_2=TAKEN_OUT).keys() == {"names_2"}
    assert at_part(send_form(world, "Niamh", warned, names_2=AS_IT_IS)) == 3


@pytest.mark.usefixtures("wave")
def test_mistakes_stand_beside_the_fields_of_their_part(world: World) -> None:
    form = form_of(send_parts(world, "Niamh", ONE))
    wrong = TWO | {"item_way": "4", "item_skill": ("1", "9"), "item_story": "Quiet rooms."}
    assert refused(world, "Niamh", form, **wrong).keys() == {"item_way", "item_skill", "permission_2"}


@pytest.mark.parametrize("number", [1, 3])
def test_a_part_that_is_sent_after_the_close_stores_nothing_and_says_so(world: World, wave: Wave, number: int) -> None:
    form = form_of(send_parts(world, "Niamh", *ANSWERS[: number - 1]))
    world.now = wave.closes_at
    text = told(world, "Niamh", form, **ANSWERS[number - 1])
    assert "This questionnaire has closed, so nothing was stored now." in text


def test_a_part_that_is_chosen_after_the_close_is_not_opened(world: World, wave: Wave) -> None:
    send_parts(world, "Niamh", *ANSWERS)
    choice = form_of(open_form(world, "Niamh"))
    world.now = wave.closes_at
    assert "has closed" in told(world, "Niamh", choice, part="1")


@pytest.mark.parametrize("part", ["5", "0", "01", "-1", "2-2", "", "1 OR 1=1", "9" * 40])
def test_a_part_that_there_is_not_is_refused_kindly(world: World, wave: Wave, part: str) -> None:
    form = ui.Form("checkin", "", "", (), "", subject=f"{wave.id}-{part}")
    text = told(world, "Niamh", form, item_use="3", item_joy="1")
    assert "out of date" in text
    assert "open the questionnaire again" in text


def test_a_form_without_a_part_is_refused_where_there_are_several(world: World, wave: Wave) -> None:
    form = ui.Form("checkin", "", "", (), "", subject=str(wave.id))
    assert "out of date" in told(world, "Niamh", form, item_use="3", item_joy="1")


def test_a_form_with_a_part_is_refused_where_there_is_one(world: World) -> None:
    world.join(*EVERYBODY)
    wave = waves.open_wave(world, PULSE)
    form = ui.Form("checkin", "", "", (), "", subject=f"{wave.id}-1")
    assert "out of date" in told(world, "Niamh", form, item_useful="4", item_open="4", item_time="4")


def test_a_part_of_another_role_is_refused(world: World, wave: Wave) -> None:
    form = ui.Form("checkin", "", "", (), "", subject=f"{wave.id}-3")
    assert "out of date" in told(world, "Leila", form, item_pair="3")


@pytest.mark.parametrize("who", ["Gwen", "Brigid"])
def test_who_is_not_asked_can_send_no_part(world: World, wave: Wave, who: str) -> None:
    before = everything(world)
    form = ui.Form("checkin", "", "", (), "", subject=f"{wave.id}-1")
    with pytest.raises(NotThere):
        send_form(world, who, form, item_use="3", item_joy="1")
    assert everything(world) == before


def test_a_lost_key_is_said_before_anybody_types(world: World, wave: Wave) -> None:
    form = form_of(open_form(world, "Niamh"))
    with world.uow() as uow:
        uow.keys.destroy(wave.key_id)
    lost = "This questionnaire cannot take answers any more"
    assert lost in told(world, "Niamh", form, **ONE)
    with pytest.raises(UserError) as caught:
        open_form(world, "Niamh")
    assert lost in words(caught.value.message)


def test_who_changes_role_is_asked_in_the_role_of_the_opening_to_the_end(world: World, wave: Wave) -> None:
    first = form_of(open_form(world, "Niamh"))
    with world.uow() as uow:
        uow.people.set_role(world.people["Niamh"].id, "mentor")
        assert uow.waves.role_in(wave.id, world.people["Niamh"].id) == "mentee"
    second = form_of(send_form(world, "Niamh", first, **ONE))
    assert second.fields[0].label == "3. About way, as a mentee?"


# Several waves, and who has finished


@pytest.mark.usefixtures("wave")
def test_of_two_open_questionnaires_one_is_chosen(world: World) -> None:
    world.pass_time(days=1)
    pulse = waves.open_wave(world, PULSE, days=20)
    shown = said(open_form(world, "Niamh"))
    assert [button.label for button in ui.buttons_of(shown)] == ["Final questionnaire", "Mentee pulse"]
    send_form(world, "Niamh", form_of(open_form(world, "Niamh", str(pulse.id))), **GOOD)
    assert said(open_form(world, "Niamh")) == shown


def test_who_has_parts_missing_has_not_finished(world: World, wave: Wave) -> None:
    send_parts(world, "Niamh", *ANSWERS)
    send_parts(world, "Amara", ONE, TWO)
    send_parts(world, "Leila", ONE, TWO, FOUR)
    keys = waves.keys_of_wave(world, wave)
    with world.uow() as uow:
        finished = open_waves.who_finished(wave, keys, uow.waves.members(wave.id), uow)
    assert finished == {world.people[who].id for who in ("Niamh", "Leila")}


def test_who_has_parts_missing_is_reminded(world: World, wave: Wave) -> None:
    send_parts(world, "Niamh", *ANSWERS)
    send_parts(world, "Amara", ONE, TWO)
    world.work(checkin.flow, "wave_remind", f"{wave.id}:0")
    reminded = {who for who in EVERYBODY if world.queued(who)}
    assert reminded == {"Amara", "Tomasz", "Haruki", "Leila"}


@pytest.mark.parametrize("sent", [0, 1, 3])
def test_home_has_the_questionnaire_of_the_comparison_group_however_far_they_are(
    world: World, wave: Wave, sent: int
) -> None:
    def shown() -> ui.Message:
        return said(world.do(home.flow, world.event("Leila", "home")))

    before = shown()
    assert "A questionnaire is open until Monday 16 February at 10:00." in words(before)
    assert button(before, "checkin").subject == str(wave.id)
    send_parts(world, "Leila", *(ONE, TWO, FOUR)[:sent])
    assert shown() == before


@pytest.mark.parametrize("name", ["end", "reflection"])
def test_no_other_instrument_is_called_a_check_in(world: World, name: str) -> None:
    wave, person = open_waves.example_wave(name=name), world.people["Amara"]
    kind = open_waves.kind_of(wave)
    forms = [
        *(part_form(part, person) for part in parts_of(wave, "mentor")),
        choice_of_part(wave, "mentor", person),
        withdrawal.withdrawal_form(wave, person),
    ]
    messages = [
        checkin_form.thanks(wave, "mentor", person),
        checkin_form.out_of_date(kind),
        open_waves.closed(kind),
        open_waves.key_lost(world.programme, kind),
        withdrawal.taken_back(wave, person),
        withdrawal.nothing_there(wave, person),
    ]
    texts = [f"{form.title}{form.intro}{form.seen_by}{form.fields}" for form in forms] + list(map(words, messages))
    assert not [text for text in texts if "check-in" in text.lower()]
    assert open_waves.check_in_button(wave).label == "Answer"


# On the platforms


@pytest.mark.parametrize("level", ["standard", "strict", "research"])
@pytest.mark.parametrize("name", sorted(all_instruments()))
def test_every_part_of_our_questionnaires_fits_both_platforms(world: World, name: str, level: str) -> None:
    wave = open_waves.example_wave(level if name != "pulse" else "standard", name)
    for role in all_instruments()[name].audience:
        for part in parts_of(wave, role):
            form = part_form(part, world.people["Niamh"])
            slack.modal(form)
            teams.dialog(form, "dialog-1")


def test_a_part_of_twenty_questions_fits_both_platforms_with_all_that_was_typed(world: World) -> None:
    """As long as an instrument may be: nothing of it is refused by a platform, also when names are pointed out."""
    items = [item(f"q_{chr(97 + n)}", "likert", 1, ("mentee",)) for n in range(ITEMS_IN_A_PART - 1)]
    items += [item("words", "text", 1, ("mentee",)), item("last", "likert", 2, ("mentee",))]
    instrument = Instrument("long", "questionnaire", ("mentee",), {"mentee": "A" * 24}, "standard", tuple(items))
    world.join("Niamh")
    part = parts_of(waves.open_wave(world, instrument, level="strict"), "mentee")[0]
    values: ui.Values = dict.fromkeys((f"item_{each.id}" for each in items), "3")
    values |= {"item_words": "\N{PARTY POPPER}" * LONGEST_TEXT, PERMISSION: SHOW}
    form = part_form(part, world.people["Niamh"], ("Amara Okonjo",), values)
    assert len(form.fields) == ITEMS_IN_A_PART + 2
    slack.modal(form)
    teams.dialog(form, "dialog-1", values, {"names": "Please choose one of the two."})
