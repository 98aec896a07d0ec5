"""What Slack and Teams are told about the bot: valid, made from the registry of commands, and asking for nothing that
has no reason."""

import io
import json
import os
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from typer.testing import CliRunner, Result

from bot import manifest
from bot.__main__ import cli
from bot.config import BadSettings
from bot.flow import Flows
from bot.handlers import FLOWS
from bot.manifest import SLACK_EVENTS, TEAMS_SCOPES, TeamsApp
from bot.platforms.slack.scopes import SLACK_SCOPES

PROJECT = Path(__file__).parents[1]
SCHEMAS = PROJECT.parent / "shared" / "schemas"
SLACK_CODE = "".join(path.read_text() for path in sorted((PROJECT / "bot" / "platforms" / "slack").glob("*.py")))

URL = "https://mentoring.fenmoor.example"
APP = TeamsApp(
    app_id="7f1c2c5e-0b7d-4c63-9f0a-3d1f5e9a2b48",
    public_url=URL,
    developer="Fenmoor Infirmary",
    website="https://www.fenmoor.example/mentoring",
    privacy="https://www.fenmoor.example/privacy",
    terms="https://www.fenmoor.example/terms",
    version="1.0.2",
)
OPTIONS = {
    "--app-id": APP.app_id,
    "--url": APP.public_url,
    "--developer": APP.developer,
    "--website": APP.website,
    "--privacy": APP.privacy,
    "--terms": APP.terms,
    "--version": APP.version,
}

NEEDED_BY_METHOD = {
    "apps_connections_open": set(),  # connections:write, which the app's own token has
    "auth_test": set(),
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"im:history"},
    "conversations_members": {"groups:read"},
    "conversations_open": {"im:write", "mpim:write"},
    "files_completeUploadExternal": {"files:write"},
    "files_getUploadURLExternal": {"files:write"},
    "users_info": {"users:read", "users:read.email"},
    "users_lookupByEmail": {"users:read", "users:read.email"},
    "views_open": set(),
    "views_publish": set(),
    "views_push": set(),
}
"""The scopes that Slack asks for, as its documentation says, for the kinds of conversation in which we call."""
NEEDED_BY_EVENT = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "app_uninstalled": set(),
    "message.im": {"im:history"},
    "tokens_revoked": set(),
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and an environment of its own without our settings."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PUBLIC_URL", "TEAMS_APP_ID"}}
    monkeypatch.setattr(os, "environ", environment)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str, options: Mapping[str, str]) -> Result:
    """``peermentor manifest``, as somebody types it."""
    words = [word for option in options.items() for word in option]
    return CliRunner().invoke(cli, ["manifest", command, *words])


def valid(made: Any, schema: str) -> bool:
    """Whether it follows a schema of the platform's; skips the test where that is not at hand."""
    path = SCHEMAS / schema
    if not path.exists():
        pytest.skip("the schema is not here: it is Slack's or Microsoft's, and not copied into this project")
    parsed = json.loads(path.read_text())
    return bool(jsonschema.validators.validator_for(parsed)(parsed).is_valid(made))


def commands_of(*scopes: str) -> dict[str, str]:
    """Name and hint of the commands that our conversations answer to."""
    return {name: command.hint for name, command in Flows(FLOWS).commands.items() if command.scope in scopes}


# Slack


@pytest.mark.parametrize("schema", ["slack-manifest-1.0.schema.json", "slack-manifest-2.0.schema.json"])
@pytest.mark.parametrize("made", [manifest.slack(URL), manifest.slack_in_socket_mode()], ids=["HTTP", "Socket Mode"])
def test_slack_takes_its_manifest(schema: str, made: dict[str, Any]) -> None:
    assert valid(made, schema)
    assert not valid(made | {"features": {"slash_commands": []}}, schema)


def test_slack_offers_every_command_that_is_not_only_typed_with_its_hint() -> None:
    offered = manifest.slack(URL)["features"]["slash_commands"]
    assert {made["command"]: made.get("usage_hint", "") for made in offered} == {
        f"/{name}": hint for name, hint in commands_of("personal", "leads").items()
    }
    assert "/leads" in {made["command"] for made in offered}
    assert {"/home", "/help"}.isdisjoint(made["command"] for made in offered)
    assert all(made["description"] for made in offered)


@pytest.mark.parametrize("url", [URL, f"{URL}/"])
def test_slack_sends_everything_to_the_one_address_that_the_adapter_serves(url: str) -> None:
    made = manifest.slack(url)
    addresses = {
        *(command["url"] for command in made["features"]["slash_commands"]),
        made["settings"]["event_subscriptions"]["request_url"],
        made["settings"]["interactivity"]["request_url"],
    }
    assert addresses == {f"{URL}/slack/events"}


def test_slack_sends_the_events_that_the_adapter_handles_and_no_other() -> None:
    handled = {
        f"{name}.im" if name == "message" else name
        for names in re.findall(r'\["type"\] (?:not )?in \{([^}]*)\}', SLACK_CODE)
        for name in re.findall(r'"(\w+)"', names)
    }
    assert handled == set(SLACK_EVENTS) == set(NEEDED_BY_EVENT)
    assert manifest.slack(URL)["settings"]["event_subscriptions"]["bot_events"] == list(SLACK_EVENTS)


