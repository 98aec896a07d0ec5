"""What an instrument's file may say, and every mistake in it with its line."""

import json
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot import __main__ as command_line
from bot import ui
from bot.files.findings import Findings
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from bot.surveys import loading
from bot.surveys.instrument import LONGEST_TEXT, ROLES, Instrument, Item

PULSE = resources.files("bot.surveys").joinpath("instruments", "pulse.toml").read_text("utf-8")
SMALL = """\
id = "start"
kind = "questionnaire"
audience = ["mentor", "mentee", "control"]
title = "At the start"

[scale.agree]
options = ["No", "Neither", "Yes"]
favourable = [3]
favourable_words = "agree"

[[item]]
id = "wished"
kind = "likert"
scale = "agree"
words.mentor = "I wish for a mentor."
words.mentee = "I am glad to have a mentor."
words.control = "I wish that I had a mentor."
about = "A mentor is wished for"
construct = "Demand"
source = "Made up"

[[item]]
id = "before"
kind = "one"
roles = ["mentor"]
words = "Have you been a mentor before?"
options = ["Never", "Once", "Often"]
favourable = [2, 3]
favourable_words = "have"
about = "Was a mentor before"
construct = "Experience"
source = "Made up"
once = true

[[item]]
id = "topics"
kind = "many"
words = "What would help?"
options = ["Exams", "Work-life balance"]
about = "What would help"
construct = "Needs"
source = "Made up"
part = 2

[[item]]
id = "else"
kind = "text"
words = "Anything else?"
about = "Anything else"
construct = "The rest"
source = "Made up"
part = 2
"""
LIKERT = SMALL[SMALL.index("[[item]]") : SMALL.index('[[item]]\nid = "before"')]
FOR_PAIRS = LIKERT.replace("words.control", "# ")
MANY = SMALL[SMALL.index('[[item]]\nid = "topics"') : SMALL.index('[[item]]\nid = "else"')].replace("part = 2\n", "")
BOTH = '["mentee", "control"]'
TEXT = SMALL[SMALL.index('[[item]]\nid = "else"') :].replace("part = 2\n", "")


def mistakes_in(text: str) -> list[str]:
    """Each without the name of the file."""
    findings = Findings()
    assert loading.read_instrument("start.toml", text.encode(), findings) is None
    assert findings.mistakes
    return [str(mistake).removeprefix("start.toml, ").removeprefix("start.toml: ") for mistake in findings.mistakes]


def numbered(item: str, count: int) -> str:
    """So many of an item, each with an id of its own."""
    return "".join(item.replace('id = "', f'id = "{"x" * number}_', 1) for number in range(1, count + 1))


# What is read


def test_an_instrument_is_read() -> None:
    rows = 'title = "At the start"\nrows = [["mentee", "mentor"], ["mentor", "mentee", "control"]]\nnote = "Made up"'
    text = SMALL.replace('title = "At the start"', rows).replace("once = true", 'once = true\nsection = "Before"')
    read = loading.load(text, "start.toml")
    assert (read.id, read.kind, read.audience, read.level) == ("start", "questionnaire", ROLES, "standard")
    assert (read.rows, read.note) == ((("mentor", "mentee"), ROLES), "Made up")
    assert read.title == dict.fromkeys(ROLES, "At the start")
    wished, before, topics, words = read.items
    assert wished == Item(
        id="wished",
        kind="likert",
        words={
            "mentor": "I wish for a mentor.",
            "mentee": "I am glad to have a mentor.",
            "control": "I wish that I had a mentor.",
        },
        about="A mentor is wished for",
        construct="Demand",
        source="Made up",
        options=("No", "Neither", "Yes"),
        favourable=(3,),
        favourable_words="agree",
    )
    assert (before.words, before.favourable, before.once) == (
        {"mentor": "Have you been a mentor before?"},
        (2, 3),
        True,
    )
    assert (before.section, topics.section) == ("Before", "")
    assert (topics.options, topics.favourable, topics.part) == (("Exams", "Work-life balance"), (), 2)
    assert (words.kind, words.options, set(words.words)) == ("text", (), set(ROLES))


