"""What Block Kit gets: nothing that was typed is markup, every limit is kept, and what cannot be kept raises."""

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot import ui
from bot.platforms.slack import render
from bot.playground import slack_blocks
from tests.platforms.slack.conftest import form, said

SEEN_BY = "You and your mentor can see this."


def message(*blocks: ui.Block, summary: str = "Hello", seen_by: str = SEEN_BY) -> ui.Message:
    """A message of these elements."""
    return ui.Message(summary, blocks, seen_by)


def shown(*blocks: ui.Block) -> list[dict[str, Any]]:
    """Their blocks, without the line that says who can see them."""
    made: list[dict[str, Any]] = render.message(message(*blocks))["blocks"]
    return made[:-1]


def plain(text: str) -> dict[str, Any]:
    """A text in which nothing is markup."""
    return {"type": "plain_text", "text": text, "emoji": False}


def section(text: str) -> dict[str, Any]:
    """A section with such a text."""
    return {"type": "section", "text": plain(text)}


def rich(part: dict[str, Any]) -> dict[str, Any]:
    """A block of rich text."""
    return {"type": "rich_text", "elements": [part]}


def line(*runs: str | dict[str, Any]) -> dict[str, Any]:
    """Its runs, one after the other."""
    texts = [run if isinstance(run, dict) else {"type": "text", "text": run} for run in runs]
    return {"type": "rich_text_section", "elements": texts}


def bold(text: str) -> dict[str, Any]:
    """A bold run."""
    return {"type": "text", "text": text, "style": {"bold": True}}


@pytest.mark.parametrize(
    ("element", "blocks"),
    [
        (ui.Heading("Next step"), [{"type": "header", "text": plain("Next step")}]),
        (ui.Text("One\nTwo"), [section("One\nTwo")]),
        (
            ui.Bullets(("tea", "cake")),
            [rich({"type": "rich_text_list", "style": "bullet", "elements": [*map(line, ("tea", "cake"))]})],
        ),
        (ui.Facts((("Grade", "ST3"), ("Where", ""))), [rich(line(bold("Grade: "), "ST3", bold("\nWhere: ")))]),
        (ui.Divider(), [{"type": "divider"}]),
    ],
)
def test_an_element_becomes_its_block(element: ui.Block, blocks: list[dict[str, Any]]) -> None:
    assert shown(element) == blocks


def test_a_picture_is_an_image_of_slacks_own_with_words() -> None:
    image = {"type": "image", "slack_file": {"id": "F012345678"}, "alt_text": "17 of 18 & more"}
    assert shown(ui.Picture("F012345678", "17 of 18 & more")) == [image]
    slack_blocks.checked_blocks([image])


@pytest.mark.parametrize(
    ("file", "alt"),
    [("4-1", "17 of 18"), ("", "17 of 18"), ("F012345678", ""), ("F012345678", " "), ("F012345678", "&" * 401)],
)
def test_a_picture_that_was_not_uploaded_or_has_no_fitting_words_raises(file: str, alt: str) -> None:
    with pytest.raises(ValueError, match="picture"):
        shown(ui.Picture(file, alt))


@pytest.mark.parametrize(
    "url", ["https://example.org/a?b=c&d=e", "mailto:gwen@example.org", "tel:116123", "http://127.0.0.1:3978/files/x"]
)
def test_a_link_opens_its_address(url: str) -> None:
    (block,) = shown(ui.Link("Open", url))
    assert block["elements"][0]["elements"] == [{"type": "link", "url": url, "text": "Open"}]


def test_a_contact_can_be_mailed_and_has_a_chat_link_for_each_slack_account() -> None:
    accounts = (("slack", "T1", "U7"), ("teams", "tenant", "0af3"), ("slack", "T2", "U9"))
    (block,) = shown(ui.Contact("Gwen Pritchard", "gwen.p+als@example.org", accounts))
    texts = [part for part in block["elements"][0]["elements"] if part["type"] == "text"]
    links = [part for part in block["elements"][0]["elements"] if part["type"] == "link"]
    assert texts[0] == bold("Gwen Pritchard")
    assert [(link["text"], link["url"]) for link in links] == [
        ("gwen.p+als@example.org", "mailto:gwen.p+als@example.org"),
        ("Chat with Gwen Pritchard in Slack", "slack://user?team=T1&id=U7"),
        ("Chat with Gwen Pritchard in Slack", "slack://user?team=T2&id=U9"),
    ]


