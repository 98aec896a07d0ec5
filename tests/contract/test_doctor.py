"""The doctor on a bot that runs between both stand-ins: well, and with each thing wrong that can be."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from bot import __main__ as command_line
from bot import doctor
from bot.config import examined
from bot.doctor import Group, settings, stored
from bot.doctor.settings import NAMES
from bot.handlers import openings
from bot.playground.client import Fault
from bot.programme import waves
from storage import places
from storage.records import Account, Due, SupportService
from storage.unit_of_work import UnitOfWork
from tests.contract.stage import Stage

CANARY = "canary"


def environ_of(stage: Stage, **changes: str) -> dict[str, str]:
    """The settings with which the bot on this stage runs, with these differences; an empty one is left out."""
    given = {
        "DATABASE_URL": stage.database_url,
        "KEY_DIR": str(stage.key_dir),
        "PUBLIC_URL": stage.address,
        **stage.slack.settings(),
        **stage.teams.settings(),
        **changes,
    }
    return {name: value for name, value in given.items() if value}


async def visited(stage: Stage, **changes: str) -> list[Group]:
    """What the doctor says."""
    return await doctor.examine(environ_of(stage, **changes), env_file=None, clock=stage.now)


def said(groups: list[Group], level: str) -> list[str]:
    """The findings of a level."""
    return [finding.text for group in groups for finding in group.findings if finding.level == level]


def advice(groups: list[Group], beginning: str) -> str:
    """What to do about the one finding that begins like this."""
    (found,) = [f for group in groups for f in group.findings if f.text.startswith(beginning)]
    return found.to_do


@pytest.fixture
async def healthy(paired: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A programme that lacks nothing: its leads' channel is bound, and its keys are apart from the database."""
    with paired.world.uow() as uow:
        make_real(paired, uow)
    channel = paired.channel("Gwen")
    await paired.client("Gwen", channel).command("leads here")
    await paired.settle()
    paired.key_dir = tmp_path.parent / f"{tmp_path.name}-keys"
    paired.key_dir.mkdir(mode=0o700)
    monkeypatch.setattr(stored, "LITTLE", 1)
    return paired


def make_real(stage: Stage, uow: UnitOfWork) -> None:
    """Nothing of a demo, and a service that was looked up lately."""
    uow.programmes.change(stage.world.programme.id, is_demo=False)
    checked_on = stage.now().date() - timedelta(days=30)
    service = SupportService("ENG", "Westmarch doctors' line", "020 7946 0123", checked_on)
    uow.programmes.add_service(stage.world.programme.id, service)


async def test_a_bot_that_is_well_gets_no_bad_news(healthy: Stage) -> None:
    groups = await visited(healthy)
    assert said(groups, "wrong") == []
    assert said(groups, "look at this") == ["PUBLIC_URL is of this machine alone"]
    assert [group.title for group in groups] == [
        "Settings",
        "Database",
        "Keys of check-ins",
        "Slack",
        "Teams",
        "Address from outside",
        "Leads' channel",
        "Programme",
    ]
    assert not doctor.is_something_wrong(groups)


async def test_it_changes_nothing_and_sends_nothing(healthy: Stage) -> None:
    before, screens, calls = healthy.rows(), healthy.screens(), healthy.slack.calls.copy()
    files = sorted(path.name for path in healthy.key_dir.iterdir())
    await visited(healthy)
    assert healthy.rows() == before
    assert healthy.screens() == screens
    assert sorted(path.name for path in healthy.key_dir.iterdir()) == files
    asked = set((healthy.slack.calls - calls).keys())
    assert asked == {"auth.test", "conversations.members"}


async def test_a_bot_that_was_never_started_is_looked_at_too(stage: Stage, tmp_path: Path) -> None:
    nowhere = tmp_path / "new" / "p.sqlite3"
    nowhere.parent.mkdir()
    groups = await visited(stage, DATABASE_URL=f"sqlite:///{nowhere}", KEY_DIR=str(tmp_path / "keys"), PUBLIC_URL="")
    assert said(groups, "wrong") == []
    assert any("no file of SQLite's" in line for line in said(groups, "look at this"))
    assert not nowhere.exists()
    assert not (tmp_path / "keys").exists()