def test_an_item_may_count_its_scale_the_other_way() -> None:
    other = SMALL.replace('scale = "agree"', 'scale = "agree"\nfavourable = [2, 1]\nfavourable_words = "do not agree"')
    item = loading.load(other, "start.toml").items[0]
    assert (item.options, item.favourable, item.favourable_words) == (("No", "Neither", "Yes"), (1, 2), "do not agree")


def test_the_instruments_of_the_bot_are_without_mistake_and_read_once() -> None:
    assert loading.all_instruments()
    assert loading.all_instruments() is loading.all_instruments()


def test_the_comments_of_the_pulse_explain_each_key() -> None:
    explained = {line[2:].split(":")[0] for line in PULSE.splitlines() if line.startswith("# ")}
    explained = {word for words in explained for word in words.split(" and ")}
    assert loading.INSTRUMENT.keys() | loading.SCALE.keys() | loading.ITEM.keys() <= explained


# The pulse


def test_the_pulse_is_one_instrument_for_both_of_a_pair() -> None:
    pulse = loading.all_instruments()["pulse"]
    assert (pulse.kind, pulse.audience, pulse.level) == ("pulse", ("mentor", "mentee"), "standard")
    assert pulse.title == {"mentor": "Mentor pulse", "mentee": "Mentee pulse"}
    assert [item.kind for item in pulse.items] == ["likert", "likert", "likert", "text"]
    assert len(list(pulse.splits(("mentor", "mentee")))) == 3


@pytest.mark.parametrize("role", ["mentor", "mentee"])
def test_the_pulse_is_short_enough_for_a_phone_and_asks_nothing_backwards(role: str) -> None:
    for item in loading.all_instruments()["pulse"].items_for(role):
        words = item.words[role]
        assert len(words) < 80
        assert not {"not", "never", "no", "and", "or"} & set(words.lower().rstrip(".?").split())
        if item.kind == "likert":
            assert len(item.options) == 5
            assert item.favourable == (4, 5)
            assert item.favourable_words == "agree"


