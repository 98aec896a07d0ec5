"""The page: whole in itself, the same words for every reader, and nothing in it that anybody typed can do anything."""

import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from msgspec.structs import replace

from bot.report.contents import contents
from bot.report.document import Bar, Bars, Bullets, Figure, Report, Section
from bot.report.drawing import LEFT, RIGHT, WIDTH, drawn
from bot.report.facts import Facts, Pairs, Part, Recruitment
from bot.report.page import page
from bot.surveys import rules
from tests.report.sample import COUNTS, INSTRUMENT, facts, full, released, wave

NASTY = '<img src=x onerror="alert(1)"> & {{ 7 * 7 }} </style><script>'


class Elements(HTMLParser):
    """Every element with its attributes and the text directly in it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str], list[str]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_data(self, data: str) -> None:
        if self.found:
            self.found[-1][2].append(data)
            if self.found[-1][0] != "style":
                self.text.append(data)

    def named(self, *tags: str) -> Iterator[tuple[str, dict[str, str], str]]:
        for tag, attributes, text in self.found:
            if tag in tags:
                yield tag, attributes, "".join(text)


def parsed(report: Facts) -> Elements:
    elements = Elements()
    elements.feed(page(contents(report)))
    return elements


def words(report: Facts) -> str:
    return " ".join(" ".join(parsed(report).text).split())


def sections(report: Report) -> Iterator[Section]:
    waiting = list(report.sections)
    while waiting:
        section = waiting.pop(0)
        yield section
        waiting += section.sections


# What it says


def test_it_begins_with_what_matters_and_ends_with_what_is_missing() -> None:
    headings = [section.heading for section in contents(full(rules.RESEARCH)).sections]
    assert headings[:4] == ["In short", "Recruitment and flow", "Pairs and their meetings", "Action Learning Sets"]
    assert headings[-4:] == [
        "The comparison group beside the mentees",
        "Small numbers",
        "Method and anonymity",
        "What was not released, and why",
    ]


def test_results_stand_under_the_headings_of_the_questions_with_their_counts() -> None:
    text = words(facts(released()))
    for said in (
        "Friends is there: agree 2 of 18 (11%) 16 of 18 (89%) 24 of 26 (92%)",
        "Wish is there: agree not asked not asked 21 of 26 (81%)",
        "Time is there: agree Mentors and mentees 14 of 36 (39%)",
        "9 of 18 (50%) logged four meetings or more.",
        "Comparison group: 26 of 26 (100%) answered the end questionnaire.",
    ):
        assert said in text


def test_ranges_are_said_as_ranges() -> None:
    text = words(facts(released(rules.STANDARD), level="standard"))
    assert "Friends is there: agree 0 to 3 of 18 (0% to 17%) 16 to 18 of 18 (88% to 100%) 24 to 26 of 26" in text
    assert "in steps of 3 or more for one group and 4 or more for groups counted together" in text
    results = text.partition("Open from 19 July 2027")[2].partition("Small numbers")[0]
    exact = re.findall(r"\d+ of \d+ \(\d+%\)(?! answered)", results)
    assert exact == []
    assert re.findall(r"\d+ to \d+ of \d+ \(\d+% to \d+%\)", results)


def test_the_flow_is_said_twice_in_boxes_and_in_a_table() -> None:
    text = words(facts(released()))
    assert "84 could have applied 76 of 84 (90%) applied 8 did not apply 18 of 76 (24%) were selected" in text
    assert "Applied 76 of 84 (90%) 52" in text


def test_the_flow_says_at_each_step_who_was_lost_and_why() -> None:
    fewer = released(answered={"mentor": 18, "mentee": 17, "control": 20})
    text = words(replace(facts(fewer), parts=(Part("mentor", 19, 18, 1), Part("control", 26, 26, 0))))
    assert "18 of 52 (35%) were selected 34 were not selected 18 of 19 (95%) joined 1 did not join 1 left later" in text
    assert "16 of 18 (89%) pairs did not end early 1 ended: parental or other leave 1 ended: another post or" in text
    assert "26 of 58 (45%) volunteered 32 did not volunteer 26 of 26 (100%) joined 20 of 26 (77%) answered" in text
    assert "answered the end questionnaire 6 did not answer it" in text
    assert "Left later 1 of 18 (6%) 0 of 26 (0%)" in text


def test_results_of_the_whole_programme_are_told_in_short_the_welcome_and_the_unwelcome() -> None:
    (in_short, *_rest) = contents(full(rules.RESEARCH)).sections
    lines = [line for block in in_short.blocks if isinstance(block, Bullets) for line in block.lines]
    told = [line for line in lines if " (agree): " in line]
    assert [line.partition(" (agree): ")[0] for line in told] == [
        "Taking part was useful",
        "The mentoring relationship was a success",
        "It was difficult to find the time that the programme asked for",
        "Intends to go on with peer mentoring",
        "Wishes to have been given a mentor",
        "Strongly interested in taking part in a programme like this",
    ]
    assert re.fullmatch(r".*: mentors \d+ of 18 \(\d+%\), mentees \d+ of 18 \(\d+%\)\.", told[0])
    assert re.fullmatch(r".*: comparison group \d+ of 26 \(\d+%\)\.", told[-1])


def test_what_is_told_in_short_is_a_range_where_the_result_is() -> None:
    text = words(facts(released(rules.STANDARD), level="standard"))
    assert "Useful is there (agree): mentors 16 to 18 of 18 (88% to 100%), mentees 16 to 18 of 18" in text
    pooled = released(rules.STANDARD, answered={"mentor": 7, "mentee": 18, "control": 26})
    assert "Useful is there (agree): mentors and mentees " in words(facts(pooled, level="standard"))


def test_what_is_told_in_short_of_two_waves_says_of_which() -> None:
    text = words(facts(released(), replace(released(rules.STANDARD), key="end-others")))
    assert "Useful is there (agree), those who agreed to exact counts: mentors 18 of 18 (100%), mentees 17 of" in text
    assert "Useful is there (agree), the others: mentors 16 to 18 of 18" in text


def test_a_programme_without_recruitment_numbers_says_that_they_are_missing() -> None:
    assert "has not been entered by a lead" in words(replace(facts(released()), recruitment=Recruitment()))


def test_a_programme_with_no_release_at_all_says_so_and_why() -> None:
    text = words(facts(level="standard"))
    assert "No questionnaire and no check-in has a result that may be told" in text
    assert "No questionnaire and no check-in has opened" in text


def test_a_refused_wave_is_in_the_report_with_the_rule_and_no_number() -> None:
    report = facts(wave(INSTRUMENT, rules.STANDARD, (), refused="few"), level="standard")
    text = words(report)
    assert "Too few answered for anything to be told." in text
    assert "Nothing is told of a group of whom fewer than 8 answered." in text
    assert "No questionnaire and no check-in has a result that may be told" in text


def test_every_reason_that_something_is_missing_is_explained() -> None:
    pooled = released(rules.STANDARD, answered={"mentor": 7, "mentee": 18, "control": 3})
    unclosed = replace(released(), key="open", release=None)
    lost = replace(wave(INSTRUMENT, rules.STANDARD, (), refused="not_computed"), key="lost")
    text = words(facts(pooled, unclosed, lost, level="standard"))
    for rule in ("the two are counted together", "fewer than 8", "could not be read", "before the close"):
        assert rule in text


def test_a_strict_programme_says_its_own_minimum() -> None:
    few = released(rules.STRICT, answered={"mentor": 18, "mentee": 18, "control": 9})
    assert "fewer than 10 answered" in words(facts(few, level="strict"))


def test_words_that_people_wrote_are_counted_and_not_repeated() -> None:
    text = words(facts(released(comments=("My mentor Rosalind was kind.", "Evenings suit me."))))
    assert "2 comments were released" in text
    assert "Rosalind" not in text
    assert "Evenings" not in text


def test_two_waves_of_one_questionnaire_are_told_apart() -> None:
    others = replace(released(rules.STANDARD), key="end-others")
    text = words(facts(released(), others))
    assert "Final questionnaire: those who agreed to exact counts" in text
    assert "Final questionnaire: the others" in text


def test_those_who_agreed_are_not_said_to_be_everybody() -> None:
    """Where too few others answered, nothing of these is told, not even how many they are."""
    few = replace(wave(INSTRUMENT, rules.STANDARD, (), refused="few"), key="end-others")
    text = words(facts(released(), few))
    assert "Mentors: those who agreed to exact counts: 18 of 18 (100%) answered the end questionnaire." in text
    assert "18 of 18 (100%) answered the end questionnaire" in words(facts(released()))
    assert "Answered the end questionnaire" in words(facts(released()))
    assert "Answered the end questionnaire" not in text
    assert "Final questionnaire: the others, closing on 2 August 2027 Mentors too few answered" in text


def test_a_pooled_wave_shows_one_column_for_the_two() -> None:
    text = words(facts(released(rules.STANDARD, answered={"mentor": 7, "mentee": 18, "control": 26}), level="standard"))
    assert "Result Mentors and mentees Comparison group" in text


def test_a_programme_of_one_pair_says_one() -> None:
    assert "1 pair was introduced." in words(replace(facts(), pairs=Pairs((1,), {})))


# The page itself


@pytest.mark.parametrize("level", [rules.STANDARD, rules.STRICT, rules.RESEARCH])
def test_it_needs_nothing_else(level: rules.Level) -> None:
    html = page(contents(full(level)))
    assert "<script" not in html
    assert not re.search(r'(?:src|href)="(?!#)', html)
    assert not re.search(r"url\((?!#)", html)
    assert "@import" not in html


def test_what_people_typed_is_only_text() -> None:
    about = replace(facts().about, name=NASTY, contact_name=NASTY, contact_email=NASTY)
    instrument = replace(
        INSTRUMENT,
        title=dict.fromkeys(INSTRUMENT.title, NASTY),
        note=NASTY,
        items=tuple(replace(each, about=NASTY, favourable_words=NASTY, section=NASTY) for each in INSTRUMENT.items),
    )
    elements = parsed(replace(facts(released(instrument=instrument)), about=about))
    assert not list(elements.named("img", "script"))
    assert len(list(elements.named("style"))) == 1
    assert "{{ 7 * 7 }}" in "".join(elements.text)


def test_headings_go_down_one_step_at_a_time() -> None:
    levels = [int(tag[1]) for tag, _attributes, _text in parsed(full(rules.RESEARCH)).named("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


def test_every_table_has_a_caption_and_heads_with_a_scope() -> None:
    elements = parsed(full(rules.STANDARD))
    assert len(list(elements.named("table"))) == len(list(elements.named("caption"))) > 10
    assert {attributes.get("scope") for _tag, attributes, _text in elements.named("th")} == {"col", "row"}


def test_every_address_in_the_page_leads_to_one_place() -> None:
    elements = parsed(full(rules.RESEARCH))
    ids = [attributes["id"] for _tag, attributes, _text in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {attributes["href"][1:] for _tag, attributes, _text in elements.named("a")}
    targets |= {
        attributes["aria-labelledby"] for _tag, attributes, _ in elements.found if "aria-labelledby" in attributes
    }
    assert targets <= set(ids)


def test_the_text_alternative_of_a_figure_carries_every_number() -> None:
    elements = parsed(facts(released(rules.STANDARD), level="standard"))
    said = " ".join(text for _tag, _attributes, text in elements.named("title"))
    for number in ("Mentees 16-18 of 18", "Comparison group 24-26 of 26", "Mentors 0-3 of 18", "3 meetings: 4 of 18"):
        assert number in said


def test_it_says_which_language_it_is_in() -> None:
    ((_tag, attributes, _text),) = parsed(facts()).named("html")
    assert attributes["lang"] == "en-GB"


# Figures


def test_a_range_is_drawn_between_its_ends_and_an_exact_count_from_nothing() -> None:
    bars = (Bar("Mentors", 50, 100, "9-18 of 18"), Bar("Mentees", 25, 25, "5 of 20"), Bar("Pairs", 0, 0, "0 of 9"))
    picture = drawn(Figure("x", "X", "X", (Bars("Label", bars),)))
    a_range, exact, nobody = picture.boxes
    middle = LEFT + (RIGHT - LEFT) / 2
    assert (a_range.is_range, a_range.x, a_range.x + a_range.width) == (True, middle, RIGHT)
    assert (exact.is_range, exact.x, exact.width) == (False, LEFT, (RIGHT - LEFT) / 4)
    assert not nobody.is_range
    assert nobody.width > 0


def test_no_line_of_the_grid_runs_through_words() -> None:
    bars = (Bar("Mentors", 50, 100, "9-18 of 18"), Bar("Mentees", 25, 25, "5 of 20"))
    picture = drawn(
        Figure("x", "X", "X", (Bars("A label of two lines, because it is long, or so", bars), Bars("B", bars)))
    )
    labels = [word.y for word in picture.words if word.kind == "label"]
    assert len(labels) == 3
    assert len(picture.grid) == 10
    for line in picture.grid:
        assert not [y for y in labels if line.top < y < line.bottom]


def test_nothing_is_drawn_beside_the_canvas() -> None:
    report = contents(full(rules.STANDARD))
    for section in sections(report):
        for block in section.blocks:
            if isinstance(block, Figure):
                picture = drawn(block)
                assert picture.height < 600, "half a page"
                assert all(0 <= box.x <= box.x + box.width <= WIDTH for box in picture.boxes)
                assert all(word.y <= picture.height for word in picture.words)


def test_no_item_is_lost_where_figures_are_parted() -> None:
    report = contents(full(rules.RESEARCH))
    for section in sections(report):
        drawn_items = [each.label for block in section.blocks if isinstance(block, Figure) for each in block.items]
        assert len(drawn_items) == len(set(drawn_items))
    assert set(COUNTS) == {"useful", "peers", "friends", "wish", "time"}


def test_ranges_have_a_key_and_exact_counts_need_none() -> None:
    assert "A hatched bar is the range in which a result lies." in words(facts(released(rules.STANDARD)))
    assert "hatched" not in words(facts(released()))


def test_questionnaires_that_came_twice_are_told_apart_by_their_close() -> None:
    later = replace(released(), key="later", opened_on=date(2027, 9, 1), closes_on=date(2027, 9, 15))
    headings = [section.heading for section in contents(facts(released(), later)).sections]
    assert {"Final questionnaire, closed on 2 August 2027", "Final questionnaire, closed on 15 September 2027"} <= set(
        headings
    )