# Slack


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("token_revoked", "the token was revoked"),
        ("account_inactive", "the app was removed"),
        ("invalid_auth", "not one of Slack's"),
        ("token_expired", "has expired"),
        ("not_allowed_token_type", "of another kind"),
    ],
)
async def test_a_slack_token_that_is_not_accepted_is_told_in_words(healthy: Stage, code: str, words: str) -> None:
    healthy.slack.faults.append(Fault("auth.test", "slack_error", error=code, times=9))
    groups = await visited(healthy)
    (line,) = [line for line in said(groups, "wrong") if line.startswith("Slack does not accept SLACK_BOT_TOKEN")]
    assert words in line
    assert "SLACK_BOT_TOKEN" in advice(groups, "Slack does not accept SLACK_BOT_TOKEN")


async def test_a_slack_that_stumbles_is_no_wrong_token(healthy: Stage) -> None:
    for fault in (Fault("auth.test", "status", status=500, times=9), Fault("auth.test", "status", status=429, times=9)):
        healthy.slack.faults[:] = [fault]
        groups = await visited(healthy)
        assert any(line.startswith("Slack did not say") for line in said(groups, "look at this"))
        assert not [line for line in said(groups, "wrong") if "SLACK_BOT_TOKEN" in line]


async def test_scopes_that_are_missing_or_not_needed_are_named(healthy: Stage) -> None:
    healthy.slack.scopes -= {"im:write", "groups:read"}
    healthy.slack.scopes |= {"reactions:write", "mpim:history"}
    groups = await visited(healthy)
    assert "the token lacks the scopes groups:read, im:write" in said(groups, "wrong")
    assert "the token has scopes that are not needed: reactions:write" in said(groups, "look at this")
    assert any("mpim:history" in line and "could read" in line for line in said(groups, "wrong"))


async def test_what_the_manifest_has_beyond_scopes_is_said_to_be_out_of_sight(healthy: Stage) -> None:
    assert "cannot be seen" in advice(await visited(healthy), "the token has the scopes that are needed")


@pytest.mark.parametrize(("ahead", "words"), [(200.0, "behind"), (-75.0, "ahead of")])
async def test_a_clock_that_is_wrong_is_told(healthy: Stage, ahead: float, words: str) -> None:
    healthy.slack.clock_ahead = ahead
    (line,) = [line for line in said(await visited(healthy), "wrong") if line.startswith("the clock")]
    assert words in line


async def test_a_slack_that_cannot_be_reached_is_told(healthy: Stage) -> None:
    groups = await visited(healthy, SLACK_API_URL="http://127.0.0.1:9/api/")
    assert "Slack cannot be reached" in said(groups, "wrong")
    assert advice(groups, "who is in the leads' channel cannot be seen: Slack does not answer") == ""


async def test_an_app_token_is_tried_and_opens_no_connection(healthy: Stage) -> None:
    groups = await visited(healthy, SLACK_APP_TOKEN="xapp-stand-in")
    assert "SLACK_APP_TOKEN opens connections for Socket Mode" in said(groups, "ok")
    groups = await visited(healthy, SLACK_APP_TOKEN="xapp-of-somebody-else")
    assert any(line.startswith("Slack does not accept SLACK_APP_TOKEN") for line in said(groups, "wrong"))


# Teams


async def test_a_secret_that_has_expired_is_told(healthy: Stage) -> None:
    healthy.teams.secret_has_expired = True
    groups = await visited(healthy)
    assert "the app gets no token: the secret has expired" in said(groups, "wrong")
    assert "calendar" in advice(groups, "the app gets no token")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TEAMS_APP_PASSWORD": "something else"}, "the secret is not one of the app's"),
        ({"TEAMS_APP_ID": "11111111-2222-3333-4444-555555555555"}, "the app is not in this tenant"),
    ],
)
async def test_what_microsoft_says_no_for_is_told_in_words(healthy: Stage, changes: dict[str, str], words: str) -> None:
    assert f"the app gets no token: {words}" in said(await visited(healthy, **changes), "wrong")


