"""All attacks, with fewer programmes than ``make attack``: what is released withstands them, what is naive does not."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.attacks import __main__ as command
from tests.attacks.inference import Setting, advantage, distance, likelihoods
from tests.attacks.one_person import simulated
from tests.attacks.releases import NAIVE, STANDARD, codes
from tests.attacks.table import QUICK, Effort, Finding, all_attacks, newcombe, wilson
from tests.attacks.whole_year import Year, likelihood

pytestmark = pytest.mark.sqlite_only  # they reckon, or steal files
ATTACKS = all_attacks()
MUST_FAIL = {"forced_answers", "leaver_or_joiner", "known_non_responder"}
"""Attacks that a naive release must be shown to fail, at the least."""


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(name: str) -> None:
    """A limit counts as kept if it lies in or above the figure's interval: the programmes are few, and always the
    same."""
    findings = list(ATTACKS[name](QUICK))
    assert findings
    assert [finding for finding in findings if not finding.may_be_ok] == []
    if name in MUST_FAIL:
        assert [finding for finding in findings if finding.must_fail and finding.low > finding.limit]


def test_the_naive_release_lets_out_what_the_rules_do_not() -> None:
    assert len(set(codes(NAIVE, 18))) == 19
    assert len(set(codes(STANDARD, 18))) == 6


def test_the_likelihood_is_that_of_simulated_programmes() -> None:
    setting = Setting(STANDARD, 8, (True, False), 0, 0.6, 0.9)
    expected = likelihoods(setting)
    assert expected.reshape(2, -1).sum(axis=1) == pytest.approx([1, 1])
    histories, said_no = simulated(setting, 40_000)
    for truth, row in ((True, expected[0]), (False, expected[1])):
        those = histories[said_no == truth]
        shares = np.zeros_like(row)
        np.add.at(shares, tuple(those.T), 1 / len(those))
        assert np.abs(shares - row).max() < 0.015


def test_a_whole_year_and_two_waves_are_reckoned_alike() -> None:
    """A year counts people in groups, by the waves they were in; with all of them in one it is the simple reckoning."""
    year = Year(NAIVE, 9, "misses the third wave", 0.7)
    there = np.ones((9, 6), dtype=np.bool_)
    there[0, 2] = False
    seen = [6, 6, 5, 7, 6, 6]
    simple = likelihoods(Setting(NAIVE, 8, (True, True, False, True, True, True), 1, 0.7, 0.95))
    assert likelihood(year, there, seen) == pytest.approx((simple[0][tuple(seen)], simple[1][tuple(seen)]))


def test_an_attacker_who_sees_everything_or_nothing() -> None:
    said_no = np.array([True, False] * 500)
    assert advantage(said_no.astype(float), said_no) == (250, 250, 0, 250)
    hits, of, wrong, others = advantage(np.zeros(1000), said_no)
    assert hits / of == wrong / others


def test_the_best_attack_on_one_exact_count_is_the_known_one() -> None:
    """The largest chance of the others' count: 0.95 to the seventh."""
    assert distance(likelihoods(Setting(NAIVE, 7, (True,), 0, 0.95, 0.95))) == pytest.approx(0.95**7)


def test_intervals_are_those_of_the_textbooks() -> None:
    """Newcombe 1998, Statistics in Medicine 17: 56 of 70 against 48 of 80, by his method 10."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=1e-4)


def finding(*, figure: float, must_fail: bool = False) -> Finding:
    return Finding("made up", "standard", "nowhere", figure, figure - 0.1, figure + 0.1, 0.3, must_fail)


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (finding(figure=0.29), 0),
        (finding(figure=0.31), 1),
        (finding(figure=0.31, must_fail=True), 0),
        (finding(figure=0.29, must_fail=True), 1),
    ],
)
def test_the_command_ends_with_a_fault_if_something_is_not_as_it_should_be(
    found: Finding, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made_up(_effort: Effort) -> list[Finding]:
        return [found]

    monkeypatch.setattr(command, "all_attacks", lambda: {"made_up": made_up})
    monkeypatch.setenv("JSON", str(tmp_path / "attacks.json"))
    assert command.main() == status
    (told,) = json.loads((tmp_path / "attacks.json").read_text())
    assert {"attack", "level", "figure", "limit", "ok", "low", "high"} <= told.keys()
    assert told["ok"] is (status == 0)