# Mistakes


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('id = "start"', "", "id is missing"),
        ('id = "start"', 'id = "Start 1"', "line 1, column id: 'Start 1' is no id"),
        ('id = "start"', 'id = "{a}{0}"', "line 1, column id: '{a}{0}' is no id"),
        ('id = "start"', f'id = "{"x" * 41}"', "line 1, column id: 41 characters are too many"),
        (
            "title",
            "colour = 1\ntitle",
            "line 4, column colour: this key is not known; the known ones are id, kind, audience, level, rows, ",
        ),
        ('"questionnaire"', '"survey"', "line 2, column kind: 'survey' is none of pulse, questionnaire, reflection"),
        ("title", 'level = "secret"\ntitle', "line 4, column level: 'secret' is none of standard, strict, research"),
        ('["mentor", "mentee", "control"]', "[]", "line 3, column audience: give a list"),
        (
            '["mentor", "mentee", "control"]',
            '["mentor", "boss"]',
            "line 3, column audience: 'boss' is none of mentor, mentee, control",
        ),
        ('["mentor", "mentee", "control"]', '["mentor", "mentor"]', "line 3, column audience: a role is there twice"),
        ("title", 'rows = ["mentor"]\ntitle', "line 4, column rows: give a list of lists of roles"),
        ("title", "rows = []\ntitle", "line 4, column rows: give a list of lists of roles"),
        ("title", 'rows = [["mentor"]]\ntitle', "line 4, column rows: a row is over two roles or more"),
        (
            "title",
            'rows = [["mentor", "boss"]]\ntitle',
            "line 4, column rows: 'boss' is none of mentor, mentee, control",
        ),
        (
            "title",
            'rows = [["mentor", "mentee"], ["mentee", "mentor"]]\ntitle',
            "line 4, column rows: a row is there twice",
        ),
        ("title", f'note = "{"x" * 201}"\ntitle', "line 4, column note: 201 characters are too many"),
        ("once = true", f'section = "{"x" * 76}"', "line 33, column section: 76 characters are too many"),
        ('title = "At the start"', "", "title is missing"),
        ('title = "At the start"', 'title = "At the very start of it all"', "line 4, column title: 27 characters"),
        ('title = "At the start"', 'title.mentor = "Start"\ntitle.mentee = "Start"', "title is missing for control"),
        (
            'title = "At the start"',
            'title.boss = "Start"',
            "line 4, column boss: this key is not known; the known ones a",
        ),
        ('["No", "Neither", "Yes"]', "[]", "line 7, column options: give a list"),
        ('["No", "Neither", "Yes"]', '["Yes"]', "line 7, column options: give 2 to 10 options"),
        ('["No", "Neither", "Yes"]', str([str(n) for n in range(11)]), "line 7, column options: give 2 to 10 options"),
        ('["No", "Neither", "Yes"]', '["No", "Yes", "no"]', "line 7, column options: 'no' is there twice"),
        ('["No", "Neither", "Yes"]', f'["No", "{"x" * 76}"]', "line 7, column options: 76 characters are too many"),
        ('["No", "Neither", "Yes"]', '["No", 2]', "line 7, column options: 2 is no text"),
        ('options = ["No", "Neither", "Yes"]\n', "", "line 6, column options: options is missing"),
        ("favourable = [3]", "favourable = []", "line 8, column favourable: give the positions"),
        ("favourable = [3]", "favourable = [true]", "line 8, column favourable: give the positions"),
        ("favourable = [3]", "favourable = [3, 3]", "line 8, column favourable: a position is there twice"),
        ("favourable = [3]", "favourable = [4]", "line 8, column favourable: 4 is outside the scale, 1 to 3"),
        ("favourable = [3]", "favourable = [0]", "line 8, column favourable: 0 is outside the scale, 1 to 3"),
        ("favourable = [3]", "favourable = [1, 2, 3]", "line 8, column favourable: these are all options"),
        ('favourable_words = "agree"\n', "", "line 6, column favourable_words: favourable_words is missing"),
        ("[scale.agree]", "[scale]", "line 6, column scale: begin each scale with its name"),
        ("[scale.agree]", "[scale.agreed]", "line 14, column scale: there is no [scale.agree]; there is agreed"),
        ("[scale.agree]", "[scale.agreed]", "line 6, column agreed: no item uses the scale 'agreed'"),
        ('id = "before"', 'id = "wished"', "line 23, column id: the item 'wished' is there twice"),
        ('kind = "likert"', 'kind = "slider"', "line 13, column kind: 'slider' is none of likert, one, many, text"),
        ('kind = "likert"\n', "", "line 11, column kind: kind is missing"),
        ('construct = "Demand"\n', "", "line 11, column construct: construct is missing"),
        ('source = "Made up"\n', "", "line 11, column source: source is missing"),
        ('about = "A mentor is wished for"\n', "", "line 11, column about: about is missing"),
        ('about = "A mentor', f'about = "{"x" * 200}', "line 18, column about: "),
        (
            'words.control = "I wish that I had a mentor."\n',
            "",
            "line 11, column control: words is missing for control",
        ),
        ('words.control = "I wish', 'words.boss = "I wish', "line 17, column boss: this key is not known"),
        ('words.control = "I wish', f'words.control = "{"x" * 200}', "line 17, column control: "),
        ('words.control = "I wish that I had a mentor."', "words.control = 7", "line 17, column control: 7 is no text"),
        ('words = "Anything else?"\n', "", "line 45, column words: words is missing"),
        ('words = "Anything else?"', 'words = " "', "line 48, column words: this is blank"),
        ('words = "Have', 'words.mentee = "Have', "line 26, column mentee: mentee is not asked, but has words here"),
        ('roles = ["mentor"]', "roles = []", "line 25, column roles: give a list"),
        ('"mentee", "control"]', '"mentee"]', "line 17, column control: control is not asked, but has words here"),
        (
            'options = ["Never", "Once", "Often"]',
            "",
            "line 22, column options: options is missing: give it, or a scale",
        ),
        ("favourable = [2, 3]", "favourable = [1, 2, 3]", "line 28, column favourable: these are all options"),
        ("favourable = [2, 3]\n", "", "line 22, column favourable: favourable is missing: give it, or a scale"),
        (
            'scale = "agree"',
            'scale = "agree"\noptions = ["A", "B"]',
            "line 15, column options: give a scale or options",
        ),
        (
            'scale = "agree"',
            'scale = "agree"\nfavourable = [1]',
            "line 15, column favourable: favourable and favourable_",
        ),
        ('scale = "agree"', "scale = 5", "line 14, column scale: 5 is no text"),
        (
            'kind = "many"',
            'kind = "many"\nfavourable = [1]',
            "line 38, column favourable: an item of the kind many has no",
        ),
        (
            'kind = "text"',
            'kind = "text"\noptions = ["A", "B"]',
            "line 48, column options: an item of the kind text has n",
        ),
        ("once = true", 'once = "yes"', "line 33, column once: give true or false"),
        ("part = 2", "part = 0", "line 43, column part: parts are numbered 1, 2, 3"),
        ("part = 2", "part = 1000000000000", "line 43, column part: there is no part 3"),
        (
            "[[item]]",
            "[[itme]]",
            "line 11, column itme: this key is not known; the known ones are ",
        ),
        (LIKERT, "[item]\n", "line 11, column item: nothing is asked: begin each item with [[item]]"),
    ],
)
def test_a_mistake_is_told_with_its_line(before: str, after: str, said: str) -> None:
    found = mistakes_in(SMALL.replace(before, after, 1))
    assert any(said in mistake for mistake in found), found