async def test_a_tenant_that_is_none_is_told(healthy: Stage) -> None:
    url = healthy.teams.settings()["TEAMS_TOKEN_URL"].replace("tenant-1", "tenant-9")
    groups = await visited(healthy, TEAMS_TENANT_ID="tenant-9", TEAMS_TOKEN_URL=url)
    assert "the app gets no token: there is no such tenant" in said(groups, "wrong")


async def test_a_secret_id_in_place_of_the_secret_is_seen(healthy: Stage) -> None:
    groups = await visited(healthy, TEAMS_APP_PASSWORD="11111111-2222-3333-4444-555555555555")
    assert "TEAMS_APP_PASSWORD looks like the Secret ID" in said(groups, "wrong")


async def test_keys_that_are_not_microsofts_are_told(healthy: Stage) -> None:
    groups = await visited(healthy, TEAMS_TOKEN_ISSUER="http://127.0.0.1:1")
    assert "what answers for Microsoft's signing keys is not Microsoft's" in said(groups, "wrong")
    healthy.teams.faults.append(Fault("openid", "status", status=503))
    assert any("signing keys" in line for line in said(await visited(healthy), "look at this"))


async def test_a_microsoft_that_cannot_be_reached_is_told(healthy: Stage) -> None:
    names = ("TEAMS_TOKEN_URL", "TEAMS_OPENID_URL")
    groups = await visited(healthy, **dict.fromkeys(names, "http://127.0.0.1:9/x"))
    wrong = said(groups, "wrong")
    assert {"Microsoft's sign-in cannot be reached", "Microsoft's signing keys cannot be fetched"} <= set(wrong)
    assert "the connector of Teams cannot be reached" in wrong


# From outside


async def test_an_address_at_which_something_else_answers_is_told(healthy: Stage) -> None:
    slack = healthy.slack.settings()["SLACK_API_URL"].removesuffix("/api/")
    assert "what answers at PUBLIC_URL is not the bot" in said(await visited(healthy, PUBLIC_URL=slack), "wrong")


async def test_an_address_at_which_nobody_answers_is_told(healthy: Stage) -> None:
    for address in ("http://127.0.0.1:9", "https://127.0.0.1:9", "https://nowhere.invalid"):
        (line,) = [line for line in said(await visited(healthy, PUBLIC_URL=address), "wrong") if "PUBLIC_URL" in line]
        assert address not in line


# The leads' channel


async def test_a_channel_that_is_not_bound_is_told(healthy: Stage) -> None:
    with healthy.world.uow() as uow:
        uow.places.forget(places.leads(healthy.world.programme))
    assert "no channel is the leads' channel yet" in said(await visited(healthy), "wrong")


async def test_a_bot_that_was_removed_from_the_channel_is_told(healthy: Stage) -> None:
    with healthy.world.uow() as uow:
        bound = uow.places.find(places.leads(healthy.world.programme))
    assert bound is not None
    healthy.slack.workspace.channels[bound.id].has_bot = False
    groups = await visited(healthy)
    assert "the bot is not in the leads' channel, or it is gone" in said(groups, "wrong")
    assert "/invite" in advice(groups, "the bot is not in")


async def test_who_is_in_the_channel_is_compared_with_the_list(healthy: Stage) -> None:
    with healthy.world.uow() as uow:
        bound = uow.places.find(places.leads(healthy.world.programme))
    assert bound is not None
    people = healthy.slack.workspace.channels[bound.id].people
    people.add("U901")
    assert any("1 person who is no listed lead" in line for line in said(await visited(healthy), "look at this"))
    people.clear()
    assert "no listed lead is in the leads' channel" in said(await visited(healthy), "wrong")


async def test_a_channel_on_a_platform_that_is_not_set_up_is_told(healthy: Stage) -> None:
    groups = await visited(healthy, SLACK_BOT_TOKEN="", SLACK_SIGNING_SECRET="", SLACK_API_URL="")
    assert "the leads' channel is on a platform that is not set up" in said(groups, "wrong")


