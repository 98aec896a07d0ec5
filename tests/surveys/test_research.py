"""The research copy: what is sealed, and whose copies can go out without telling of anybody else."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.utils import random as random_bytes

from bot.files.research_key import NoKey, new_key, private_key, public_key
from bot.surveys import rules
from bot.surveys.research import FEWEST, Copy, kept, open_copy, pseudonym, sealed_copy, tag_of_copy, version_of_plan
from bot.surveys.sealing import CannotOpen
from tests.research import PRIVATE, PUBLIC
from tests.waves import PULSE

SECRET = bytes(32)


def copy(**marks: tuple[int, ...]) -> Copy:
    return Copy(pseudonym(SECRET, 7), "mentee", "end 2027-05-04", 1, marks)


# Keys


def test_what_is_sealed_for_the_evaluator_can_be_opened_by_them_alone() -> None:
    sealed = sealed_copy(copy(time=(4,)), PULSE, public_key(PUBLIC))
    assert open_copy(sealed, private_key(PRIVATE)) == copy(time=(4,))
    with pytest.raises(CannotOpen):
        open_copy(sealed, private_key(new_key()[0]))
    with pytest.raises(CannotOpen):
        open_copy(sealed[:-1], private_key(PRIVATE))


@pytest.mark.parametrize("text", ["", "Dr Verhoeven", "AAAA", "A" * 43 + "=", "é" * 32, PUBLIC[:-2]])
def test_nothing_else_is_taken_for_a_public_key(text: str) -> None:
    with pytest.raises(NoKey):
        public_key(text)


def test_a_key_is_read_with_a_line_break_behind_it() -> None:
    assert private_key(f"{PRIVATE}\n") == private_key(PRIVATE)


# Sealing


def test_all_copies_of_an_instrument_have_one_length() -> None:
    """Whoever answered everything, in whatever role, cannot be told from who answered nothing."""
    most = {item.id: tuple(range(1, len(item.options) + 1)) for item in PULSE.items if item.kind != "text"}
    answers: list[tuple[str, dict[str, tuple[int, ...]]]] = [
        ("mentor", {}),
        ("control", most),
        ("mentee", {"time": (3,)}),
    ]
    contents = [
        Copy(pseudonym(random_bytes(32), person_id), role, "pulse 2026-11-03", 1, marks)
        for person_id, (role, marks) in enumerate(answers)
    ]
    assert len({len(sealed_copy(each, PULSE, public_key(PUBLIC))) for each in contents}) == 1


def test_one_person_has_one_pseudonym_and_a_tag_for_each_part() -> None:
    assert pseudonym(SECRET, 7) == pseudonym(SECRET, 7)
    names = {pseudonym(SECRET, 7), pseudonym(SECRET, 8), pseudonym(random_bytes(32), 7)}
    tags = {
        tag_of_copy(SECRET, person_id, wave_id, part, role)
        for person_id in (1, 11)
        for wave_id in (1, 11)
        for part in (1, 11)
        for role in ("mentor", "mentee")
    }
    assert (len(names), len(tags)) == (3, 16)


def test_another_evaluator_or_date_is_another_plan() -> None:
    assert version_of_plan("REC 1", "Dr V", "key", date(2031, 8, 31)) == version_of_plan(
        "REC 1", "Dr V", "key", date(2031, 8, 31)
    )
    assert version_of_plan("REC 1", "Dr V", "key", date(2031, 8, 31)) != version_of_plan(
        "REC 1", "Dr V", "key", date(2032, 8, 31)
    )


# Whose copies go out


def names(*people: int) -> dict[int, str]:
    return {person_id: pseudonym(SECRET, person_id) for person_id in people}


def test_the_fewest_is_the_minimum_of_every_release() -> None:
    assert rules.RESEARCH.minimum == FEWEST


def test_where_everybody_agreed_everybody_stays() -> None:
    everybody = set(range(18))
    assert kept([(18, everybody)], names(*everybody)) == everybody


def test_who_said_no_stays_hidden_among_eight() -> None:
    """18 answered and 17 agreed to the copy: were all of them handed over, the counts less theirs would be the answers
    of the one who said no."""
    staying = kept([(18, set(range(17)))], names(*range(17)))
    assert len(staying) == 18 - FEWEST


def test_where_eight_said_no_nobody_is_left_out() -> None:
    assert len(kept([(26, set(range(18)))], names(*range(18)))) == 18


def test_who_is_left_out_is_the_same_each_time_and_depends_on_the_secret() -> None:
    row = (18, set(range(17)))
    assert kept([row], names(*range(17))) == kept([row], names(*range(17)))
    other = {person_id: pseudonym(b"another secret", person_id) for person_id in range(17)}
    assert kept([row], other) != kept([row], names(*range(17)))


@given(st.integers(0, 2**32))
def test_no_row_of_any_wave_leaves_fewer_than_eight_others(seed: int) -> None:
    random = Random(seed)
    agreed = set(range(random.randint(1, 60)))
    rows = []
    for _ in range(random.randint(1, 8)):
        copied = set(random.sample(sorted(agreed), random.randint(0, len(agreed))))
        rows.append((max(len(copied) + random.randint(0, 12), FEWEST), copied))
    staying = kept(rows, names(*agreed))
    for answered, copied in rows:
        others = answered - len(copied & staying)
        assert others == 0 or others >= FEWEST or not copied & staying
