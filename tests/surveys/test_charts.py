"""What a picture shows: what was released, nothing more precise, and all of it in words too."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as with_other

from bot.surveys import rules
from bot.surveys.chart import TALLEST, Chart, tall
from bot.surveys.charts import ALT, RESULTS, alt_text, charts_of
from bot.surveys.release import PAIRS, Release
from tests.releases import PULSE, questionnaire, row

RELEASES = [PULSE, questionnaire(exact=False), questionnaire(exact=True), questionnaire(exact=False, items=3)]


@pytest.mark.parametrize("release", RELEASES)
def test_every_result_is_on_one_picture_with_a_bar_for_each_row_that_has_it(release: Release) -> None:
    shown = [result for chart in charts_of(release) for result in chart.results]
    in_ledger = [(row_of, result) for row_of in release.rows for result in row_of.results]
    assert len(shown) == len({result.split for _row, result in in_ledger})
    assert sum(len(result.bars) for result in shown) == len(in_ledger)
    by_split = {result.split: result for result in shown}
    for row_of, result in in_ledger:
        ends = rules.percent(result, row_of.n)
        assert ends in {(bar.low, bar.high) for bar in by_split[result.split].bars}


@pytest.mark.parametrize("release", RELEASES)
def test_the_words_of_a_picture_carry_each_of_its_numbers(release: Release) -> None:
    for chart in charts_of(release):
        said = alt_text(chart)
        assert len(html.escape(said)) <= ALT
        assert chart.title in said
        for result in chart.results:
            for bar in result.bars:
                percents = f"{bar.low}%" if bar.low == bar.high else f"{bar.low}% to {bar.high}%"
                assert f"{bar.group} {bar.said} ({percents})" in said


@pytest.mark.parametrize("release", RELEASES)
def test_a_picture_has_no_number_that_the_ledger_has_not(release: Release) -> None:
    allowed = {str(number) for day in (release.closed_on,) for number in (day.day, day.year)}
    for row_of in release.rows:
        allowed.add(str(row_of.n))
        for result in row_of.results:
            percents = rules.percent(result, row_of.n)
            allowed |= {str(number) for number in (result.low, result.high, *percents)}
            allowed |= set(re.findall(r"\d+", result.about))
    charts = charts_of(release)
    allowed |= {str(number) for number in range(1, len(charts) + 1)}
    for chart in charts:
        assert set(re.findall(r"\d+", alt_text(chart))) <= allowed


def test_ranges_and_exact_counts_are_told_apart_in_the_key() -> None:
    (of_ranges,) = charts_of(PULSE)
    assert [exact for exact, _words in of_ranges.key] == [False]
    assert {exact for chart in charts_of(questionnaire(exact=True)) for exact, _words in chart.key} == {True}
    mixed = with_other(PULSE, rows=(row(("mentor",), 17, (15, 17), (12, 12)),))
    assert [exact for exact, _words in charts_of(mixed)[0].key] == [False, True]


@pytest.mark.parametrize("exact", [True, False])
def test_a_questionnaire_gets_several_pictures_that_fit_a_phone(exact: bool) -> None:
    charts = charts_of(questionnaire(exact=exact))
    assert len(charts) > 2
    assert [chart.part for chart in charts] == [f"{number} of {len(charts)}" for number in range(1, len(charts) + 1)]
    for chart in charts:
        assert 1 <= len(chart.results) <= RESULTS
        assert tall(chart) <= TALLEST


def test_what_counts_pairs_is_on_a_picture_of_its_own() -> None:
    charts = charts_of(questionnaire(exact=True, items=4))
    groups = [{bar.group for result in chart.results for bar in result.bars} for chart in charts]
    assert groups[-1] == {"Pairs"}
    assert all("Pairs" not in others for others in groups[:-1])


def test_results_of_a_section_stand_together_under_its_name() -> None:
    for chart in charts_of(questionnaire(exact=False)):
        headings = [section for section, _result in chart.headed() if section]
        assert len(headings) == len(set(headings)) >= 1
        assert chart.results[0].section == headings[0]


def test_a_group_looks_the_same_on_every_picture() -> None:
    looks: dict[str, set[int]] = {}
    for chart in charts_of(questionnaire(exact=True)):
        for result in chart.results:
            for bar in result.bars:
                looks.setdefault(bar.group, set()).add(bar.look)
    assert all(len(numbers) == 1 for numbers in looks.values())
    assert len({number for numbers in looks.values() for number in numbers}) == len(looks) == 6


def test_sections_are_not_torn_where_that_saves_no_picture() -> None:
    release = questionnaire(exact=False, items=8)
    people = with_other(release, rows=tuple(row_of for row_of in release.rows if row_of.roles != PAIRS))
    charts = charts_of(people)
    places = [{result.section for result in chart.results} for chart in charts]
    assert len(charts) == 2
    assert places[0].isdisjoint(places[1])


def test_nothing_released_is_no_picture() -> None:
    assert charts_of(with_other(PULSE, rows=(), refused="few")) == ()
    assert charts_of(with_other(PULSE, rows=(row(("mentor",), 12),))) == ()


statements = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=200)


@settings(deadline=None)
@given(st.lists(statements, min_size=1, max_size=12), st.booleans())
def test_long_statements_are_wrapped_and_never_too_much_for_a_picture(words: list[str], exact: bool) -> None:
    release = questionnaire(exact=exact, items=12)
    rows = tuple(
        with_other(
            row_of,
            results=tuple(
                with_other(result, about=words[number % len(words)]) for number, result in enumerate(row_of.results)
            ),
        )
        for row_of in release.rows
    )
    charts: tuple[Chart, ...] = charts_of(with_other(release, rows=rows))
    assert sum(len(chart.results) for chart in charts) == 15
    for chart in charts:
        assert tall(chart) <= TALLEST
        assert len(html.escape(alt_text(chart))) <= ALT
        for result in chart.results:
            assert "".join(result.lines).replace(" ", "") == result.words.replace(" ", "")