async def test_a_lead_whom_nobody_can_recognise_is_told(healthy: Stage) -> None:
    with healthy.world.uow() as uow:
        newcomer = uow.people.add(
            name="Ottilie Marsh", email="ottilie@example.org", accounts=[], time_zone="Europe/London", region="ENG"
        )
        uow.people.give_duty(healthy.world.programme.id, newcomer, "lead")
    assert "lead without an account: Ottilie Marsh" in said(await visited(healthy), "look at this")


# The programme


async def test_what_a_programme_lacks_is_told(healthy: Stage) -> None:
    programme = healthy.world.programme.id
    with healthy.world.uow() as uow:
        uow.people.mark_unreachable(Account("slack", "T1", healthy.world.accounts["Niamh"].user))
        uow.programmes.drop_services(programme)
        for senior in uow.people.with_duty(programme, "senior support"):
            uow.people.set_duties(programme, senior.id, [])
    groups = await visited(healthy)
    assert "nobody is listed as senior support" in said(groups, "wrong")
    assert "no services for doctors are listed" in said(groups, "look at this")
    assert any("1 cannot be reached" in line for line in said(groups, "look at this"))
    assert all("Niamh" not in line for level in ("ok", "look at this", "wrong") for line in said(groups, level))


async def test_services_that_nobody_has_looked_up_for_a_year_are_named(healthy: Stage) -> None:
    healthy.world.now += timedelta(days=500)
    old = "not checked for more than a year: Westmarch doctors' line"
    assert old in said(await visited(healthy), "look at this")


async def test_after_the_end_the_day_of_the_follow_up_is_told_and_no_new_one_asked_for(healthy: Stage) -> None:
    programme = healthy.world.programme
    healthy.world.now = datetime.combine(programme.ends_on + timedelta(days=9), time(12), UTC)
    groups = await visited(healthy)
    assert not any("the programme ended" in line for line in said(groups, "look at this"))
    (told,) = [line for line in said(groups, "ok") if "the programme ended" in line]
    day = date.fromisoformat(told.partition("its follow-up opens on ")[2])
    assert timedelta() <= day - waves.usual_day(programme.starts_on, programme.ends_on, "follow_up") < timedelta(days=7)


async def test_while_the_follow_up_is_open_no_new_end_is_asked_for(healthy: Stage) -> None:
    programme = healthy.world.programme
    day = waves.usual_day(programme.starts_on, programme.ends_on, "follow_up")
    healthy.world.now = datetime.combine(day + timedelta(days=6), time(12), UTC)
    with healthy.world.uow() as uow:
        openings.open_questionnaire(Due("questionnaire_open", f"{programme.id}:follow_up", uow.now), uow)
    groups = await visited(healthy)
    assert not any("the programme ended" in line for line in said(groups, "look at this"))
    assert any("a questionnaire is still open" in line for line in said(groups, "ok"))


async def test_a_programme_that_has_ended_with_its_follow_up_is_told(healthy: Stage) -> None:
    healthy.world.now += timedelta(days=800)
    programme = healthy.world.programme
    with healthy.world.uow() as uow:
        openings.open_questionnaire(Due("questionnaire_open", f"{programme.id}:follow_up", uow.now), uow)
        for wave in uow.waves.are_under_way(programme.id):
            uow.waves.advance(wave.id, "open", "closing")
    assert any(line.startswith("the programme ended") for line in said(await visited(healthy), "look at this"))


async def test_a_demos_database_is_told(paired: Stage) -> None:
    assert "DATABASE_URL is a demo's database" in said(await visited(paired), "wrong")


# The database and the keys


@pytest.mark.sqlite_only
async def test_tables_of_another_version_are_told(healthy: Stage) -> None:
    for revision, level, words in (("9999", "wrong", "newer version"), (None, "look at this", "no tables")):
        with healthy.world.database.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM alembic_version")
            if revision:
                connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (revision,))
        assert any(words in line for line in said(await visited(healthy), level))


