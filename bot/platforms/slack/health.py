"""What can be wrong with an installation on Slack: the token, its scopes, the clock, the app-level token.

Nothing here sends a message or changes anything.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from bot import config
from bot.platforms.health import Check, Finding, Probe, fine, look, wrong
from bot.platforms.slack.adapter import PATH
from bot.platforms.slack.chat import TIMEOUT, SlackChat
from bot.platforms.slack.refusals import refusal
from bot.platforms.slack.scopes import SLACK_SCOPES

CLOCKS_APART = 60.0
"""Seconds. From 300 on, Slack's signatures are refused as too old or too new."""
READS_WHAT_PEOPLE_WRITE = frozenset({"channels:history", "groups:history", "mpim:history"})
AGAIN = "Run this again in a minute; https://slack-status.com says whether Slack has a problem."


@dataclass(frozen=True, slots=True)
class _Answer:
    """What Slack said. ``code``: its error; empty where it said ok."""

    code: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class SlackHealth:
    """An installation on Slack. ``wire_time``: this machine's clock, seconds since the epoch."""

    name = "Slack"
    not_in_channel = "Type /invite @peermentor in the leads' private channel."

    def __init__(self, settings: config.Slack, wire_time: Callable[[], float] = time.time) -> None:
        self.chat = SlackChat(settings)
        self.probes: Sequence[Probe] = [Probe(PATH, 200)] if settings.signing_secret else []
        self._settings = settings
        self._wire_time = wire_time

    def checks(self) -> Sequence[Check]:
        """The bot's token, what it may do and the clock; the app-level token, where there is one."""
        return [self._bot_token, *([self._app_token] if self._settings.app_token else [])]

    async def _bot_token(self) -> list[Finding]:
        if not self._settings.bot_token:
            return [wrong("SLACK_BOT_TOKEN is missing", 'Give the Bot User OAuth Token under "Install App".')]
        answer = await self._ask("auth.test", self._settings.bot_token)
        if answer is None:
            return [wrong("Slack cannot be reached", "Let this machine reach https://slack.com, port 443.")]
        return [self._whose(answer), *([] if answer.code else _scopes(answer.headers)), *self._clock(answer.headers)]

    def _whose(self, answer: _Answer) -> Finding:
        if not answer.code:
            team, user = answer.body.get("team", ""), answer.body.get("user", "")
            if not answer.body.get("bot_id"):
                return wrong("SLACK_BOT_TOKEN is a person's token", "Give the token that begins with xoxb-.")
            return fine(f"SLACK_BOT_TOKEN is the bot {user!r} in the workspace {team!r}")
        if answer.code in {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}:
            return look(f"Slack did not say whether SLACK_BOT_TOKEN holds ({answer.code})", AGAIN)
        means = refusal(answer.code)
        return wrong(f"Slack does not accept SLACK_BOT_TOKEN: {means.reason}", _sentence(means.to_do))

    def _clock(self, headers: Mapping[str, str]) -> list[Finding]:
        try:
            theirs = parsedate_to_datetime(headers.get("Date", "")).timestamp()
        except ValueError:
            return []
        apart = self._wire_time() - theirs
        if abs(apart) <= CLOCKS_APART:
            return [fine("the clock of this machine agrees with Slack's")]
        which = "ahead of" if apart > 0 else "behind"
        said = f"the clock of this machine is {abs(apart):,.0f} seconds {which} Slack's"
        return [wrong(said, "Set it by NTP: from five minutes on, every request of Slack's is refused as a forgery.")]

    async def _app_token(self) -> list[Finding]:
        answer = await self._ask("apps.connections.open", self._settings.app_token)
        if answer is None:
            return [wrong("Slack cannot be reached for Socket Mode", "Let this machine reach https://slack.com.")]
        match answer.code:
            case "":
                return [fine("SLACK_APP_TOKEN opens connections for Socket Mode")]
            case "missing_scope":
                to_do = 'Make an app-level token with the scope connections:write under "Basic Information".'
                return [wrong("SLACK_APP_TOKEN may not open connections", to_do)]
            case "ratelimited" | "internal_error" | "fatal_error":
                return [look(f"Slack did not say whether SLACK_APP_TOKEN holds ({answer.code})", AGAIN)]
            case "not_socket_mode_enabled" | "socket_mode_not_enabled":
                to_do = 'Switch on "Socket Mode" of the app, or leave SLACK_APP_TOKEN out.'
                return [wrong("Socket Mode is switched off for the app", to_do)]
        to_do = 'Make an app-level token (xapp-) under "Basic Information", with the scope connections:write.'
        return [wrong(f"Slack does not accept SLACK_APP_TOKEN ({answer.code})", to_do)]

    async def _ask(self, method: str, token: str) -> _Answer | None:
        """Call a method that needs no arguments; None where Slack cannot be reached."""
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=TIMEOUT, trust_env=not config.is_loopback(self._settings.api_url)
                ) as http,
                http.post(self._settings.api_url + method, headers={"Authorization": f"Bearer {token}"}) as answer,
            ):
                try:
                    body = await answer.json()
                    code = "" if body["ok"] is True else str(body.get("error", "internal_error"))
                except (ValueError, LookupError, TypeError, AttributeError, aiohttp.ContentTypeError):
                    body, code = {}, "ratelimited" if answer.status == 429 else "internal_error"  # noqa: PLR2004 - HTTP
                return _Answer(code if code.replace("_", "").isalnum() or not code else "unknown", body, answer.headers)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None


def _scopes(headers: Mapping[str, str]) -> list[Finding]:
    granted = frozenset(filter(None, headers.get("x-oauth-scopes", "").replace(" ", "").split(",")))
    if not granted:
        return [look("Slack did not say which scopes the token has", "Compare them with the table in the README.")]
    findings = []
    missing, more = sorted(SLACK_SCOPES.keys() - granted), sorted(granted - SLACK_SCOPES.keys())
    again = 'paste "peermentor manifest slack" under "App Manifest", and install the app again'
    if missing:
        findings.append(wrong(f"the token lacks the scopes {', '.join(missing)}", _sentence(again)))
    if reading := sorted(READS_WHAT_PEOPLE_WRITE & granted):
        said = f"the token has the scopes {', '.join(reading)}: with them the bot could read what people write"
        findings.append(wrong(said, f"Take them away: {again}."))
        more = [scope for scope in more if scope not in READS_WHAT_PEOPLE_WRITE]
    if more:
        findings.append(look(f"the token has scopes that are not needed: {', '.join(more)}", _sentence(again)))
    if findings:
        return findings
    compare = (
        "Whether commands and events are those of this version cannot be seen with this token: compare "
        '"peermentor manifest slack" with "App Manifest" at https://api.slack.com/apps.'
    )
    return [fine("the token has the scopes that are needed, and no more", compare)]


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
