"""Every button and form that anybody was ever shown, used by everybody else: nobody changes or learns anything that is
not about themself."""

from dataclasses import dataclass

import pytest
from sqlalchemy import delete

from bot.handlers import FLOWS
from bot.ui import Values
from storage.models import metadata, outbox
from storage.records import Person
from tests.contract.stage import EVERYBODY, Row, Rows, Stage

FORMS = {name for flow in FLOWS for kind, name in flow.routes if kind == "form"}
FOR_LEADS = {name for flow in FLOWS for (_kind, name), route in flow.routes.items() if route.leads}
FILLED: tuple[Values, ...] = (
    {},
    {"day": "2026-03-02", "minutes": "45", "how": "video", "topics": ("exams",), "next_day": "2026-04-20"},
    {"day": "2026-04-20", "next_day": "2026-04-21"},
)
"""What forms are sent with: nothing; a good log, correction or date; a good day until which to wait."""

SECRETS = {"237": ("Amara", "Niamh"), "213": ("Tomasz", "Haruki")}
"""How long each pair met, and who may read it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A button that was on somebody's screen, whichever version of the message it was on."""

    action: str
    subject: str


class Story:
    """A few weeks in which everything that can be on a screen is on one; ``seen``: by whom each button was seen."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.seen: dict[Seen, set[str]] = {}

    async def play(self) -> None:
        stage = self.stage
        await stage.settle()
        self.look()
        await stage.join("Amara", "Niamh", "Tomasz", "Haruki", "Farah")
        await stage.until_idle()
        self.look()
        for lead in ("Gwen", "Rhodri"):
            await stage.client(lead, stage.channel(lead)).command("leads here")
        for who in EVERYBODY:
            for words in ("mentoring", "support", "logmeeting", "leads", "hello"):
                await stage.client(who).command(words)
        await stage.settle()
        self.look()
        for who, minutes in (("Niamh", "237"), ("Haruki", "213")):
            form = await stage.form(who, "logmeeting")
            await stage.send(who, form, day="2026-02-02", minutes=minutes, how="phone", next_day="2026-02-18")
        for who in ("Leila", "Haruki"):
            await stage.forged_tap(who, "ask_senior", str(stage.world.people["Oluwaseun"].id))
        await stage.until_idle()
        self.look()
        for days in (4, 10, 4, 20, 10):
            await stage.advance(days=days)
            self.look()
        await stage.tap("Niamh", "we_met")
        await stage.until_idle()
        self.look()

    def look(self) -> None:
        """Note what is on the screens now."""
        for who, screen in self.stage.screens().items():
            for shown in screen:
                for button in shown.buttons:
                    self.seen.setdefault(Seen(button.action, button.subject), set()).add(who)


@pytest.mark.parametrize("platform", ["slack", "teams"])
async def test_nobody_changes_or_learns_anything_by_the_buttons_and_forms_of_others(
    stage: Stage, platform: str
) -> None:
    story = Story(stage)
    await story.play()
    assert {seen.action for seen in story.seen} >= {
        *("join", "decline", "we_met", "not_met", "correct_meeting", "log_meeting", "not_now", "not_now_until"),
        *("ask_senior", "been_in_touch", "support", "home", "agenda", "leads"),
    }
    before = stage.rows()
    for who, account in EVERYBODY.items():
        if account.platform != platform:
            continue
        answered: list[tuple[int, str]] = []
        for seen in (seen for seen, by in story.seen.items() if who not in by):
            if seen.action in FOR_LEADS and who in {"Gwen", "Rhodri"}:
                continue
            answered.append(await stage.forged_tap(who, seen.action, seen.subject, 1))
            if seen.action in FORMS:
                for values in FILLED:
                    answer = await stage.forged_form(who, seen.action, seen.subject, 1, values)
                    answered.append((answer.status, str(answer)))
        after = stage.rows()
        assert {status for status, _words in answered} == {200}
        assert_only_about(who, before, after, stage)
        assert_learns_nothing(who, answered, before, after)
        before = forget_answers(stage, before)


def forget_answers(stage: Stage, before: Rows) -> Rows:
    """Drop what waits to be said to this person, which will never be read; what is stored now."""
    with stage.world.database.engine.begin() as connection:
        connection.execute(delete(outbox).where(outbox.c.id > max(row[0] for row in before["outbox"])))
    return stage.rows()


def assert_only_about(who: str, before: Rows, after: Rows, stage: Stage) -> None:
    person = stage.world.people.get(who)
    for table in before:
        names = metadata.tables[table].columns.keys()
        for row in before[table] ^ after[table]:
            told = dict(zip(names, row, strict=True))
            assert is_about(table, told, who, person, after), (who, table, row)


def is_about(table: str, row: dict[str, object], who: str, person: Person | None, rows: Rows) -> bool:
    """Whether a row is this person's own."""
    if table == "seen":
        return str(row["key"]).startswith(f"{EVERYBODY[who]}:")
    if person is None:
        return table in {"place", "outbox"} and str(row.get("name", row.get("place"))).startswith("here:")
    mine = {pair[0] for pair in pairs_of(person, rows)}
    partners = {other for pair in pairs_of(person, rows) for other in pair[2:4]} - {person.id}
    chats = {f"dm:{each}" for each in {person.id} | partners}
    match table:
        case "support_request":
            own = person.id in {row["person_id"], row["senior_id"]}
        case "due" if row["rule"] == "introduce":
            own = any(str(pair[0]) == row["subject"] and person.id in pair[2:4] for pair in rows["pair"])
        case "due":
            own = f"dm:{str(row['subject']).rpartition('-')[2]}" in chats
        case "place":
            own = row["name"] == f"dm:{person.id}"
        case "outbox":
            asked = {f"support:{request[0]}" for request in rows["support_request"] if request[1] == person.id}
            own = row["place"] in chats or row["key"] in asked
        case _ if "person_id" in row:
            own = row["person_id"] == person.id
        case _ if "meeting_id" in row:
            own = any(meeting[0] == row["meeting_id"] and meeting[1] in mine for meeting in rows["meeting"])
        case _:
            own = row.get("pair_id") in mine
    return own


def pairs_of(person: Person, rows: Rows) -> list[Row]:
    return [pair for pair in rows["pair"] if person.id in pair[2:4] and pair[4] != "proposed"]


def assert_learns_nothing(who: str, answered: list[tuple[int, str]], before: Rows, after: Rows) -> None:
    """What only one pair may read is in no answer to anybody else."""
    words = str(answered) + str([row[3] for row in after["outbox"] - before["outbox"]])
    for secret, readers in SECRETS.items():
        assert who in readers or f"{secret} minutes" not in words, who
        assert who in readers or f"'{secret}'" not in words, who