def needed_scopes() -> set[str]:
    """The scopes without which Slack would refuse a call, or not send an event or a command."""
    called = {name for name in re.findall(r"client\.(\w+_\w+)", SLACK_CODE) if hasattr(AsyncWebClient, name)}
    by_calls = (NEEDED_BY_METHOD[name] for name in called)
    by_events = (NEEDED_BY_EVENT[name] for name in SLACK_EVENTS)
    return {"commands"}.union(*by_calls, *by_events)


def test_nothing_that_the_bot_does_lacks_its_scope() -> None:
    assert manifest.slack(URL)["oauth_config"] == {"scopes": {"bot": list(SLACK_SCOPES)}}
    assert needed_scopes() <= SLACK_SCOPES.keys()


def test_no_scope_is_without_use() -> None:
    assert SLACK_SCOPES.keys() - needed_scopes() == set()


def test_the_bot_can_never_read_what_people_write_to_each_other() -> None:
    assert {"mpim:history", "groups:history", "channels:history", "mpim:read", "channels:read"}.isdisjoint(SLACK_SCOPES)


def test_people_can_write_to_the_bot_and_open_its_home_in_slack() -> None:
    assert manifest.slack(URL)["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }


def test_slack_talks_over_http_to_one_workspace_with_a_token_that_stays() -> None:
    settings = manifest.slack(URL)["settings"]
    assert [settings[f"{name}_enabled"] for name in ("socket_mode", "org_deploy", "token_rotation")] == [False] * 3


def test_in_socket_mode_slack_is_given_no_address_and_all_else_is_the_same() -> None:
    http, socket = manifest.slack(URL), manifest.slack_in_socket_mode()
    assert "url" not in str(socket)
    assert socket["settings"].pop("socket_mode_enabled") is True
    del http["settings"]["socket_mode_enabled"]
    for given in (http["settings"]["event_subscriptions"], http["settings"]["interactivity"]):
        del given["request_url"]
    for command in http["features"]["slash_commands"]:
        del command["url"]
    assert socket == http


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mentoring.fenmoor.example",
        "http://mentoring.fenmoor.example",
        "https://mentoring",
        "https://localhost",
        "https://127.0.0.1:3978",
        "https://mentoring.fenmoor.example?page=1",
        "https://mentoring.fenmoor.example/#top",
        "https://somebody:secret@mentoring.fenmoor.example",
        "https://mentoring.fenmoor.example/a path",
        "https://mentoring.fenmoor.example\n",
        f"https://mentoring.fenmoor.example/{'a' * 2048}",
    ],
)
def test_an_address_at_which_nobody_outside_reaches_the_bot_is_refused(url: str) -> None:
    with pytest.raises(BadSettings, match="--url"):
        manifest.slack(url)
    with pytest.raises(BadSettings, match="--url"):
        manifest.teams(replace(APP, public_url=url))


def test_a_proxy_may_have_its_own_port_and_path() -> None:
    made = manifest.slack("https://apps.fenmoor.example:8443/mentoring/")
    assert (
        made["settings"]["interactivity"]["request_url"] == "https://apps.fenmoor.example:8443/mentoring/slack/events"
    )


# Teams


def test_teams_takes_its_manifest() -> None:
    made = manifest.teams(APP)
    assert valid(made, "teams-manifest-1.25.schema.json")
    assert not valid(made | {"id": "peermentor"}, "teams-manifest-1.25.schema.json")


def test_teams_offers_commands_where_they_belong_and_no_more_than_twelve_in_a_list() -> None:
    (bot,) = manifest.teams(APP)["bots"]
    lists = {made["scopes"][0]: [command["title"] for command in made["commands"]] for made in bot["commandLists"]}
    assert lists == {"personal": [*commands_of("personal")], "team": [*commands_of("leads")]}
    assert [len(made["scopes"]) for made in bot["commandLists"]] == [1, 1]
    assert all(1 <= len(offered) <= 12 for offered in lists.values())


def test_teams_shows_what_may_follow_a_command() -> None:
    (bot,) = manifest.teams(APP)["bots"]
    (leads,) = (command for command in bot["commandLists"][1]["commands"] if command["title"] == "leads")
    assert leads["description"].endswith("(leads here)")


def test_the_teams_app_asks_for_no_permission_and_no_files() -> None:
    made = manifest.teams(APP)
    assert {"authorization", "permissions", "devicePermissions", "webApplicationInfo"}.isdisjoint(made)
    (bot,) = made["bots"]
    assert bot["scopes"] == list(TEAMS_SCOPES) == ["personal", "team"]
    assert bot["supportsFiles"] is False


