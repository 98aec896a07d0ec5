"""What Slack and Teams have to be told before the bot can be installed: an app manifest for each.

Both are made from the one registry of commands, so that what people can type and what the platforms offer them is
always the same. The icons and the description are in the folder ``manifest/``.
"""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.config import BadSettings, is_loopback
from bot.flow import Command, Flows
from bot.handlers import FLOWS
from bot.platforms.slack.adapter import PATH as SLACK_PATH
from bot.platforms.slack.scopes import SLACK_SCOPES
from bot.texts import _

Json = dict[str, Any]

FOLDER = Path(__file__).resolve().parent.parent / "manifest"
"""Beside ``bot/``, in a checkout as well as where a wheel was installed."""

NAME = "peermentor"
FULL_NAME = "peermentor: a peer-mentoring programme"
SHORT_DESCRIPTION = "Runs a peer-mentoring programme: introductions, dates, a log, help at any hour."
COLOUR = "#14555c"

SLACK_EVENTS = ("app_home_opened", "app_mention", "app_uninstalled", "message.im", "tokens_revoked")
"""What the adapter does something with."""

TEAMS_SCOPES: Mapping[str, str] = {
    "personal": "Everybody who takes part talks with the bot in a chat of their own.",
    "team": "It posts the digest to the leads' channel, and sees who is in it now.",
}
"""Where the bot can be added in Teams, and why: what the README says too."""

