"""The published programme's answers: whether its counts come out of them."""

from collections import Counter
from functools import cache

import pytest

from bot import ui
from bot.examples import CONTROL, MENTEE, MENTOR
from bot.handlers.open_waves import example_wave
from bot.handlers.questions import field_of, part_form, parts_of
from bot.playground import example, paper
from bot.playground.client import ShownForm
from bot.playground.example import ExamplePerson
from bot.programme.meetings import TOPICS
from bot.programme.pairs import ENDINGS
from bot.surveys import rules
from bot.surveys.instrument import ROLES, Answer
from bot.surveys.loading import all_instruments
from bot.surveys.release import Row
from tests.surveys.test_questionnaires import REPORTED, Reported

EVERYBODY = example.people()
BOOK = paper.Book(EVERYBODY)
ASKED = {role: [person for person in EVERYBODY if person.part == role] for role in ROLES}
READERS = {"mentor": MENTOR, "mentee": MENTEE, "control": CONTROL}
MENTORS = [person.email for person in ASKED["mentor"]]


def forms_of(name: str, role: str) -> list[ui.Form]:
    return [part_form(part, READERS[role]) for part in parts_of(example_wave(name=name), role)]


def filled_in(name: str, person: ExamplePerson) -> list[tuple[ui.Form, ui.Values]]:
    """Each part with what somebody answers."""
    found = []
    for form in forms_of(name, person.part):
        held: ui.Values = {field.name: field.value for field in form.fields}
        values = BOOK.answers(person, name, ShownForm(form.name, "", 0, form.title, (), held, {}, {}))
        assert values is not None
        found.append((form, values))
    return found


def answer_of(name: str, person: ExamplePerson) -> Answer:
    given = {field: value for _form, values in filled_in(name, person) for field, value in values.items()}
    marks = {
        item.id: tuple(map(int, given[field_of(item)]))
        for item in all_instruments()[name].items_for(person.part)
        if item.kind != "text"
    }
    return Answer(marks)


@cache
def counted(name: str) -> dict[tuple[str, ...], Row]:
    """What a wave of all of them lets out exactly, by roles."""
    instrument = all_instruments()[name]
    answers = [(role, answer_of(name, person)) for role, people in ASKED.items() for person in people]
    invited = {role: len(people) for role, people in ASKED.items()}
    return {
        row.roles: row for row in rules.rows(instrument, rules.RESEARCH, invited, answers, declared=instrument.rows)
    }


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.says}-{'-'.join(row.roles)}") for row in REPORTED])
def test_every_count_that_was_reported_comes_out(row: Reported) -> None:
    found = counted(row.instrument)[row.roles]
    results = {result.split: result.low for result in found.results}
    assert found.n == row.n
    assert {results[split] for split in row.splits} == {row.yes}


@pytest.mark.parametrize("name", sorted(paper.QUESTIONNAIRES))
@pytest.mark.parametrize("role", ROLES)
def test_everybody_answers_every_question_with_one_of_its_options(name: str, role: str) -> None:
    for person in ASKED[role]:
        for form, values in filled_in(name, person):
            for field in form.fields:
                if isinstance(field, ui.PickOne):
                    assert values[field.name] in {option.value for option in field.options}
                elif isinstance(field, ui.PickMany):
                    assert set(values[field.name]) <= {option.value for option in field.options}
                else:
                    assert field.name in values


def test_nobody_disagrees_with_everything_and_nobody_with_nothing() -> None:
    """Whoever says no is somebody else from question to question."""
    for role, people in ASKED.items():
        splits = {split.id: split for split in all_instruments()["end"].splits((role,))}
        no = Counter(
            place
            for place, person in enumerate(people)
            for split in splits.values()
            if split.favourable.isdisjoint(answer_of("end", person).marks[split.item])
        )
        assert len(no) == len(people)
        assert max(no.values()) < len(splits)


def test_some_write_something_in_every_part_with_room_for_it() -> None:
    for role in ROLES:
        written = [
            values[field.name]
            for person in ASKED[role]
            for form, values in filled_in("end", person)
            for field in form.fields
            if isinstance(field, ui.TextField)
        ]
        assert 0 < sum(map(bool, written)) < len(written)


def test_check_ins_are_left_to_luck() -> None:
    form = ShownForm("checkin", "1", 0, "Mentor pulse", (), {"item_useful": ""}, {}, {})
    assert BOOK.answers(ASKED["mentor"][0], "pulse", form) is None


def test_half_of_the_pairs_meet_four_times_or_more() -> None:
    course = paper.course(EVERYBODY)
    assert list(course.meetings) == MENTORS
    assert min(course.meetings.values()) > 0
    assert sum(count >= 4 for count in course.meetings.values()) == 9


def test_all_pairs_but_one_talk_about_each_of_the_two_topics() -> None:
    talked = Counter(topic for topics in paper.course(EVERYBODY).topics.values() for topic in topics)
    assert talked["professional_development"] == talked["learning_opportunities"] == 17
    assert {topic: talked[topic] for topic in paper.FURTHER} == paper.FURTHER
    assert talked.keys() <= set(TOPICS)


def test_two_pairs_end_early_for_a_reason_that_a_lead_can_choose() -> None:
    endings = paper.course(EVERYBODY).endings
    assert len(endings) == 2
    assert {ending.reason for ending in endings} == {"no_contact", "training"} <= set(ENDINGS)
