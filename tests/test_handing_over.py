"""Handing the research copy over: when, of whom, what the evaluator gets, and what is left here."""

import asyncio
import csv
import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import cli
from bot.closing import Closing
from bot.copies import take_back
from bot.handing_over import CannotHandOver, HandedOver, hand_over
from bot.handlers import consent
from bot.surveys.release import from_ledger
from storage.records import Wave
from storage.research import Research
from tests import waves
from tests.databases import keys_of
from tests.research import END, PRIVATE, agree, answer, copies, let_out, plan_copy, the_plan
from tests.world import World


def people(world: World, mentors: int = 18, mentees: int = 18) -> dict[str, list[int]]:
    """A programme with a copy planned, and so many who take part."""
    plan_copy(world)
    return waves.enrol(world, mentors, mentees)


def answered(world: World, ids: dict[str, list[int]], **agreeing: int) -> Wave:
    """A research wave of the questionnaire at the end that everybody answered and that has closed; so many of each role
    are in the copy."""
    wave = waves.open_wave(world, END, level="research")
    for role, some in ids.items():
        for place, person_id in enumerate(some[: agreeing.get(role, len(some))]):
            answer(world, wave, person_id, role, (place % 5 + 1, 4, 2))
    let_out(world, wave, {role: len(some) for role, some in ids.items()})
    return wave


def export(world: World, out: Path) -> HandedOver:
    return asyncio.run(hand_over(world.programme.name, out, world.database, lambda: world.now))


def refused(world: World, out: Path) -> str:
    with pytest.raises(CannotHandOver) as caught:
        export(world, out)
    assert not list(out.parent.glob(f"{out.name}*"))
    return str(caught.value)


def run(*words: str, world: World | None = None) -> Result:
    env = {"DATABASE_URL": world.url, "KEY_DIR": str(keys_of(world.url).path), "KEY_DATABASE_URL": ""} if world else {}
    return CliRunner().invoke(cli, ["research", *words], env={**env, "COLUMNS": "160"})


def opened(out: Path) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """What the evaluator reads of it: the lines of answers.csv, and the manifest."""
    key = out.with_name("evaluator.key")
    key.write_text(PRIVATE, "ascii")
    folder = out.with_name("opened")
    result = run("open", str(out), "--key", str(key), "--out", str(folder))
    assert result.exit_code == 0, result.output
    with (folder / "answers.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), json.loads((folder / "manifest.json").read_text("utf-8"))


# What the evaluator gets


def test_the_evaluator_gets_the_scores_of_those_who_agreed_under_pseudonyms(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    wave = answered(world, ids)
    handed = export(world, tmp_path / "copy.txt")
    assert (handed.people, handed.left_out) == (36, 0)
    lines, manifest = opened(tmp_path / "copy.txt")
    assert len({line["pseudonym"] for line in lines}) == 36
    assert Counter((line["role"], line["item"]) for line in lines) == {
        (role, item): 18 for role in ("mentor", "mentee") for item in ("time", "trust", "use")
    }
    assert Counter(line["answer"] for line in lines if line["item"] == "time") == Counter(
        str(place % 5 + 1) for place in [*range(18), *range(18)]
    )
    assert {line["label"] for line in lines if line["item"] == "trust"} == {"Agree"}
    assert {line["wave"] for line in lines} == {f"end {wave.opens_at:%Y-%m-%d}"}
    (asked,) = manifest.pop("waves")
    assert manifest == {
        "programme": world.programme.name,
        "ethics_reference": "REC 26/WM/0417",
        "evaluator": "Dr Ilse Verhoeven, University of Westmarch",
        "retention_until": "2031-08-31",
        "made_on": f"{world.now:%Y-%m-%d}",
        "people": 36,
        "left_out": 0,
    }
    assert asked["instrument"]["items"][0]["words"]["mentor"] == "Is time good for you?"
    assert len(asked["version"]) == 12


async def test_after_the_close_it_says_what_was_released(world: World, tmp_path: Path) -> None:
    """The real close, with its audit: the evaluator can count what was told, and finds the same."""
    ids = people(world, mentors=9, mentees=9)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    wave = waves.open_wave(world, END, level="research")
    for role, some in ids.items():
        for place, person_id in enumerate(some):
            marks = (place % 5 + 1, 4, 2)
            waves.answer(world, wave, person_id, marks, instrument=END)
            answer(world, wave, person_id, role, marks)
    await waves.close(world, wave, Closing(world.database, clock=lambda: world.now, random=Random(1)))
    with world.uow() as uow:
        entry = uow.ledger.of_wave(wave.id)
    assert entry is not None
    await hand_over(world.programme.name, tmp_path / "copy.txt", world.database, lambda: world.now)
    lines, _manifest = opened(tmp_path / "copy.txt")
    counted = Counter((line["role"], line["item"]) for line in lines if line["answer"] in {"4", "5"})
    rows = from_ledger(entry.body).rows
    assert [row.roles for row in rows] == [("mentor",), ("mentee",)]
    for row in rows:
        for result in row.results:
            expected = sum(counted[role, result.split] for role in row.roles)
            assert (result.low, result.high) == (expected, expected)


def test_nobody_else_can_open_it(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids)
    out, key = tmp_path / "copy.txt", tmp_path / "other.key"
    export(world, out)
    assert run("new-key", str(key)).exit_code == 0
    result = run("open", str(out), "--key", str(key), "--out", str(tmp_path / "opened"))
    assert result.exit_code == 1
    assert "was not sealed for the key" in result.output
    assert not (tmp_path / "opened").exists()
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text[:-200], "damaged"),
        (lambda text: "\n".join(text.splitlines()[:-2]), "ends too early"),
        (lambda text: text.splitlines()[0], "ends too early"),
        (lambda text: "something else\n" + text, "is no research copy"),
        (lambda _text: "é", "is no research copy"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(world: World, tmp_path: Path, damage: Any, said: str) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids)
    out, key = tmp_path / "copy.txt", tmp_path / "evaluator.key"
    key.write_text(PRIVATE, "ascii")
    export(world, out)
    out.write_text(damage(out.read_text("ascii")), "utf-8")
    result = run("open", str(out), "--key", str(key), "--out", str(tmp_path / "opened"))
    assert result.exit_code == 1
    assert said in result.output


def test_the_file_names_nobody_and_tells_no_time_of_an_answer(world: World, tmp_path: Path) -> None:
    """All lines but the manifest's are as long as any other, and in an order that has nothing to do with people."""
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids)
    export(world, tmp_path / "copy.txt")
    first, _manifest, *boxes = (tmp_path / "copy.txt").read_text("ascii").splitlines()
    assert first == "peermentor research copy 1"
    assert len({len(box) for box in boxes}) == 1