@pytest.mark.sqlite_only
async def test_a_file_that_is_no_database_is_told(healthy: Stage, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("Dear all,\n" * 999)
    groups = await visited(healthy, DATABASE_URL=f"sqlite:///{tmp_path / 'words.txt'}")
    assert any(line.startswith("the database does not answer") for line in said(groups, "wrong"))


async def test_a_server_that_does_not_answer_is_told(healthy: Stage) -> None:
    groups = await visited(healthy, DATABASE_URL="postgresql://bot:whisper@127.0.0.1:9/p")
    assert any(line.startswith("the database does not answer") for line in said(groups, "wrong"))


async def test_keys_that_are_lost_and_keys_of_nothing_are_told(healthy: Stage) -> None:
    with healthy.world.uow() as uow:
        uow.waves.open(
            healthy.world.programme.id,
            name="pulse",
            instrument="{}",
            level="standard",
            members=(),
            closes_at=healthy.now() + timedelta(days=14),
            public_key=b"0" * 32,
            key_id="1-pulse-2026-02-02",
        )
    (healthy.key_dir / "9-pulse-2020-01-01.key").write_bytes(b"0")
    groups = await visited(healthy)
    assert "the keys of 1 open check-in are not there" in said(groups, "wrong")
    assert "1 key of no check-in" in said(groups, "look at this")
    (healthy.key_dir / "1-pulse-2026-02-02.key").write_bytes(b"0")
    (healthy.key_dir / "9-pulse-2020-01-01.key").unlink()
    assert "the keys of 1 open check-in are there" in said(await visited(healthy), "ok")


async def test_the_key_by_which_consents_are_known_is_looked_for(healthy: Stage) -> None:
    with healthy.world.uow() as uow:
        uow.consents.give(healthy.world.programme.id, healthy.world.people["Niamh"].id, "exact_counts")
    assert "the key by which consents are known is not there" in said(await visited(healthy), "wrong")
    (healthy.key_dir / f"{healthy.world.programme.id}-consents.key").write_bytes(b"0")
    groups = await visited(healthy)
    assert said(groups, "wrong") == []
    assert said(groups, "look at this") == ["PUBLIC_URL is of this machine alone"]


async def test_a_key_directory_that_others_can_read_is_told(healthy: Stage) -> None:
    healthy.key_dir.chmod(0o750)
    assert any(line.startswith("KEY_DIR can be read by others") for line in said(await visited(healthy), "wrong"))


# No secret is shown


PLACES_FOR_SECRETS = [
    *({name: f"{CANARY}-{name}"} for name in sorted(NAMES)),
    {"DATABASE_URL": f"postgresql://bot:{CANARY}%2Fpass@127.0.0.1:9/p?sslmode={CANARY}"},
    {"KEY_DATABASE_URL": f"postgresql://bot:{CANARY}@127.0.0.1:9/keys"},
    {"DATABASE_URL": f"sqlite:////nowhere/{CANARY}/p.sqlite3"},
    {"PUBLIC_URL": f"https://bot:{CANARY}@127.0.0.1:9/?{CANARY}={CANARY}"},
    {"PUBLIC_URL": f"https://[{CANARY}"},
    {"PUBLIC_URL": f"https://{CANARY}.invalid"},
    {"KEY_DIR": f"/nowhere/{CANARY}"},
    {"SLACK_API_URL": f"http://127.0.0.1:9/{CANARY}/"},
    {"TEAMS_TOKEN_URL": f"http://127.0.0.1:9/{CANARY}/"},
    {"TEAMS_OPENID_URL": f"http://127.0.0.1:9/{CANARY}/"},
    {"SLACK_SIGNIN_SECRET": CANARY, "TEAMS_SECRET": CANARY, "PEERMENTOR_KEY": CANARY},
]


@pytest.fixture
def usual_log() -> Iterator[None]:
    """What the command line does to the log is undone."""
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("usual_log")
@pytest.mark.parametrize("secrets", PLACES_FOR_SECRETS, ids="+".join)
def test_no_value_of_any_setting_is_ever_printed(
    secrets: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    everything = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'p.sqlite3'}",
        "KEY_DIR": str(tmp_path / "keys"),
        "SLACK_API_URL": "http://127.0.0.1:9/",
        **dict.fromkeys(("TEAMS_TOKEN_URL", "TEAMS_OPENID_URL", "TEAMS_TOKEN_ISSUER"), "http://127.0.0.1:9/"),
        **{name: f"{CANARY}-{name}" for name in NAMES if name.startswith(("SLACK_", "TEAMS_")) and "URL" not in name},
        **secrets,
    }
    everything["TEAMS_TOKEN_ISSUER"] = secrets.get("TEAMS_TOKEN_ISSUER", "http://127.0.0.1:9/")
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(command_line.cli, ["doctor"], env=everything)
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert CANARY not in result.output.replace("\n", "").replace(" ", "")