def test_buttons_carry_action_subject_and_version_and_no_two_have_the_same_id() -> None:
    row = ui.Buttons((ui.Button("First", "choose", "profile:4", 2, primary=True), ui.Button("Second", "choose", "5")))
    first, second = shown(row, row)
    ids = [button["action_id"] for block in (first, second) for button in block["elements"]]
    assert len(set(ids)) == 4
    assert {render.action_of(action_id) for action_id in ids} == {"choose"}
    assert [button["value"] for button in first["elements"]] == ["profile:4:2", "5:0"]
    assert [button.get("style") for button in first["elements"]] == ["primary", None]


def test_who_can_see_it_is_the_last_line_of_messages_homes_and_forms() -> None:
    for blocks in (
        render.message(message(ui.Text("x")))["blocks"],
        render.home(message(ui.Text("x")))["blocks"],
        render.modal(msgspec.structs.replace(form(), seen_by=SEEN_BY))["blocks"],
    ):
        assert blocks[-1] == {"type": "context", "elements": [plain(SEEN_BY)]}


def test_a_form_is_a_modal_with_a_field_for_each_field() -> None:
    view = render.modal(form())
    assert (view["callback_id"], view["title"]["text"], view["submit"]["text"]) == ("meeting", "Log a meeting", "Save")
    assert view["private_metadata"] == '{"subject": "pair:17", "version": 0}'
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    assert [(block["block_id"], block["element"]["type"]) for block in inputs] == [
        ("how", "radio_buttons"),
        ("topics", "checkboxes"),
        ("day", "datepicker"),
        ("minutes", "number_input"),
        ("time", "timepicker"),
        ("place", "plain_text_input"),
        ("note", "plain_text_input"),
    ]
    assert inputs[2]["element"]["initial_date"] == "2026-02-01"
    assert inputs[3]["hint"] == plain("Roughly")
    assert inputs[4]["element"]["initial_time"] == "09:30"
    assert [(block["element"]["multiline"], block["element"]["max_length"]) for block in inputs[5:]] == [
        (False, 80),
        (True, 200),
    ]
    assert [block["optional"] for block in inputs] == [False, True, False, True, False, True, True]


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (ui.PickOne("f", "F", options=tuple(ui.Option(str(n), str(n)) for n in range(10))), "radio_buttons"),
        (ui.PickOne("f", "F", options=tuple(ui.Option(str(n), str(n)) for n in range(11))), "static_select"),
        (ui.PickOne("f", "F", optional=True, options=(ui.Option("a", "A"),)), "static_select"),
        (ui.PickMany("f", "F", options=tuple(ui.Option(str(n), str(n)) for n in range(10))), "checkboxes"),
        (ui.PickMany("f", "F", options=tuple(ui.Option(str(n), str(n)) for n in range(100))), "multi_static_select"),
    ],
)
def test_a_choice_is_shown_at_a_glance_where_slack_lets_it(field: ui.AnyField, kind: str) -> None:
    (block, _seen_by) = render.modal(ui.Form("f", "T", "S", (field,), "Nobody"))["blocks"]
    assert block["element"]["type"] == kind


def test_what_a_field_holds_already_is_filled_in() -> None:
    options = (ui.Option("a", "A"), ui.Option("b", "B"), ui.Option("c", "C"))
    fields = (
        ui.PickOne("one", "One", options=options, value="b"),
        ui.PickMany("many", "Many", options=options, value=("c", "a")),
        ui.DateField("day", "Day", value="2026-03-04"),
        ui.NumberField("number", "Number", value="-7"),
        ui.TimeField("time", "Time", value="23:05"),
        ui.TextField("text", "Text", value="The <café> & more", multiline=True),
    )
    view = slack_blocks.checked_modal(render.modal(ui.Form("f", "T", "S", fields, "Nobody")))
    assert slack_blocks.held(view) == {
        "one": "b",
        "many": ("a", "c"),
        "day": "2026-03-04",
        "number": "-7",
        "time": "23:05",
        "text": "The <café> & more",
    }


def a_form(*fields: ui.AnyField, **more: Any) -> ui.Form:
    """A short form."""
    return msgspec.structs.replace(ui.Form("f", "T", "S", fields or form().fields, "Nobody"), **more)


def options(count: int, label: str = "L") -> tuple[ui.Option, ...]:
    """So many options."""
    return tuple(ui.Option(f"v{n}", label) for n in range(count))