def test_parts_are_numbered_without_a_gap() -> None:
    assert mistakes_in(SMALL.replace("part = 2", "part = 3")) == [
        "line 43, column part: there is no part 2: parts are numbered 1, 2, 3"
    ]


def test_all_mistakes_are_told_at_once_each_once() -> None:
    text = (
        SMALL.replace('"questionnaire"', '"survey"').replace("[3]", "[9]").replace("true", "1").replace("many", "any")
    )
    assert [mistake.split(":")[0] for mistake in mistakes_in(text)] == [
        "line 2, column kind",
        "line 8, column favourable",
        "line 33, column once",
        "line 37, column kind",
    ]


def test_the_command_line_tells_every_kind_of_mistake_of_an_instrument_at_once(tmp_path: Path) -> None:
    """An item asked twice, a scale without labels, a split outside the scale, a role that is asked nothing, and a part
    that does not fit into a form."""
    only_mentors = MANY.replace('kind = "many"', 'kind = "many"\nroles = ["mentor"]')
    (tmp_path / "start.toml").write_text(
        SMALL[: SMALL.index("[scale.agree]")].replace(', "control"]', "]")
        + '[scale.bare]\nfavourable = [1]\nfavourable_words = "agree"\n\n'
        + LIKERT.replace('"agree"', '"bare"').replace("words.mentee", "# ").replace("words.control", "# ")
        + 'roles = ["mentor"]\n'
        + only_mentors.replace('id = "topics"', 'id = "wished"')
        + SMALL[SMALL.index('[[item]]\nid = "before"') : SMALL.index('[[item]]\nid = "topics"')].replace(
            "[2, 3]", "[4]"
        )
        + numbered(only_mentors, 21)
    )
    result = CliRunner().invoke(command_line.cli, ["instruments", "check", str(tmp_path / "start.toml")])
    assert result.exit_code == 1
    found = [line.split(": ", 1)[1] for line in result.stderr.splitlines()]
    assert found == [
        "mentee is in the audience, but no item is for mentee",
        "options is missing",
        "the item 'wished' is there twice",
        "4 is outside the scale, 1 to 3",
        "part 1 is too long for mentor: this item, and what follows it, does not fit into the form",
    ]


def test_a_role_that_is_asked_nothing_is_a_mistake() -> None:
    only = (
        SMALL[: SMALL.index("[scale")]
        + SMALL[SMALL.index('[[item]]\nid = "before"') : SMALL.index('[[item]]\nid = "t')]
    )
    assert [mistake.split(", ", 1)[1] for mistake in mistakes_in(only)] == [
        "column audience: mentee is in the audience, but no item is for mentee",
        "column audience: control is in the audience, but no item is for control",
    ]


