"""Messages and forms as Adaptive Cards: valid, inert and within the limits of Teams."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import ui
from bot.platforms.teams import render
from bot.playground import teams_cards

SCHEMA = Path(__file__).parents[4] / "shared" / "schemas" / "adaptive-card-1.5.schema.json"

BLOCKS: list[ui.Block] = [
    ui.Heading("Your mentor"),
    ui.Text("First line\nSecond line\n\nNew paragraph"),
    ui.Bullets(("Agree how often to meet", "Agree what stays between you")),
    ui.Facts((("Hospital", "Northgate Infirmary"), ("Grade", "ST4"))),
    ui.Divider(),
    ui.Link("Samaritans 116 123", "tel:116123"),
    ui.Contact("Chidi Okafor", "chidi.okafor@example.nhs.uk", (("teams", "t", "u"), ("slack", "T1", "U1"))),
    ui.Buttons((ui.Button("Yes", "agree", "17", 1, primary=True), ui.Button("Log it", "log", opens=True))),
    ui.Picture("https://mentoring.example.org/files/x", "Mentors 16 to 18 of 18"),
]

FIELDS: list[ui.AnyField] = [
    ui.PickOne("first", "First choice", options=(ui.Option("3", "Profile A"), ui.Option("5", "Profile B")), value="5"),
    ui.PickMany(
        "days",
        "Which days?",
        help="As many as you like.",
        options=(ui.Option("mon", "Monday"), ui.Option("tue", "Tuesday")),
    ),
    ui.DateField("day", "Which day?"),
    ui.NumberField("minutes", "How long?", optional=True),
    ui.TimeField("time", "At what time?"),
    ui.TextField("note", "Anything else?", optional=True, multiline=True, max_length=500),
]


def message(*blocks: Any) -> ui.Message:
    return ui.Message("A line for the phone", tuple(blocks), "Only you can see this.")


def form(*fields: Any, **changes: Any) -> ui.Form:
    given: dict[str, Any] = {"name": "choice", "title": "Your choice", "submit": "Send", "seen_by": "Leads see it."}
    return ui.Form(**given | {"fields": tuple(fields)} | changes)


def dialog_card(asked: ui.Form, *, values: ui.Values | None = None, errors: dict[str, str] | None = None) -> Any:
    return render.dialog(asked, "d1", values, errors)["card"]["content"]


@pytest.fixture(scope="module")
def schema() -> Any:
    if not SCHEMA.exists():
        pytest.skip("the Adaptive Card schema is not here: it is Microsoft's and not copied into this project")
    parsed = json.loads(SCHEMA.read_text())
    return jsonschema.validators.validator_for(parsed)(parsed)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: type(block).__name__)
def test_every_element_is_valid(schema: Any, block: ui.Block) -> None:
    made = render.card(message(ui.Text("Before"), block, ui.Text("After")))
    teams_cards.check(made)
    for element in made["body"]:
        element.pop("msTeams", None)  # of Teams alone, which the schema of all cards does not know
    schema.validate(made)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
def test_every_field_is_valid_when_first_shown_and_with_an_error(schema: Any, field: ui.AnyField) -> None:
    for errors in ({}, {field.name: "Please look again."}):
        made = dialog_card(form(field, intro="A word first."), values={field.name: "banana"}, errors=errors)
        schema.validate(made)
        teams_cards.check(made)


def test_the_schema_would_notice(schema: Any) -> None:
    made = render.card(message(ui.Text("Hello")))
    del made["body"][0]["inlines"]
    assert list(schema.iter_errors(made))


def test_a_message_reads_from_top_to_bottom() -> None:
    assert teams_cards.lines(render.card(message(*BLOCKS))) == (
        "Your mentor",
        "First line",
        "Second line",
        "New paragraph",
        "• Agree how often to meet",
        "• Agree what stays between you",
        "Hospital: Northgate Infirmary",
        "Grade: ST4",
        "Samaritans 116 123",
        "Chidi Okafor",
        "chidi.okafor@example.nhs.uk",
        "Chat with Chidi Okafor in Teams",
        "Yes",
        "Log it",
        "Mentors 16 to 18 of 18",
        "Only you can see this.",
    )


def test_who_can_see_it_is_the_last_line_and_subtle() -> None:
    last = render.card(message(*BLOCKS))["body"][-1]["inlines"][0]
    assert (last["text"], last["isSubtle"]) == ("Only you can see this.", True)


def test_line_breaks_and_empty_lines_are_kept() -> None:
    body = render.card(message(ui.Text("a\nb\n\nc")))["body"]
    assert [element["spacing"] for element in body[:3]] == ["Default", "None", "Medium"]


def test_a_divider_is_a_line_before_what_follows() -> None:
    body = render.card(message(ui.Text("a"), ui.Divider(), ui.Text("b\nc"), ui.Divider()))["body"]
    assert [element.get("separator", False) for element in body] == [False, True, False, True]


def test_a_button_carries_what_it_stands_for() -> None:
    action = render.card(message(ui.Buttons((ui.Button("Yes", "agree", "17", 4, primary=True),))))["body"][0][
        "actions"
    ][0]
    assert action == {
        "type": "Action.Execute",
        "title": "Yes",
        "verb": "agree",
        "style": "positive",
        "data": {"action": "agree", "subject": "17", "version": 4},
    }


def test_a_button_that_opens_a_form_says_so_beforehand() -> None:
    action = render.card(message(ui.Buttons((ui.Button("Log it", "log", "17", opens=True),))))["body"][0]["actions"][0]
    assert action == {
        "type": "Action.Submit",
        "title": "Log it",
        "data": {"action": "log", "subject": "17", "version": 0, "msteams": {"type": "task/fetch"}},
    }


def urls(card: Any) -> list[str]:
    return re.findall(r'"url": "([^"]*)"', json.dumps(card))


def test_a_contact_can_be_written_to_and_chatted_with() -> None:
    contact = ui.Contact("Siân Rhys", "sian+mentoring@example.wales", (("teams", "t", "u1"), ("teams", "t", "u2")))
    assert urls(render.card(message(contact))) == [
        "mailto:sian%2Bmentoring@example.wales",
        "https://teams.microsoft.com/l/chat/0/0?users=sian%2Bmentoring@example.wales",
    ]


def test_a_contact_without_a_teams_account_has_no_chat() -> None:
    assert urls(render.card(message(ui.Contact("Jo", "jo@example.org", (("slack", "T", "U"),))))) == [
        "mailto:jo@example.org"
    ]
    assert urls(render.card(message(ui.Contact("Jo", "", (("teams", "t", "u"),))))) == []


@pytest.mark.parametrize(
    "url", ["https://example.org/a?b=c", "mailto:jo@example.org", "tel:116123", "http://127.0.0.1:3978/files/x"]
)
def test_a_link_opens_its_address(url: str) -> None:
    assert urls(render.card(message(ui.Link("Open", url)))) == [url]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "javascript:alert(1)",
        "example.org",
        "",
        "tel:",
        "https://exa mple.org",
        "tel:1\n1",
        "//x.org",
    ],
)
def test_other_links_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="a link must be"):
        render.card(message(ui.Link("Open", url)))


def test_what_is_not_known_is_refused() -> None:
    class Video(ui.Element, frozen=True):
        url: str

    class Signature(ui.Field, frozen=True):
        pass

    with pytest.raises(TypeError, match="Video"):
        render.card(message(Video("https://example.org")))
    with pytest.raises(TypeError, match="Signature"):
        render.dialog(form(Signature("sign", "Sign here")), "d1")


def test_seven_buttons_are_refused() -> None:
    six = tuple(ui.Button(f"B{n}", "go", str(n)) for n in range(6))
    assert len(render.card(message(ui.Buttons(six)))["body"][0]["actions"]) == 6
    with pytest.raises(ValueError, match="7 buttons"):
        render.card(message(ui.Buttons((*six, ui.Button("B7", "go")))))


def test_a_message_that_is_too_big_is_refused() -> None:
    assert len(json.dumps(render.card(message(ui.Text("ä" * 4500))))) <= render.MAX_BYTES
    with pytest.raises(ValueError, match="too big"):
        render.card(message(ui.Text("ä" * 5000)))
    with pytest.raises(ValueError, match="too big"):
        render.dialog(form(intro="ä" * 5000), "d1")


def test_a_form_title_that_is_too_long_is_refused() -> None:
    assert render.dialog(form(title="x" * 24), "d1")["title"] == "x" * 24
    with pytest.raises(ValueError, match="longer than 24"):
        render.dialog(form(title="x" * 25), "d1")


def test_a_comma_in_the_value_of_an_option_is_refused_where_several_are_picked() -> None:
    options = (ui.Option("a,b", "A or B"),)
    assert dialog_card(form(ui.PickOne("one", "Which?", options=options)))
    with pytest.raises(ValueError, match="comma"):
        render.dialog(form(ui.PickMany("many", "Which?", options=options)), "d1")


def test_a_form_carries_its_name_and_the_dialog_it_is_in() -> None:
    made = dialog_card(form(*FIELDS, subject="17", version=2))
    assert made["actions"] == [
        {
            "type": "Action.Submit",
            "title": "Send",
            "style": "positive",
            "data": {"form": "choice", "subject": "17", "version": 2, "dialog": "d1"},
        }
    ]


def test_a_form_shown_again_holds_what_was_typed_and_says_what_is_wrong_beside_it() -> None:
    typed: ui.Values = {"first": "3", "days": ("mon", "tue"), "day": "next Friday", "minutes": "an hour"}
    typed |= {"time": "around ten", "note": "two\nlines"}
    errors = {"day": "Give a day such as 2026-03-02.", "minutes": "Give a whole number."}
    made = dialog_card(form(*FIELDS), values=typed, errors=errors)
    shown = teams_cards.form(render.dialog(form(*FIELDS), "d1", typed, errors))
    assert shown.values == typed
    assert shown.errors == {name: f"Error: {text}" for name, text in errors.items()}
    assert shown.lines[0] == "Error: 2 answers need another look"
    kinds = [[item["type"] for item in group["items"]] for group in made["body"] if group["type"] == "Container"]
    assert kinds[2] == kinds[3] == ["Input.Text", "RichTextBlock"]


def test_an_error_that_belongs_to_no_field_is_said_at_the_top() -> None:
    shown = teams_cards.form(render.dialog(form(*FIELDS), "d1", {}, {"": "This pair has ended."}))
    assert shown.lines[:2] == ("Error: one answer needs another look", "Error: This pair has ended.")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", "Input.Date"),
        ("2026-03-02", "Input.Date"),
        ("2 March", "Input.Text"),
        ("20260302", "Input.Text"),
        ("2026-02-30", "Input.Text"),
    ],
)
def test_a_date_picker_is_used_only_where_it_keeps_what_was_typed(value: str, kind: str) -> None:
    field = dialog_card(form(ui.DateField("day", "Which day?", value=value)))["body"][0]["items"][0]
    assert (field["type"], field["value"]) == (kind, value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", "Input.Time"),
        ("09:30", "Input.Time"),
        ("9:30", "Input.Text"),
        ("09:30:00", "Input.Text"),
        ("24:00", "Input.Text"),
        ("ten", "Input.Text"),
    ],
)
def test_a_time_picker_is_used_only_where_it_keeps_what_was_typed(value: str, kind: str) -> None:
    field = dialog_card(form(ui.TimeField("time", "At what time?", value=value)))["body"][0]["items"][0]
    assert (field["type"], field["value"]) == (kind, value)


def test_text_has_its_length_and_its_lines() -> None:
    asked = form(
        ui.TextField("place", "Where?", value="Room 4", max_length=80), ui.TextField("note", "?", multiline=True)
    )
    one, several = (group["items"][0] for group in dialog_card(asked)["body"][:2])
    assert (one["maxLength"], one["isMultiline"], one["value"]) == (80, False, "Room 4")
    assert (several["maxLength"], several["isMultiline"], several["value"]) == (200, True, "")


HOSTILE = st.text(
    st.sampled_from(list("*_[]()<>~`#!|\\-+.&{}$:/@'\"%0123456789aA \t\u200b\u202e\n\r{{$")) | st.characters(),
    max_size=60,
)
WORDS = st.one_of(
    HOSTILE,
    st.sampled_from(
        [
            "{{DATE(2026-03-02T09:00:00Z, SHORT)}}",
            "{{{TIME(x)}}}",
            "${name} $${{x}}",
            "**bold** [click](https://evil.example)",
            "<at>Everyone</at> <b>x</b> <script>",
            "1. one\n2. two\n- three\n# four\n> five",
            "![x](https://evil.example/x.png)",
        ]
    ),
)


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def texts(node: Any) -> Iterator[str]:
    """Everything on a card that is shown to somebody."""
    for part in walk(node):
        for name in ("text", "title", "label", "placeholder", "fallbackText"):
            if isinstance(part.get(name), str):
                yield part[name]


SHOWN = {"AdaptiveCard", "RichTextBlock", "TextRun", "ActionSet", "Action.Execute", "Action.Submit", "Action.OpenUrl"}


@given(st.lists(WORDS, min_size=8, max_size=8))
def test_typed_words_on_a_message_are_nothing_but_words(words: list[str]) -> None:
    said = ui.Message(
        words[0],
        (
            ui.Heading(words[1]),
            ui.Text(words[2]),
            ui.Bullets((words[3],)),
            ui.Facts(((words[4], words[5]),)),
            ui.Contact(words[6], "jo@example.org", (("teams", "t", "u"),)),
            ui.Buttons((ui.Button(words[7], "go"),)),
        ),
        "Only you can see this.",
    )
    made = render.card(said)
    assert {part["type"] for part in walk(made) if "type" in part} <= SHOWN  # no element reads Markdown
    assert not [text for text in texts(made) if "{{" in text or "${" in text]
    assert len(urls(made)) == 2
    read = "\n".join(teams_cards.lines(made))
    for typed in words[1:4]:
        for line in typed.splitlines():
            assert " ".join(teams_cards.readable(line).split()) in " ".join(read.split())


@given(WORDS, WORDS, WORDS)
def test_typed_words_on_a_form_are_nothing_but_words(label: str, title: str, typed: str) -> None:
    options = (ui.Option("a", title), ui.Option("b", "B"))
    asked = form(
        ui.PickOne("one", label, help=title, options=options),
        ui.PickMany("many", label, options=options),
        ui.NumberField("number", label),
        ui.DateField("day", label),
        ui.TimeField("time", label),
        ui.TextField("text", label, multiline=True),
        intro=title,
    )
    values: ui.Values = {"number": typed, "day": typed, "time": typed, "text": typed, "one": "a", "many": ("a",)}
    made = dialog_card(asked, values=values, errors={"number": title})
    kinds = {part["type"] for part in walk(made) if "type" in part}
    assert kinds <= SHOWN | {"Container", "Input.ChoiceSet", "Input.Text", "Input.Date", "Input.Time"}
    assert not [text for text in texts(made) if "{{" in text or "${" in text]
    assert teams_cards.form(render.dialog(asked, "d1", values)).values == values
    for part in walk(made):
        if part.get("isMultiSelect"):
            assert_no_markdown(part["choices"][0]["title"])


def assert_no_markdown(title: str) -> None:
    """The titles of check boxes are the one place where Teams reads Markdown."""
    assert "\n" not in title
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_\[\]<>~`|]", title)
    assert not re.match(r"#|[-+] |\d+[.)]", title)


def test_check_boxes_are_read_as_they_were_meant() -> None:
    title = "1. *Rota* [gaps] C:\\x - #2"
    asked = form(ui.PickMany("many", "Which?", options=(ui.Option("a", title),)))
    assert title in teams_cards.lines(dialog_card(asked))