# Of whom


def test_who_did_not_agree_cannot_be_subtracted(world: World, tmp_path: Path) -> None:
    """One mentor of 18 said no: with 17 copies and the exact counts, that person's answers would be plain."""
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids, mentor=17)
    handed = export(world, tmp_path / "copy.txt")
    lines, manifest = opened(tmp_path / "copy.txt")
    roles = Counter({line["pseudonym"]: line["role"] for line in lines}.values())
    assert roles == {"mentor": 18 - 8, "mentee": 18}
    assert (handed.left_out, manifest["left_out"]) == (7, 7)


def test_fewer_than_eight_people_are_not_handed_over_and_can_still_take_back(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids, mentor=7, mentee=0)
    assert "the copies of 7 people" in refused(world, tmp_path / "copy.txt")
    assert the_plan(world).state == "open"
    assert copies(world) == 7


def test_eight_are_enough(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, ids["mentor"])
    answered(world, ids, mentor=8, mentee=0)
    assert export(world, tmp_path / "copy.txt").people == 8


def test_who_took_back_is_not_in_it(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids, mentor=9, mentee=9)
    plan = the_plan(world)
    with world.uow() as uow:
        take_back(plan, world.programme, ids["mentor"][0], uow)
    assert export(world, tmp_path / "copy.txt").people == 17


# When