def test_an_item_for_somebody_outside_the_audience_is_a_mistake() -> None:
    text = SMALL.replace('audience = ["mentor", ', "audience = [").replace(
        'words.mentor = "I wish for a mentor."\n', ""
    )
    assert mistakes_in(text) == ["line 24, column roles: mentor is not in the audience"]


def test_a_row_over_a_role_outside_the_audience_is_a_mistake() -> None:
    text = PULSE.replace('kind = "pulse"', 'kind = "questionnaire"').replace("[title]", f"rows = [{BOTH}]\n\n[title]")
    assert loading.load(text.replace(f"[{BOTH}]", '[["mentor", "mentee"]]'), "x.toml").rows == (("mentor", "mentee"),)
    assert [mistake.split(", ", 1)[1] for mistake in mistakes_in(text)] == [
        "column rows: control is not in the audience"
    ]


def test_an_empty_file_says_what_is_missing() -> None:
    assert mistakes_in("") == [
        "id is missing", "kind is missing", "audience is missing", "title is missing",
        "nothing is asked: begin each item with [[item]]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('level = "standard"', 'level = "research"'), "column level: only the results of a questionnaire can be told"),
        (
            ('= ["mentor", "mentee"]', '= ["mentor", "mentee", "control"]'),
            "column audience: controls are sent questionnaires and nothing else",
        ),
        (
            ("[title]", 'rows = [["mentor", "mentee"]]\n[title]'),
            "column rows: only a questionnaire has rows over several",
        ),
        (("\n[[item]]", f"\n{TEXT}[[item]]"), "2 free texts for mentor: a pulse has at most 1"),
        (("\n[[item]]", f"\n{FOR_PAIRS}[[item]]"), "4 questions for mentor: a pulse has at most 3"),
    ],
)
def test_a_pulse_is_short_for_pairs_and_never_released_exactly(change: tuple[str, str], said: str) -> None:
    assert any(said in mistake for mistake in mistakes_in(PULSE.replace(*change, 1)))


def test_a_reflection_is_as_long_as_it_needs_but_never_released_exactly_and_not_for_controls() -> None:
    reflection = PULSE.replace('kind = "pulse"', 'kind = "reflection"')
    longer = reflection + numbered(FOR_PAIRS, 3) + numbered(TEXT, 2)
    assert loading.load(longer, "reflection.toml").kind == "reflection"
    exact = reflection.replace('level = "standard"', 'level = "research"')
    assert "only the results of a questionnaire can be told exactly" in mistakes_in(exact)[0]
    for_controls = reflection.replace('= ["mentor", "mentee"]', '= ["mentor", "mentee", "control"]')
    assert any("leave them out of a reflection" in mistake for mistake in mistakes_in(for_controls))


def test_each_role_may_have_questions_of_its_own_in_a_pulse() -> None:
    mine = PULSE.replace('id = "useful"', 'id = "useful"\nroles = ["mentor"]')
    yours = mine + LIKERT.replace("words.mentor", "# ").replace("words.control", "# ") + 'roles = ["mentee"]\n'
    assert len(loading.load(yours, "pulse.toml").items) == 5


def test_a_part_holds_twenty_items_for_each_role() -> None:
    loading.load(SMALL + numbered(LIKERT, 18), "start.toml")
    assert mistakes_in(SMALL + numbered(LIKERT, 20)) == [
        "line 251: part 1 is too long for mentor: this item, and what follows it, does not fit into the form"
    ]


def form_of(instrument: Instrument, role: str) -> ui.Form:
    """The items of the first part as a form, all of them left open."""
    fields: list[ui.AnyField] = []
    for item in instrument.items_for(role):
        options = tuple(ui.Option(str(at), label) for at, label in enumerate(item.options, start=1))
        options = (*options, ui.Option("0", "I would rather not say"))
        match item.kind:
            case "text":
                typed = {"value": "\u65e5" * LONGEST_TEXT, "multiline": True, "max_length": LONGEST_TEXT}
                fields.append(ui.TextField(item.id, item.words[role], "Read by leads.", **typed))  # type: ignore[arg-type]
            case "many":
                fields.append(ui.PickMany(item.id, item.words[role], options=options))
            case _:
                fields.append(ui.PickOne(item.id, item.words[role], options=options))
    intro = "Sealed until the close, then counted together. " * 10
    return ui.Form("answer", instrument.title[role], "Send", tuple(fields), "x" * 200, intro=intro)