TEAMS_MANIFEST = "1.25"

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
VERSION = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}", re.ASCII)
ADDRESS = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?([/?#][!-~]*)?", re.ASCII | re.IGNORECASE)
LONGEST_ADDRESS = 2048
LONGEST_DEVELOPER = 32


@dataclass(frozen=True, slots=True)
class TeamsApp:
    """What the administrators of a tenant give for the app.

    ``app_id``: of the bot's registration in Azure. ``public_url``: where the bot is reached. ``developer``: the
    organisation that runs it, with its ``website`` and the pages about ``privacy`` and ``terms`` of use; Teams shows
    all four to people. ``version``: three numbers; Teams takes a changed package only with a higher one.
    """

    app_id: str
    public_url: str
    developer: str
    website: str
    privacy: str
    terms: str
    version: str


def slack(public_url: str) -> Json:
    """What Slack takes for "create an app from a manifest", for a bot that Slack reaches over HTTP. Raises
    BadSettings."""
    mistakes: list[str] = []
    _check_public_url(public_url, mistakes)
    if mistakes:
        raise BadSettings(mistakes)
    requests = public_url.rstrip("/") + SLACK_PATH
    return _slack({"url": requests}, {"request_url": requests})


def slack_in_socket_mode() -> Json:
    """The same for a bot that connects to Slack itself and has no address."""
    return _slack({}, {})


def _slack(commands_to: Json, requests_to: Json) -> Json:
    return {
        "display_information": {
            "name": NAME,
            "description": SHORT_DESCRIPTION,
            "long_description": _description(),
            "background_color": COLOUR,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "slash_commands": [_slash_command(command) | commands_to for command in _commands("personal", "leads")],
        },
        "oauth_config": {"scopes": {"bot": list(SLACK_SCOPES)}},
        "settings": {
            "event_subscriptions": requests_to | {"bot_events": list(SLACK_EVENTS)},
            "interactivity": {"is_enabled": True} | requests_to,
            "org_deploy_enabled": False,
            "socket_mode_enabled": not requests_to,
            "token_rotation_enabled": False,
        },
    }


def teams(app: TeamsApp) -> Json:
    """The manifest of a bot for one tenant, without any permission to read what the bot is not told. Raises
    BadSettings with every mistake."""
    _check(app)
    return {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{TEAMS_MANIFEST}/MicrosoftTeams.schema.json",
        "manifestVersion": TEAMS_MANIFEST,
        "version": app.version,
        "id": app.app_id,
        "localizationInfo": {"defaultLanguageTag": "en-gb"},
        "developer": {
            "name": app.developer,
            "websiteUrl": app.website,
            "privacyUrl": app.privacy,
            "termsOfUseUrl": app.terms,
        },
        "name": {"short": NAME, "full": FULL_NAME},
        "description": {"short": SHORT_DESCRIPTION, "full": _description()},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": COLOUR,
        "bots": [
            {
                "botId": app.app_id,
                "scopes": list(TEAMS_SCOPES),
                "supportsFiles": False,
                "isNotificationOnly": False,
                "commandLists": [
                    {"scopes": ["personal"], "commands": list(map(_typed_command, _commands("personal")))},
                    {"scopes": ["team"], "commands": list(map(_typed_command, _commands("leads")))},
                ],
            }
        ],
        "validDomains": [urlsplit(app.public_url).hostname],
    }


def teams_package(app: TeamsApp) -> bytes:
    """The zip file that the Teams admin centre takes: the manifest and both icons. The same app gives the same bytes.
    Raises BadSettings."""
    manifest = teams(app)
    icons = {name: (FOLDER / name).read_bytes() for name in manifest["icons"].values()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        for name, content in {"manifest.json": json.dumps(manifest, indent=2).encode(), **icons}.items():
            # A ZipInfo has a fixed date, unlike a bare name.
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _description() -> str:
    return (FOLDER / "description.txt").read_text(encoding="utf-8").strip()


def _commands(*scopes: str) -> list[Command]:
    """Commands of these scopes. Those of the scope ``typed`` are other words for something that is offered already."""
    return [command for command in Flows(FLOWS).commands.values() if command.scope in scopes]


def _slash_command(command: Command) -> Json:
    shown = {"command": f"/{command.name}", "description": _(command.help), "should_escape": False}
    return shown | {"usage_hint": command.hint} if command.hint else shown


def _typed_command(command: Command) -> Json:
    hint = f" ({command.name} {command.hint})" if command.hint else ""
    return {"title": command.name, "description": _(command.help) + hint}


def _check(app: TeamsApp) -> None:
    mistakes: list[str] = []
    if not GUID.fullmatch(app.app_id):
        mistakes.append(
            f"--app-id (or TEAMS_APP_ID) {_said(app.app_id)}: give the bot's Microsoft App ID, as Azure shows it under "
            "Configuration, such as 01234567-89ab-cdef-0123-456789abcdef"
        )
    _check_public_url(app.public_url, mistakes)
    if not 1 <= len(app.developer.strip()) <= LONGEST_DEVELOPER:
        mistakes.append(
            f"--developer {_said(app.developer)}: give your organisation's name, at most {LONGEST_DEVELOPER} characters"
        )
    pages = {
        "--website": (app.website, "your organisation's page about the programme"),
        "--privacy": (app.privacy, "the page that says how personal data are used"),
        "--terms": (app.terms, "the page with the terms of use"),
    }
    mistakes += [
        f"{option} {_said(url)}: give the https:// address of {page}"
        for option, (url, page) in pages.items()
        if not _is_address(url)
    ]
    if not VERSION.fullmatch(app.version):
        mistakes.append(f"--version {_said(app.version)}: give three numbers, such as 1.0.2")
    if mistakes:
        raise BadSettings(mistakes)


def _check_public_url(url: str, mistakes: list[str]) -> None:
    if not _is_address(url) or is_loopback(url) or "?" in url or "#" in url:
        mistakes.append(
            f"--url (or PUBLIC_URL) {_said(url)}: give the https:// address under which the bot is reached from "
            "outside, such as https://mentoring.example.org"
        )


def _is_address(url: str) -> bool:
    return len(url) <= LONGEST_ADDRESS and bool(ADDRESS.fullmatch(url))


def _said(value: str) -> str:
    return f"is {value!r}" if value else "is missing"
