"""The questionnaires that come with the bot: whether they ask all that a programme is judged by, and ask it well."""

import re
from typing import NamedTuple

import pytest

from bot.surveys.instrument import ROLES, Instrument, Item
from bot.surveys.loading import all_instruments

MENTOR, MENTEE, CONTROL = (("mentor",), ("mentee",), ("control",))
PAIRS, ALL = ("mentor", "mentee"), ROLES


class Reported(NamedTuple):
    """A result of the published programme that comes from a questionnaire: what it says, of whom, where we ask it, and
    how many of how many said yes."""

    says: str
    roles: tuple[str, ...]
    instrument: str
    splits: list[str]
    yes: int
    n: int


REPORTED = [
    Reported("prior experience of peer mentoring", ALL, "baseline", ["experience"], 4, 62),
    Reported("priority: learning opportunities", MENTEE, "baseline", ["priorities/1"], 17, 18),
    Reported("priority: learning opportunities", CONTROL, "baseline", ["priorities/1"], 24, 26),
    Reported("priority: exams", MENTEE, "baseline", ["priorities/2"], 17, 18),
    Reported("priority: exams", CONTROL, "baseline", ["priorities/2"], 24, 26),
    Reported("priority: career development", MENTEE, "baseline", ["priorities/3"], 16, 18),
    Reported("priority: career development", CONTROL, "baseline", ["priorities/3"], 24, 26),
    Reported("priority: work-life balance", MENTEE, "baseline", ["priorities/4"], 16, 18),
    Reported("priority: work-life balance", CONTROL, "baseline", ["priorities/4"], 24, 26),
    Reported("found it useful", MENTOR, "end", ["useful"], 18, 18),
    Reported("found it useful", MENTEE, "end", ["useful"], 17, 18),
    Reported("enjoyed taking part", MENTOR, "end", ["enjoyed"], 18, 18),
    Reported("enjoyed taking part", MENTEE, "end", ["enjoyed"], 15, 18),
    Reported("training effective", MENTOR, "end", ["training"], 17, 18),
    Reported("learning sets valued", MENTOR, "end", ["als"], 17, 18),
    Reported("successful relationship", MENTOR, "end", ["relationship"], 16, 18),
    Reported("successful relationship", MENTEE, "end", ["relationship"], 17, 18),
    Reported("peers a support", MENTEE, "end", ["support_peers"], 16, 18),
    Reported("peers a support", CONTROL, "end", ["support_peers"], 24, 26),
    Reported("friends and family a support", MENTEE, "end", ["support_family"], 16, 18),
    Reported("friends and family a support", CONTROL, "end", ["support_family"], 24, 26),
    Reported("wished to have been given a mentor", CONTROL, "end", ["wished"], 21, 26),
    Reported("mentor a significant support", MENTEE, "end", ["support_mentor"], 17, 18),
    Reported("skills in coaching and mentoring", MENTOR, "end", ["coaching"], 18, 18),
    Reported("better communication", MENTOR, "end", ["communication"], 17, 18),
    Reported("will use skills with juniors", MENTOR, "end", ["uses/1"], 18, 18),
    Reported("will use skills as a consultant or supervisor", MENTOR, "end", ["uses/2"], 17, 18),
    Reported("will use skills with patients and at home", MENTOR, "end", ["uses/3", "uses/4"], 16, 18),
    Reported("effect on professional behaviour", MENTOR, "end", ["effect_professional"], 13, 18),
    Reported("effect on personal life", MENTOR, "end", ["effect_personal"], 8, 18),
    Reported("more proactive", MENTEE, "end", ["proactive"], 14, 18),
    Reported("better decisions", MENTEE, "end", ["decisions"], 14, 18),
    Reported("stress management", MENTEE, "end", ["stress"], 14, 18),
    Reported("managing new situations", MENTEE, "end", ["new_situations"], 14, 18),
    Reported("outlook", MENTEE, "end", ["outlook"], 14, 18),
    Reported("self-confidence", MENTEE, "end", ["confidence"], 16, 18),
    Reported("realism", MENTEE, "end", ["realism"], 15, 18),
    Reported("will continue", MENTOR, "end", ["will_continue"], 17, 18),
    Reported("will continue", MENTEE, "end", ["will_continue"], 15, 18),
    Reported("strong interest", CONTROL, "end", ["interest"], 20, 26),
    Reported("difficulty with the time", PAIRS, "end", ["time_difficulty"], 14, 36),
]
"""Every one that was published."""