@pytest.mark.parametrize("label", ["x" * 70, "\u65e5" * 40], ids=["long", "of many bytes"])
@pytest.mark.parametrize("kind", ["likert", "many", "text"])
def test_what_is_allowed_in_a_part_fits_into_the_forms_of_both_platforms(kind: str, label: str) -> None:
    options = ", ".join(f'"{label}{n}"' for n in range(10))
    item = {"likert": LIKERT, "many": MANY, "text": TEXT}[kind].replace('"Exams", "Work-life balance"', options)
    head = SMALL[: SMALL.index("[[item]]")].replace('"No", "Neither", "Yes"', options)
    head = head if kind == "likert" else head[: head.index("[scale")]
    fits = 0
    for count in range(1, 22):
        findings = Findings()
        read = loading.read_instrument("start.toml", (head + numbered(item, count)).encode(), findings)
        if read is None:
            assert {mistake.kind for mistake in findings.mistakes} == {"part too long"}
            break
        fits = count
        form = form_of(read, "control")
        slack.modal(form)
        teams.dialog(form, "d" * 36, errors={field.name: "This needs an answer." for field in form.fields[:1]})
    assert 2 <= fits < 21


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (SMALL + text).encode("utf-8", "replace")))
def test_no_bytes_break_the_reading(raw: bytes) -> None:
    findings = Findings()
    assert (loading.read_instrument("start.toml", raw, findings) is None) == bool(findings.mistakes)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["agree", "mentor", "text", "one"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["mentor", "options", "x"]), inner),
    max_leaves=5,
)


@given(st.sampled_from([*loading.ITEM, *loading.INSTRUMENT, "title", "scale", "item"]), VALUES, st.integers(0, 3))
def test_no_value_of_any_kind_breaks_the_reading(key: str, value: object, number: int) -> None:
    table = tomllib.loads(SMALL)
    place = table["item"][number] if key in loading.ITEM and number else table
    place[key] = value
    findings = Findings()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.files.toml_file.tomllib.loads", lambda _text: table)
        read = loading.read_instrument("start.toml", SMALL.encode(), findings)
    assert (read is None) == bool(findings.mistakes)


def test_two_files_of_one_instrument_are_a_mistake() -> None:
    findings = Findings()
    found = loading.read_instruments([("a.toml", SMALL.encode()), ("b.toml", SMALL.encode())], findings)
    assert list(found) == ["start"]
    assert [str(mistake) for mistake in findings.mistakes] == ["b.toml: another file has the instrument 'start'"]


# One's own


@pytest.fixture
def own_questionnaires() -> Iterator[None]:
    """The bot's own are asked again afterwards."""
    yield
    loading.all_instruments.cache_clear()


@pytest.mark.usefixtures("own_questionnaires")
def test_ones_own_questionnaire_is_asked_in_place_of_the_bots(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(SMALL.replace('id = "start"', 'id = "baseline"'))
    (tmp_path / "notes.txt").write_text("no questionnaire")
    before = loading.all_instruments()["end"]
    assert loading.put_in_place(tmp_path) == ["baseline"]
    assert [item.id for item in loading.all_instruments()["baseline"].items] == ["wished", "before", "topics", "else"]
    assert loading.all_instruments()["end"] is before


@pytest.mark.usefixtures("own_questionnaires")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (SMALL, "nothing opens an instrument 'start': there is baseline"),
        (SMALL.replace('id = "start"', 'id = "pulse"'), "pulse is a pulse, and this a questionnaire"),
        (SMALL.replace('id = "start"', 'id = "end"').replace("[3]", "[9]"), "9 is outside the scale"),
    ],
)
def test_a_questionnaire_that_cannot_be_asked_stands_in_nobodys_place(tmp_path: Path, given: str, said: str) -> None:
    before = dict(loading.all_instruments())
    (tmp_path / "a.toml").write_text(SMALL.replace('id = "start"', 'id = "baseline"'))
    (tmp_path / "b.toml").write_text(given)
    with pytest.raises(loading.BadInstrument) as bad:
        loading.put_in_place(tmp_path)
    assert [said in str(mistake) for mistake in bad.value.mistakes] == [True]
    assert loading.all_instruments() == before