def test_not_before_the_questionnaire_at_the_end_has_closed(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    assert "the questionnaire at the end has not closed" in refused(world, tmp_path / "copy.txt")
    wave = waves.open_wave(world, END, level="research")
    assert "the questionnaire at the end has not closed" in refused(world, tmp_path / "copy.txt")
    let_out(world, wave, {"mentor": 18})
    world.pass_time(days=30)
    waves.open_wave(world, level="research")
    assert "is open or closing" in refused(world, tmp_path / "copy.txt")


def test_not_twice(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids)
    export(world, tmp_path / "copy.txt")
    assert f"was handed over on {world.now:%Y-%m-%d}" in refused(world, tmp_path / "another.txt")


def test_not_after_the_day_until_which_it_may_be_kept(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids)
    world.now = world.now.replace(year=2031, month=9, day=1)
    assert "until 2031-08-31 only" in refused(world, tmp_path / "copy.txt")


def test_not_where_none_is_planned_or_nobody_agreed(world: World, tmp_path: Path) -> None:
    assert "no research copy is planned" in refused(world, tmp_path / "copy.txt")
    answered(world, people(world))
    assert "nobody has agreed" in refused(world, tmp_path / "copy.txt")


# What is left here


def test_nothing_is_left_here(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids)
    export(world, tmp_path / "copy.txt")
    assert copies(world) == 0
    with world.uow() as uow:
        assert uow.research.secret.get(world.programme.id) == b""
    assert (the_plan(world).state, the_plan(world).ended_on) == ("handed_over", world.now.date())
    assert [path.name for path in tmp_path.glob("copy.txt*")] == ["copy.txt"]


def test_a_file_that_is_there_is_not_replaced(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids)
    out = tmp_path / "copy.txt"
    out.write_text("something", "ascii")
    with pytest.raises(CannotHandOver, match="is there already"):
        export(world, out)
    assert out.read_text("ascii") == "something"
    assert the_plan(world).state == "open"


@pytest.mark.parametrize("where", ["boxes", "advance"])
def test_it_can_be_done_again_after_a_fall(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whether it fell while the file was written or just after: the same people are in the next one."""
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids, mentor=17)
    whole = getattr(Research, where)

    def falls(self: Research, *given: Any) -> Any:
        if "handed_over" in given or where == "boxes":
            raise KeyboardInterrupt
        return whole(self, *given)

    with monkeypatch.context() as falling:
        falling.setattr(Research, where, falls)
        with pytest.raises(KeyboardInterrupt):
            export(world, tmp_path / "first.txt")
    assert copies(world) == 35
    if (tmp_path / "first.txt").exists():
        with pytest.raises(CannotHandOver, match="keep it, and give another name"):
            export(world, tmp_path / "first.txt")
    export(world, tmp_path / "second.txt")
    lines, _manifest = opened(tmp_path / "second.txt")
    assert len({line["pseudonym"] for line in lines}) == 28
    if (tmp_path / "first.txt").exists():
        assert {line["pseudonym"] for line in opened(tmp_path / "first.txt")[0]} == {
            line["pseudonym"] for line in lines
        }


def test_what_a_fall_left_behind_is_deleted_by_the_bot(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids)
    with monkeypatch.context() as falling:
        falling.setattr(Research, "drop_some", lambda *_given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            export(world, tmp_path / "copy.txt")
    assert copies(world) == 36
    assert "was handed over" in refused(world, tmp_path / "another.txt")
    (due,) = (each for each in world.due() if each.rule == "research_end")
    world.work(consent.flow, due.rule, due.subject)
    assert copies(world) == 0
    assert the_plan(world).state == "handed_over"
    with world.uow() as uow:
        assert uow.research.secret.get(world.programme.id) == b""


def test_where_the_file_cannot_be_written_everything_goes_on(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids)
    with pytest.raises(OSError, match="No such file"):
        export(world, tmp_path / "nowhere" / "copy.txt")
    assert the_plan(world).state == "open"


# The commands


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    key = tmp_path / "evaluator.key"
    made = run("new-key", str(key))
    assert made.exit_code == 0
    assert made.stdout.startswith('evaluator_key = "')
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text("ascii").strip() not in made.output
    before = key.read_bytes()
    assert run("new-key", str(key)).exit_code == 1
    assert key.read_bytes() == before


def test_the_command_exports_and_says_what_it_did(world: World, tmp_path: Path) -> None:
    ids = people(world)
    agree(world, [*ids["mentor"], *ids["mentee"]])
    answered(world, ids, mentor=17)
    out = tmp_path / "copy.txt"
    wrong = run("export", "Another programme", "--out", str(out), world=world)
    assert (wrong.exit_code, out.exists()) == (1, False)
    assert world.programme.name in wrong.output
    done = run("export", world.programme.name, "--out", str(out), world=world)
    assert done.exit_code == 0, done.output
    assert "copies of 28 people, for Dr Ilse Verhoeven" in done.output
    assert "7 more agreed and were left out" in done.output
    again = run("export", world.programme.name, "--out", str(tmp_path / "another.txt"), world=world)
    assert again.exit_code == 1
    assert "was handed over on" in again.output


def test_the_command_says_where_there_is_no_programme(tmp_path: Path) -> None:
    env = {"DATABASE_URL": f"sqlite:///{tmp_path / 'none.sqlite3'}", "KEY_DIR": str(tmp_path), "KEY_DATABASE_URL": ""}
    result = CliRunner().invoke(cli, ["research", "export", "Westmarch", "--out", str(tmp_path / "copy.txt")], env=env)
    assert result.exit_code == 1
    assert "there is no programme" in result.output
    assert not (tmp_path / "none.sqlite3").exists()