LIMITS: list[tuple[str, Callable[[int], object], int]] = [
    ("heading", lambda n: render.message(message(ui.Heading("x" * n))), 150),
    ("summary", lambda n: render.message(message(ui.Text("x"), summary="x" * n)), 3000),
    ("seen by", lambda n: render.message(message(ui.Text("x"), seen_by="x" * n)), 3000),
    ("blocks of a message", lambda n: render.message(message(*[ui.Divider()] * n)), 49),
    ("blocks of a home", lambda n: render.home(message(*[ui.Divider()] * n)), 99),
    ("button label", lambda n: shown(ui.Buttons((ui.Button("x" * n, "go"),))), 75),
    ("button subject", lambda n: shown(ui.Buttons((ui.Button("x", "go", "x" * n),))), 1998),
    ("buttons in a row", lambda n: shown(ui.Buttons((ui.Button("x", "go"),) * n)), 25),
    ("link label", lambda n: shown(ui.Link("x" * n, "https://example.org")), 3000),
    ("link address", lambda n: shown(ui.Link("x", "tel:".ljust(n, "1"))), 3000),
    ("contact name", lambda n: shown(ui.Contact("x" * n, "")), 3000),
    ("form title", lambda n: render.modal(a_form(title="x" * n)), 24),
    ("form submit", lambda n: render.modal(a_form(submit="x" * n)), 24),
    ("form subject", lambda n: render.modal(a_form(subject="x" * n)), 2971),
    ("form fields", lambda n: render.modal(a_form(*[ui.NumberField(f"n{i}", "N") for i in range(n)])), 99),
    ("field label", lambda n: render.modal(a_form(ui.NumberField("n", "x" * n))), 2000),
    ("field help", lambda n: render.modal(a_form(ui.NumberField("n", "N", help="x" * n))), 2000),
    ("options", lambda n: render.modal(a_form(ui.PickOne("p", "P", options=options(n)))), 100),
    ("option label", lambda n: render.modal(a_form(ui.PickOne("p", "P", options=options(1, label="x" * n)))), 75),
    ("option value", lambda n: render.modal(a_form(ui.PickOne("p", "P", options=(ui.Option("x" * n, "X"),)))), 150),
    ("typed text", lambda n: render.modal(a_form(ui.TextField("t", "T", max_length=n))), 3000),
    ("form error", lambda n: render.form_errors({"how": "x" * n}, form()), 2000),
]  # fmt: skip


@pytest.mark.parametrize(("render_one", "most"), [pytest.param(r, m, id=name) for name, r, m in LIMITS])
def test_a_limit_is_reached_and_not_passed(render_one: Callable[[int], object], most: int) -> None:
    render_one(most)
    with pytest.raises(
        ValueError, match=r"has \d+ (characters|blocks|options)|has a subject|has \d+; Slack takes|takes \d+ char"
    ):
        render_one(most + 1)


def test_a_message_that_is_too_heavy_raises() -> None:
    render.message(message(ui.Text("x" * 12_000)))
    with pytest.raises(ValueError, match="13000"):
        render.message(message(ui.Text("x" * 13_000)))


def test_a_long_paragraph_is_split_between_words_and_loses_none() -> None:
    text = "\n".join(" ".join(f"word{n}" for n in range(line, line + 12)) for line in range(120))
    pieces = [block["text"]["text"] for block in shown(ui.Text(text))]
    assert len(pieces) > 1
    assert all(len(piece) <= 3000 for piece in pieces)
    assert " ".join(pieces).split() == text.split()