# The command line


def test_the_command_line_checks_the_bots_own_instruments() -> None:
    result = CliRunner().invoke(command_line.cli, ["instruments", "check"])
    assert (result.exit_code, result.stdout) == (
        0,
        "No mistake in baseline, end, follow_up, midpoint, pulse, reflection.\n",
    )


def test_the_command_line_tells_all_mistakes_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(SMALL.replace("[3]", "[9]"))
    (tmp_path / "b.toml").write_text(SMALL.replace("[3]", "[8]"))
    result = CliRunner().invoke(command_line.cli, ["instruments", "check", *map(str, sorted(tmp_path.iterdir()))])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{tmp_path}/a.toml, line 8, column favourable: 9 is outside the scale, 1 to 3",
        f"{tmp_path}/b.toml, line 8, column favourable: 8 is outside the scale, 1 to 3",
    ]


def test_the_command_line_shows_what_each_role_is_asked() -> None:
    result = CliRunner().invoke(command_line.cli, ["instruments", "show", "pulse"])
    assert result.exit_code == 0
    mentor, mentee = result.stdout.split("Mentee pulse")
    assert "I can speak openly with my mentee." in mentor
    assert "I can speak openly with my mentor." in mentee
    assert "counted as 'agree': Agree, Strongly agree" in mentee


def test_the_command_line_shows_a_file_part_by_part(tmp_path: Path) -> None:
    (tmp_path / "start.toml").write_text(SMALL)
    result = CliRunner().invoke(command_line.cli, ["instruments", "show", str(tmp_path / "start.toml")])
    assert [line for line in result.stdout.splitlines() if line.startswith(("Part", "1.", "2."))] == [
        "Part 1", "1. I wish for a mentor.", "2. Have you been a mentor before?",
        "Part 2", "1. What would help?", "2. Anything else?",
        "Part 1", "1. I am glad to have a mentor.", "Part 2", "1. What would help?", "2. Anything else?",
        "Part 1", "1. I wish that I had a mentor.", "Part 2", "1. What would help?", "2. Anything else?",
    ]  # fmt: skip


def test_the_command_line_shows_what_readers_of_results_should_know() -> None:
    shown = CliRunner().invoke(command_line.cli, ["instruments", "show", "end"]).stdout
    assert "Reconstructed from reported results" in shown
    assert "where counts are exact, also counted together: mentor and mentee" in shown
    assert "in results, under Skills of mentors: Communication skills have become better" in shown


def test_the_command_line_writes_each_form_as_both_platforms_get_it(tmp_path: Path) -> None:
    (tmp_path / "start.toml").write_text(SMALL)
    result = CliRunner().invoke(
        command_line.cli, ["instruments", "show", str(tmp_path / "start.toml"), "--forms", str(tmp_path / "forms")]
    )
    assert result.exit_code == 0, result.output
    parts = [f"start-{role}-{part}" for role in ROLES for part in (1, 2)]
    assert [line.split(":")[0] for line in result.stdout.splitlines()[:-1]] == parts
    assert sorted(file.name for file in (tmp_path / "forms").iterdir()) == sorted(
        f"{part}.{platform}.json" for part in parts for platform in ("slack", "teams")
    )
    modal = json.loads((tmp_path / "forms" / "start-mentor-1.slack.json").read_text("utf-8"))
    card = json.loads((tmp_path / "forms" / "start-mentor-1.teams.json").read_text("utf-8"))
    assert (modal["type"], card["type"]) == ("modal", "AdaptiveCard")
    for written in (modal, card):
        assert "Have you been a mentor before?" in json.dumps(written)


def test_the_command_line_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(
        command_line.cli, ["instruments", "show", "pulse", "--forms", str(tmp_path / "file" / "forms")]
    )
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize("name", ["nothing", "nowhere.toml"])
def test_the_command_line_says_that_there_is_no_such_instrument(name: str) -> None:
    result = CliRunner().invoke(command_line.cli, ["instruments", "show", name])
    assert result.exit_code == 1
    assert name in result.stderr