LONG = ("baseline", "midpoint", "end", "follow_up")
IN_A_PART = 9
SHORT = 90
"""Characters of a statement that is read at one go on a phone."""


def shipped() -> list[Instrument]:
    return list(all_instruments().values())


def asked() -> list[tuple[Instrument, Item]]:
    return [(instrument, item) for instrument in shipped() for item in instrument.items]


def named(pairs: list[tuple[Instrument, Item]]) -> list[object]:
    return [pytest.param(item, id=f"{instrument.id}-{item.id}") for instrument, item in pairs]


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.says}-{'-'.join(row.roles)}") for row in REPORTED])
def test_every_reported_result_has_its_question_and_its_row(row: Reported) -> None:
    found = all_instruments()[row.instrument]
    assert set(row.splits) <= {split.id for split in found.splits(row.roles)}
    assert len(row.roles) == 1 or row.roles in found.rows
    assert found.level == "research"


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.says}-{'-'.join(row.roles)}") for row in REPORTED])
def test_the_source_of_a_question_tells_what_was_reported(row: Reported) -> None:
    asked = {split.split("/")[0] for split in row.splits}
    words = "|".join((rf"\b{row.yes}\b", *(["all mentors"] if row.yes == row.n else ["94%"])))
    for item in all_instruments()[row.instrument].items:
        assert item.id not in asked or re.search(words, item.source)


def test_there_are_questionnaires_for_before_during_after_and_later_and_one_for_the_sets() -> None:
    assert {one.id: (one.kind, one.audience) for one in shipped()} == {
        "pulse": ("pulse", PAIRS),
        "baseline": ("questionnaire", ALL),
        "midpoint": ("questionnaire", ALL),
        "end": ("questionnaire", ALL),
        "follow_up": ("questionnaire", ALL),
        "reflection": ("reflection", MENTOR),
    }


@pytest.mark.parametrize("name", [*LONG, "reflection"])
def test_each_says_that_it_was_reconstructed(name: str) -> None:
    assert all_instruments()[name].note.startswith("Reconstructed from reported results")


@pytest.mark.parametrize("item", named(asked()))
def test_each_question_says_what_it_is_about_and_where_that_comes_from(item: Item) -> None:
    assert item.construct
    assert "Our own" in item.source


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", LONG)
def test_a_questionnaire_is_soon_answered_in_parts_that_suit_a_phone(name: str, role: str) -> None:
    instrument = all_instruments()[name]
    items = instrument.items_for(role)
    assert len(items) <= 20
    assert sum(item.kind == "text" for item in items) <= 2
    for part in instrument.parts_for(role):
        assert sum(item.part == part for item in items) <= IN_A_PART


@pytest.mark.parametrize("item", named(asked()))
def test_a_question_is_short_asks_one_thing_and_nothing_backwards(item: Item) -> None:
    for words in item.words.values():
        assert len(words) < SHORT
        assert not {"not", "never", "no", "nor"} & set(re.findall(r"[a-z]+", words.lower()))
    if item.kind == "likert":
        assert (len(item.options), item.favourable, item.favourable_words) == (5, (4, 5), "agree")


def test_the_same_question_has_the_same_id_in_two_questionnaires() -> None:
    constructs: dict[str, set[str]] = {}
    for _instrument, item in asked():
        constructs.setdefault(item.construct, set()).add(item.id)
    assert {about: ids for about, ids in constructs.items() if len(ids) > 1} == {}


def test_a_fact_is_asked_once_only() -> None:
    facts = [(instrument.id, item.id) for instrument, item in asked() if item.once]
    assert facts == [("baseline", "experience")]


def test_what_changed_is_asked_of_mentees_and_the_comparison_group_in_the_same_words() -> None:
    changed = [item for item in all_instruments()["end"].items if item.part == 2 and "mentee" in item.words]
    assert len(changed) == 8
    for item in changed:
        assert item.words["control"] == item.words["mentee"]


def test_nobody_is_asked_of_a_mentor_or_mentee_whom_they_do_not_have() -> None:
    for instrument, item in asked():
        words = item.words.get("control", "").lower()
        assert not {"my mentor", "my mentee"} & {found for found in ("my mentor", "my mentee") if found in words}, (
            instrument.id,
            item.id,
        )
