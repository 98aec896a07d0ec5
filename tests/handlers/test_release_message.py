"""The words and pictures of a release: complete, exact, and within what both platforms take."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as with_other

from bot import ui
from bot.handlers.release_message import Told, release_messages
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from bot.surveys.charts import alt_text, charts_of
from bot.surveys.instrument import LONGEST_TEXT
from bot.surveys.release import PAIRS, Release
from tests.handlers.acts import words
from tests.releases import MENTEES, questionnaire, row
from tests.releases import PULSE as RELEASE


def told(release: Release, *earlier: Release) -> Told:
    """With the pictures that it has, which are the longest that a message holds."""
    charts = enumerate(charts_of(release), start=1)
    return Told(1, release, earlier, [ui.Picture(f"1-{number}", alt_text(chart)) for number, chart in charts])


def messages(release: Release, *earlier: Release) -> list[ui.Message]:
    return release_messages(told(release, *earlier), "x" * 200)


def shown(release: Release, *earlier: Release) -> str:
    return "\n".join(words(message) for message in messages(release, *earlier))


def check_both_platforms_take(message: ui.Message) -> None:
    names = [picture.file for picture in ui.pictures_of(message)]
    slack.message(ui.with_pictures(message, dict.fromkeys(names, "F012345678")))
    address = f"https://mentoring.example.org/files/{'x' * 43}"
    teams.card(ui.with_pictures(message, dict.fromkeys(names, address)))


# Results


def test_a_release_has_a_sentence_first_then_a_picture_then_a_line_for_each_result() -> None:
    (message,) = messages(RELEASE)
    assert isinstance(message.blocks[1], ui.Text)
    assert message.blocks[1].text == "33 of 36 people answered by 16 February 2026."
    assert isinstance(message.blocks[2], ui.Picture)
    text = words(message)
    assert "Mentors: 17 of 18 answered" in text
    assert "Mentees: 16 of 18 answered" in text
    assert "Our meetings are useful: 15 to 17 of 17 agree (88% to 100%)" in text
    assert "in steps of three or more" in text
    assert "What people wrote" not in text


def test_a_pooled_row_says_that_both_are_counted_together() -> None:
    text = shown(with_other(RELEASE, rows=(row(("mentor", "mentee"), 12, (9, 12)),)))
    assert "Mentors and mentees together: 12 of 36 answered" in text


def test_a_strict_release_says_its_own_steps() -> None:
    assert "in steps of five or more" in shown(with_other(RELEASE, level="strict"))


def test_a_release_is_compared_with_the_one_before_by_the_month() -> None:
    before = with_other(
        RELEASE, closed_on=date(2025, 12, 9), rows=(row(("mentor",), 18, (10, 12), (13, 15), (13, 15)), MENTEES)
    )
    text = shown(RELEASE, before)
    assert "15 to 17 of 17 agree (88% to 100%); higher than in December 2025" in text
    assert "12 to 14 of 17 agree (70% to 83%); about the same as in December 2025" in text
    assert "6 to 8 of 17 agree (35% to 48%); lower than in December 2025" in text
    assert "2 results are clearly higher or lower than before." in text


def test_without_a_change_the_first_sentence_says_so() -> None:
    text = shown(RELEASE, with_other(RELEASE, closed_on=date(2025, 12, 9)))
    assert "Nothing is clearly higher or lower than before." in text


def test_rows_of_other_roles_and_refusals_are_not_compared_with() -> None:
    pooled = with_other(RELEASE, rows=(row(("mentor", "mentee"), 12, (0, 4)),))
    refused = with_other(RELEASE, rows=(), refused="few")
    assert shown(RELEASE, refused, pooled) == shown(RELEASE)
    oldest = with_other(RELEASE, closed_on=date(2025, 10, 7))
    assert "October 2025" in shown(RELEASE, refused, pooled, oldest)


@pytest.mark.parametrize(("reason", "said_so"), [("few", "Too few answered"), ("not_computed", "nobody has seen them")])
def test_a_refusal_gives_no_number(reason: str, said_so: str) -> None:
    (message,) = messages(with_other(RELEASE, rows=(), refused=reason))
    text = words(message)
    assert said_so in text
    assert "destroyed" in text
    assert {digit for digit in text if digit.isdigit()} <= set("16 2026"), "the day of the close alone"


def test_what_pairs_met_about_is_told_where_too_few_answered() -> None:
    whole = questionnaire(exact=False)
    pairs = tuple(row_of for row_of in whole.rows if row_of.roles == PAIRS)
    (message,) = messages(with_other(whole, rows=pairs, refused="few"))
    text = words(message)
    assert "Too few answered by 26 January 2027" in text
    assert "17 of 18 pairs have logged a meeting" in text
    assert len(ui.pictures_of(message)) == 1


@pytest.mark.parametrize("exact", [True, False])
def test_a_questionnaire_is_told_in_several_messages_each_result_once(exact: bool) -> None:
    release = questionnaire(exact=exact)
    several = messages(release)
    assert len(several) == len(charts_of(release)) > 2
    for number, message in enumerate(several, start=1):
        assert isinstance(message.blocks[0], ui.Heading)
        assert f"({number} of {len(several)})" in message.blocks[0].text
        check_both_platforms_take(message)
    lines = [line for message in several for block in message.blocks if isinstance(block, ui.Bullets)
             for line in block.items]  # fmt: skip
    assert len(lines) == sum(len(row.results) for row in release.rows)
    assert "Statement 0 holds: 18 of 18 agree (100%)" in lines or not exact


def test_people_are_counted_once_however_many_rows_they_are_in() -> None:
    text = words(messages(questionnaire(exact=True))[0])
    assert "62 of 62 people answered by 26 January 2027." in text


def test_pairs_are_not_people_and_have_not_answered() -> None:
    release = questionnaire(exact=True)
    topics = messages(release)[-1]
    text = words(topics)
    assert "17 of 18 pairs have logged a meeting" in text
    assert "Exams: 13 of 17 have talked about it (76%)" in text
    assert "answered" not in text
    assert {row.roles for row in release.rows} > {PAIRS}


def test_what_a_picture_shows_stands_in_words_too() -> None:
    for release in (RELEASE, questionnaire(exact=True), questionnaire(exact=False)):
        for message in messages(release):
            (picture,) = ui.pictures_of(message)
            for row_of in release.rows:
                for result in row_of.results:
                    alone = f"{result.about}: "
                    assert (alone in picture.alt) == (alone in words(message))


def test_without_pictures_the_words_stay_the_same() -> None:
    release = questionnaire(exact=False)
    bare = release_messages(Told(1, release), "x" * 200)
    assert [words(message) for message in bare] == [words(message) for message in messages(release)]
    assert not any(ui.pictures_of(message) for message in bare)


def test_a_reflection_of_texts_alone_says_who_answered_and_what_they_wrote() -> None:
    release = with_other(
        RELEASE,
        kind="reflection",
        rows=(row(("mentor",), 12),),
        comments=("A", "B", "C"),
        questions=("One", "One", "Two"),
    )
    (message,) = messages(release)
    texts = [block.text for block in message.blocks if isinstance(block, ui.Text)]
    assert "Mentors: 12 of 18 answered" in texts
    assert texts[-2:] == ["One", "Two"]
    assert [b.items for b in message.blocks if isinstance(b, ui.Bullets)] == [("“A”", "“B”"), ("“C”",)]


# What people wrote


def test_comments_are_quoted_exactly_and_without_a_role() -> None:
    comments = ("Evenings <!here> suit me.", "*Fine* {{DATE}} {0} %s")
    (message,) = messages(with_other(RELEASE, comments=comments))
    (bullets,) = (b for b in message.blocks if isinstance(b, ui.Bullets) and "“" in b.items[0])
    assert bullets.items == ("“Evenings <!here> suit me.”", "“*Fine* {{DATE}} {0} %s”")


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=LONGEST_TEXT).map("a{}".format)
long_ones = st.text("\U0001f600\"'&<é\n", min_size=400, max_size=LONGEST_TEXT).map("a{}".format)


@settings(deadline=None)
@given(
    written=st.lists(st.tuples(st.sampled_from("ABCD"), texts | long_ones), max_size=20),
    release=st.sampled_from([RELEASE, questionnaire(exact=True), questionnaire(exact=False)]),
)
def test_messages_hold_every_comment_once_in_order_and_fit_both_platforms(
    written: list[tuple[str, str]], release: Release
) -> None:
    written.sort(key=lambda each: each[0])
    comments, questions = tuple(text for _q, text in written), tuple(question for question, _text in written)
    several = messages(with_other(release, comments=comments, questions=questions), release)
    quoted = [
        item
        for message in several
        for block in message.blocks
        if isinstance(block, ui.Bullets)
        for item in block.items
        if item.startswith("“")
    ]
    assert quoted == [f"“{text}”" for text in comments]
    for message in several:
        check_both_platforms_take(message)


@pytest.mark.parametrize("letter", ["x", "\N{PARTY POPPER}", '"', "가"])
def test_thirty_six_long_comments_fit(letter: str) -> None:
    several = messages(with_other(RELEASE, comments=(letter * LONGEST_TEXT,) * 36))
    assert 2 < len(several) <= 36
    for message in several:
        check_both_platforms_take(message)


def test_answers_to_very_many_questions_fit() -> None:
    count = 60
    release = with_other(RELEASE, comments=("Yes.",) * count, questions=tuple(f"Why {n}?" for n in range(count)))
    for message in messages(release):
        check_both_platforms_take(message)


def test_the_longest_statements_fit() -> None:
    release = questionnaire(exact=False)
    longest = [
        with_other(
            row_of, results=tuple(with_other(each, about=f"{each.split} {letter * 185}") for each in row_of.results)
        )
        for row_of, letter in zip(release.rows, "x&é\N{PARTY POPPER}", strict=False)
    ]
    release = with_other(release, rows=tuple(longest))
    for message in messages(release, release):
        check_both_platforms_take(message)