def test_a_long_word_is_split_too_and_markup_characters_count_as_slack_stores_them() -> None:
    pieces = [block["text"]["text"] for block in shown(ui.Text("<" * 2000))]
    assert "".join(pieces) == "<" * 2000
    assert [len(html.escape(piece)) <= 3000 for piece in pieces] == [True] * 3


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "javascript:alert(1)",
        "slack://channel",
        "example.org",
        "https://",
        "mailto:",
        "https://example.org/a b",
        "https://example.org/>x",
        "https://example.org/|x",
        "https://example.org/\n",
        "tel:116\u200b123",
    ],
)
def test_a_link_to_anything_else_raises(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        shown(ui.Link("Open", url))


@pytest.mark.parametrize(
    "said_wrongly",
    [
        message(ui.Text("")),
        message(ui.Text(" \n ")),
        message(ui.Heading("")),
        message(ui.Bullets(())),
        message(ui.Facts(())),
        message(ui.Buttons(())),
        message(ui.Link("", "https://example.org")),
        message(ui.Contact("", "gwen@example.org")),
        message(ui.Buttons((ui.Button("", "go"),))),
        message(ui.Text("x"), summary=""),
        message(ui.Text("x"), seen_by=""),
    ],
)
def test_an_empty_part_raises(said_wrongly: ui.Message) -> None:
    with pytest.raises(ValueError, match=r"is empty|has 0"):
        render.message(said_wrongly)


@pytest.mark.parametrize(
    "field",
    [
        ui.PickOne("f", "F", options=(ui.Option("a", "A"),), value="b"),
        ui.PickMany("f", "F", options=(ui.Option("a", "A"),), value=("a", "b")),
        ui.PickMany("f", "F"),
        ui.DateField("f", "F", value="next Tuesday"),
        ui.NumberField("f", "F", value="about 40"),
        ui.TimeField("f", "F", value="about noon"),
        ui.TextField("f", "F", value="about noon", max_length=9),
        ui.TextField("f", "F", max_length=0),
    ],
)
def test_a_field_that_holds_what_it_cannot_hold_raises_without_saying_what(field: ui.AnyField) -> None:
    with pytest.raises(ValueError, match="field") as raised:
        render.modal(a_form(field))
    assert not re.search("Tuesday|about", str(raised.value))


class Dance(ui.Element, frozen=True):
    """An element that no renderer has heard of."""


class Song(ui.Field, frozen=True):
    """A field that no renderer has heard of."""


def test_an_element_that_is_not_known_raises() -> None:
    with pytest.raises(TypeError, match="Dance"):
        shown(Dance())  # type: ignore[arg-type]  # that is the point
    with pytest.raises(TypeError, match="Song"):
        render.modal(a_form(Song("s", "S")))  # type: ignore[arg-type]  # that is the point


def test_an_error_beside_no_field_raises() -> None:
    with pytest.raises(ValueError, match="colour"):
        render.form_errors({"colour": "No."}, form())


# Whatever people type

SPICE = st.sampled_from(
    ["<!channel>", "<@U1>", "@here", "<https://x.org|y>", "*b*", "_i_", "~s~", "`c`", ":tada:", "&amp;"]
)
TYPED = st.lists(st.text(max_size=60) | SPICE, min_size=1, max_size=6).map("".join).filter(lambda t: bool(t.strip()))
SHORT = TYPED.map(lambda text: text[:12]).filter(lambda t: bool(t.strip()))
SOME = st.lists(TYPED, min_size=1, max_size=3).map(tuple)
BUTTON = st.builds(ui.Button, SHORT, st.just("go"), TYPED)
ACCOUNTS = st.lists(st.tuples(st.just("slack"), TYPED, TYPED), max_size=2).map(tuple)
BLOCKS = st.one_of(
    st.builds(ui.Heading, SHORT),
    st.builds(ui.Text, TYPED),
    st.builds(ui.Bullets, SOME),
    st.builds(ui.Facts, st.lists(st.tuples(TYPED, TYPED), min_size=1, max_size=3).map(tuple)),
    st.builds(ui.Contact, TYPED, TYPED, ACCOUNTS),
    st.builds(ui.Buttons, st.lists(BUTTON, min_size=1, max_size=6).map(tuple)),
)
MANY = st.lists(BLOCKS | st.builds(ui.Text, st.text()), max_size=60).map(tuple)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON value."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from objects(item)


@settings(deadline=None)
@given(st.builds(ui.Message, TYPED, st.lists(BLOCKS, max_size=5).map(tuple), TYPED))
def test_nothing_that_is_typed_becomes_a_mention_a_link_or_markup(typed: ui.Message) -> None:
    made = render.message(typed)
    assert not re.search(r"[<>]|&(?!(amp|lt|gt);)", made["text"])
    for part in objects(made["blocks"]):
        assert part.get("type") not in {"mrkdwn", "user", "usergroup", "channel", "broadcast", "emoji"}
        assert part.get("type") != "plain_text" or part["emoji"] is False
        assert "url" not in part or re.fullmatch(r"(mailto:|slack://user\?)[\w.~%@+?=&-]*", part["url"], re.ASCII)
    assert slack_blocks.lines(slack_blocks.checked_blocks(made["blocks"]))


@settings(deadline=None)
@given(
    st.builds(ui.Message, st.text(), st.lists(BLOCKS | st.builds(ui.Text, st.text()), max_size=60).map(tuple), TYPED)
)
def test_what_is_rendered_keeps_every_limit_of_slack_and_of_its_library(typed: ui.Message) -> None:
    try:
        made = render.message(typed)
    except ValueError:
        return
    slack_blocks.checked_blocks(made["blocks"])
    for block in made["blocks"]:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.to_dict()


@settings(deadline=None)
@given(st.text(max_size=9000))
def test_a_text_of_any_length_keeps_all_its_words(text: str) -> None:
    try:
        blocks = shown(ui.Text(text))
    except ValueError:
        assert not text.strip() or len(text.encode()) > 11_000
        return
    said_again = "".join(block["text"]["text"] for block in blocks)
    assert re.sub(r"\s", "", said_again) == re.sub(r"\s", "", text)


def test_a_message_of_ours_reads_as_it_was_written() -> None:
    made = render.message(said("Tea & cake <soon>", ui.Button("Yes", "yes")))
    assert made["text"] == "Tea &amp; cake &lt;soon&gt;"
    assert slack_blocks.lines(slack_blocks.checked_blocks(made["blocks"])) == (
        "Tea & cake <soon>",
        "Yes",
        "Only you can see this.",
    )