async def test_what_a_check_stumbles_over_is_told_without_its_words(
    healthy: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(*_given: object) -> object:
        raise RuntimeError(f"the token {CANARY} is wrong")

    monkeypatch.setattr(settings, "key_dir", stumbles)
    groups = await visited(healthy)
    assert "looking at this failed: place of keys (RuntimeError)" in said(groups, "wrong")
    assert CANARY not in json.dumps([[str(f) for f in group.findings] for group in groups])


# Settings


class Noting(dict[str, str]):
    """Settings that note which were asked for."""

    asked: set[str]

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.asked.add(name)
        return super().get(name, default)


def test_the_doctor_knows_every_setting_that_is_read() -> None:
    noting = Noting(dict.fromkeys(NAMES, "given"))
    noting.asked = set()
    examined(noting)
    example = (Path(__file__).parents[2] / ".env.example").read_text()
    in_example = {line.partition("=")[0] for line in example.splitlines() if "=" in line and not line.startswith("#")}
    assert noting.asked == NAMES
    assert in_example <= NAMES


def test_names_that_look_like_settings_and_are_none_are_pointed_out() -> None:
    found = settings._unknown({"SLACK_BOT_TOKN": "x", "TEAMS_FOO": "x", "DATABASE_URI": "x", "PATH": "x", "HOME": "x"})
    assert [(finding.level, finding.text.split()[0], finding.to_do) for finding in found] == [
        ("look at this", "DATABASE_URI", "Is it DATABASE_URL that is meant?"),
        ("look at this", "SLACK_BOT_TOKN", "Is it SLACK_BOT_TOKEN that is meant?"),
        ("look at this", "TEAMS_FOO", "See .env.example for the names that there are."),
    ]


@pytest.mark.parametrize(("mode", "level"), [(0o644, "wrong"), (0o640, "look at this"), (0o600, "ok")])
def test_who_can_read_the_file_of_settings_is_looked_at(tmp_path: Path, mode: int, level: str) -> None:
    file = tmp_path / ".env"
    file.touch()
    file.chmod(mode)
    assert [finding.level for finding in settings.env_file(file)] == [level]


MOUNTS = """
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
40 22 0:45 / /srv rw,relatime shared:1 - nfs4 files.example.org:/srv rw
41 40 8:2 / /srv/local rw - xfs /dev/sdb1 rw
42 22 0:46 / /mnt/my\\040files rw - cifs //files/my rw
"""


@pytest.mark.parametrize(
    ("folder", "system"),
    [("/var/lib", "ext4"), ("/srv/bot", "nfs4"), ("/srv/local/bot", "xfs"), ("/mnt/my files/a", "cifs")],
)
def test_a_network_file_system_is_told_from_a_disk(folder: str, system: str) -> None:
    assert stored.file_system(Path(folder), MOUNTS) == system
    assert bool(stored.OVER_A_NETWORK.match(system)) == (system in {"nfs4", "cifs"})


async def test_a_check_that_takes_too_long_is_given_up(healthy: Stage) -> None:
    groups = await doctor.examine(environ_of(healthy), env_file=None, clock=healthy.now, seconds=0.0)
    assert any("was given up" in line for line in said(groups, "wrong"))
