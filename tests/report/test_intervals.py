"""Intervals against the worked examples of the papers that they come from."""

import pytest

from bot.report.intervals import newcombe, percent, points, wilson


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_proportion_is_wilsons(x: int, n: int, low: float, high: float) -> None:
    """Newcombe, 1998, Stat Med 17, 857-872, table I, method 3."""
    assert wilson(x, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_newcombes_hybrid_score(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    """Newcombe, 1998, Stat Med 17, 873-890, table II, method 10."""
    assert newcombe(*counts) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("n", [1, 2, 8, 18, 26, 62])
def test_an_interval_holds_its_proportion_and_stays_within_nothing_and_all(n: int) -> None:
    for x in range(n + 1):
        low, high = wilson(x, n)
        assert 0 <= low <= x / n <= high <= 1
        assert wilson(n - x, n) == pytest.approx((1 - high, 1 - low))


def test_turning_the_groups_round_turns_the_difference_round() -> None:
    low, high = newcombe(16, 18, 24, 26)
    assert newcombe(24, 26, 16, 18) == pytest.approx((-high, -low))


@pytest.mark.parametrize(("x", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_what_is_no_proportion_is_refused(x: int, n: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(x, n)
    with pytest.raises(ValueError, match="no proportion"):
        newcombe(1, 2, x, n)


@pytest.mark.parametrize(
    ("x", "n", "said"),
    [(24, 26, 92), (76, 84, 90), (4, 62, 6), (17, 18, 94), (14, 36, 39), (1, 500, 1), (499, 500, 99), (0, 9, 0)],
)
def test_a_percentage_is_computed_and_never_all_or_nothing_by_rounding(x: int, n: int, said: int) -> None:
    assert percent(x, n) == said


@pytest.mark.parametrize(("share", "said"), [(0.125, 13), (-0.125, -13), (0.0049, 0), (-1, -100), (0.995, 100)])
def test_points_are_whole_and_rounded_away_from_nothing(share: float, said: int) -> None:
    assert points(share) == said