def test_the_teams_app_is_what_its_administrators_said() -> None:
    made = manifest.teams(APP)
    assert made["id"] == made["bots"][0]["botId"] == APP.app_id
    assert made["version"] == "1.0.2"
    assert made["validDomains"] == ["mentoring.fenmoor.example"]
    assert made["developer"] == {
        "name": "Fenmoor Infirmary",
        "websiteUrl": "https://www.fenmoor.example/mentoring",
        "privacyUrl": "https://www.fenmoor.example/privacy",
        "termsOfUseUrl": "https://www.fenmoor.example/terms",
    }


def test_the_package_holds_the_manifest_and_both_icons_and_nothing_else() -> None:
    with zipfile.ZipFile(io.BytesIO(manifest.teams_package(APP))) as package:
        assert package.testzip() is None
        assert sorted(package.namelist()) == ["color.png", "manifest.json", "outline.png"]
        assert json.loads(package.read("manifest.json")) == manifest.teams(APP)
        assert size_of(package.read("color.png")) == (192, 192)
        assert size_of(package.read("outline.png")) == (32, 32)


def test_the_same_app_is_packed_into_the_same_bytes() -> None:
    assert manifest.teams_package(APP) == manifest.teams_package(APP)


def test_the_outline_has_a_transparent_ground() -> None:
    colour_type = (manifest.FOLDER / "outline.png").read_bytes()[25]
    assert colour_type == 6  # red, green, blue and opacity


def test_slacks_own_icon_is_as_large_as_slack_asks() -> None:
    assert size_of((manifest.FOLDER / "slack.png").read_bytes()) == (512, 512)


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height, in pixels, from the picture's header."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


# The command


def test_the_command_prints_slacks_manifest_and_nothing_else() -> None:
    result = run("slack", {"--url": URL})
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == manifest.slack(URL)
    assert result.stderr == ""


def test_for_socket_mode_the_command_needs_no_address() -> None:
    result = CliRunner().invoke(cli, ["manifest", "slack", "--socket"])
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == manifest.slack_in_socket_mode()


def test_the_command_writes_the_package_for_teams(elsewhere: Path) -> None:
    result = run("teams", OPTIONS | {"--out": "ours.zip"})
    assert result.exit_code == 0, result.stderr
    assert (elsewhere / "ours.zip").read_bytes() == manifest.teams_package(APP)
    assert "ours.zip" in result.stdout


def test_what_stands_in_the_env_file_need_not_be_typed(elsewhere: Path) -> None:
    (elsewhere / ".env").write_text(f"PUBLIC_URL={URL}\nTEAMS_APP_ID={APP.app_id}\n")
    assert json.loads(run("slack", {}).stdout) == manifest.slack(URL)
    typed = {option: value for option, value in OPTIONS.items() if option not in {"--url", "--app-id"}}
    assert run("teams", typed).exit_code == 0
    assert (elsewhere / "peermentor-teams.zip").read_bytes() == manifest.teams_package(APP)


def test_the_package_has_the_programs_own_version_unless_another_is_given(elsewhere: Path) -> None:
    run("teams", {option: value for option, value in OPTIONS.items() if option != "--version"})
    with zipfile.ZipFile(elsewhere / "peermentor-teams.zip") as package:
        assert re.fullmatch(r"\d+\.\d+\.\d+", json.loads(package.read("manifest.json"))["version"])


def test_all_mistakes_are_told_at_once_and_nothing_is_written(elsewhere: Path) -> None:
    result = run("teams", {"--app-id": "peermentor", "--website": "www.fenmoor.example", "--version": "2"})
    assert result.exit_code == 2
    told = [line.split()[0] for line in result.stderr.splitlines()]
    assert told == ["--app-id", "--url", "--developer", "--website", "--privacy", "--terms", "--version"]
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("option", OPTIONS)
def test_each_mistake_is_told_by_the_name_of_its_option(option: str) -> None:
    result = run("teams", OPTIONS | {option: "x" * 33})
    assert result.exit_code == 2
    assert [line.split()[0] for line in result.stderr.splitlines()] == [option]


def test_a_missing_address_for_slack_is_told_and_nothing_is_printed() -> None:
    result = run("slack", {})
    assert (result.exit_code, result.stdout) == (2, "")
    assert "PUBLIC_URL" in result.stderr


def test_a_place_where_nothing_can_be_written_is_told() -> None:
    result = run("teams", OPTIONS | {"--out": "nowhere/ours.zip"})
    assert result.exit_code == 1
    assert "nowhere/ours.zip" in result.stderr


# The README


@pytest.mark.parametrize(("heading", "reasons"), [("Scope", SLACK_SCOPES), ("Place", TEAMS_SCOPES)])
def test_the_readme_gives_the_reason_for_each_scope_and_for_no_other(heading: str, reasons: Mapping[str, str]) -> None:
    readme = (PROJECT / "README.md").read_text()
    _, _, after = readme.partition(f"| {heading} | Why |\n|---|---|\n")
    rows = re.findall(r"^\| `(.+)` \| (.+) \|$", after.partition("\n\n")[0], re.MULTILINE)
    assert rows == list(reasons.items())
