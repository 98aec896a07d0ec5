"""The doctor: looks at everything that whoever runs the bot can get wrong, and says what to do about each.

Nothing is changed, nobody is sent anything, and no value of a setting is ever shown: where one would stand, its name
stands instead.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from bot import ui
from bot.chat import Ambiguous, ChatError, RateLimited, Unauthorised, Unavailable, Unreachable
from bot.clock import Clock, real_time
from bot.config import Settings, examined
from bot.doctor import settings as of_settings
from bot.doctor import stored
from bot.doctor.address import Address
from bot.platforms.health import Check, Finding, Health, fine, look, wrong
from bot.platforms.slack.health import SlackHealth
from bot.platforms.teams.health import TeamsHealth
from storage.inspection import Inspection, names_in_key_database
from storage.records import Conversation
from storage.unit_of_work import DatabaseGone

SECONDS = 20.0
"""For one check, which may ask several times."""
SHORTEST_HIDDEN = 4
"""Shorter values are no secrets, and to hide them would leave holes in words."""
MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True, slots=True)
class Group:
    """What was found about one thing."""

    title: str
    findings: tuple[Finding, ...]


async def examine(
    environ: Mapping[str, str], *, env_file: Path | None, clock: Clock = real_time, seconds: float = SECONDS
) -> list[Group]:
    """Look at everything. ``env_file``: where settings were read from; ``seconds``: the time for one check."""
    discreet = Discreet(environ)
    visit = _Visit(environ, env_file, clock, seconds)
    try:
        groups = await visit.groups()
    finally:
        await visit.close()
    return [Group(title, tuple(map(discreet, found))) for title, found in groups if found]


def is_something_wrong(groups: Iterable[Group]) -> bool:
    """Whether anything does not work."""
    return any(finding.level == "wrong" for group in groups for finding in group.findings)


class Discreet:
    """Puts the name of a setting where its value, or a secret part of it, would stand."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        hidden = {
            part: name
            for name, value in environ.items()
            if name in of_settings.NAMES or name.upper().startswith(of_settings.OURS)
            for part in _parts(value.strip())
            if len(part) >= SHORTEST_HIDDEN
        }
        self._hidden = sorted(hidden.items(), key=lambda each: -len(each[0]))

    def __call__(self, finding: Finding) -> Finding:
        """The same, fit to be shown."""
        return replace(finding, text=self._said(finding.text), to_do=self._said(finding.to_do))

    def _said(self, words: str) -> str:
        for value, name in self._hidden:
            words = words.replace(value, f"${name}")
        return words


def _parts(value: str) -> set[str]:
    """A value as it may turn up in words: whole, quoted, or its secret parts alone."""
    parts = {value, value.rstrip("/"), repr(value)[1:-1]}
    with suppress(ValueError):
        address = urlsplit(value)
        parts |= {address.password or "", unquote(address.password or "")}
        parts |= {said for _name, said in parse_qsl(address.query)}
    return parts


class _Visit:
    """One look at everything."""

    def __init__(self, environ: Mapping[str, str], env_file: Path | None, clock: Clock, seconds: float) -> None:
        self._environ = environ
        self._env_file = env_file
        self._clock = clock
        self._seconds = seconds
        self._settings: Settings | None = None
        self._mistakes: list[str]
        try:
            self._settings, self._mistakes = examined(environ)
        except ValueError:  # what urllib finds in no address
            self._mistakes = ["one of the addresses in the settings cannot be read"]
        self._inspection: Inspection | None = None
        self._healths: list[Health] = []
        if self._settings and self._settings.slack:
            self._healths.append(SlackHealth(self._settings.slack))
        if self._settings and self._settings.teams:
            self._healths.append(TeamsHealth(self._settings.teams))
        self._has_programme_tables = False

    async def groups(self) -> list[tuple[str, list[Finding]]]:
        """All findings, by what they are about."""
        database = await self._all([self._database])
        groups: list[tuple[str, Sequence[Check]]] = [
            ("Settings", [self._of_settings, self._of_env_file]),
            ("Keys of check-ins", [self._place_of_keys, self._keys]),
            *((health.name, health.checks()) for health in self._healths),
            ("Address from outside", [self._address]),
            ("Leads' channel", [self._leads]),
            ("Programme", [self._programme]),
        ]
        found = await asyncio.gather(*(self._all(checks) for _title, checks in groups))
        told = [(title, findings) for (title, _checks), findings in zip(groups, found, strict=True)]
        return [told[0], ("Database", database), *told[1:]]

    async def close(self) -> None:
        """Let go of connections."""
        if self._inspection is not None:
            self._inspection.close()
        for health in self._healths:
            await health.chat.close()

    async def _all(self, checks: Sequence[Check]) -> list[Finding]:
        return [finding for check in checks for finding in await self._one(check)]

    async def _one(self, check: Check) -> list[Finding]:
        what = check.__name__.strip("_").replace("_", " ") if hasattr(check, "__name__") else "something"
        try:
            async with asyncio.timeout(self._seconds):
                return await check()
        except TimeoutError:
            said = f"looking at this took more than {self._seconds:g} seconds and was given up: {what}"
            return [wrong(said, "Look at the network between this machine and that.")]
        except DatabaseGone as gone:
            return [wrong(f"the database does not answer ({gone})", "See DATABASE_URL, and whether its server runs.")]
        except Exception as error:  # noqa: BLE001 - one check that fails must not hide what the others find
            return [wrong(f"looking at this failed: {what} ({type(error).__name__})", "Tell those who make the bot.")]

    def _is_wrong(self, name: str) -> bool:
        """Whether a setting is of no use, which is told with the settings."""
        return any(mistake.startswith(name) for mistake in self._mistakes)

    # Settings, and where the keys are

    async def _of_settings(self) -> list[Finding]:
        return of_settings.settings(self._settings, self._mistakes, self._environ)

    async def _of_env_file(self) -> list[Finding]:
        return of_settings.env_file(self._env_file)

    async def _place_of_keys(self) -> list[Finding]:
        if self._settings is None or self._settings.key_database_url:
            return []
        return of_settings.key_dir(self._settings.key_dir)

    async def _keys(self) -> list[Finding]:
        if self._settings is None:
            return []
        found = []
        try:
            if self._settings.key_database_url:
                kept = await asyncio.to_thread(names_in_key_database, self._settings.key_database_url)
                if kept is None:
                    found.append(look("KEY_DATABASE_URL has no table yet", "The bot makes it when it starts."))
                else:
                    found.append(fine("the database of KEY_DATABASE_URL answers"))
            else:
                kept = await asyncio.to_thread(of_settings.names_in, self._settings.key_dir)
        except (DatabaseGone, OSError):
            to_do = "See KEY_DATABASE_URL or KEY_DIR: without the keys no check-in can be opened, answered or closed."
            return [wrong("the keys cannot be read", to_do)]
        if self._inspection is None or not self._has_programme_tables:
            return found
        waves = await asyncio.to_thread(self._inspection.wave_keys)
        of_programme = await asyncio.to_thread(self._inspection.programme_keys)
        return [*found, *stored.keys(kept or set(), waves, of_programme)]

    # The database

    async def _database(self) -> list[Finding]:
        if self._settings is None or self._is_wrong("DATABASE_URL"):
            return []
        inspection = self._inspection = Inspection(self._settings.database_url, encode=ui.dump)
        facts = await asyncio.to_thread(inspection.facts)
        self._has_programme_tables = facts.revision == facts.newest
        return await asyncio.to_thread(lambda: stored.database(facts, _mounts()))

    async def _programme(self) -> list[Finding]:
        if self._inspection is None or not self._has_programme_tables:
            return []
        return await asyncio.to_thread(self._inspection.read, stored.programme, self._clock())

    # From outside

    async def _address(self) -> list[Finding]:
        if self._settings is None or not self._settings.public_url or self._is_wrong("PUBLIC_URL"):
            return []
        probes = [probe for health in self._healths for probe in health.probes]
        return await Address(self._settings.public_url, probes).reached()

    # The leads' channel

    async def _leads(self) -> list[Finding]:
        if self._inspection is None or not self._has_programme_tables:
            return []
        leads = await asyncio.to_thread(self._inspection.read, stored.of_leads, self._clock())
        if leads is None:
            return []
        if not leads.people:
            return [wrong("nobody is listed as a lead", "List one in people.csv, and import it again.")]
        found = []
        if unknown := [person.name for person, accounts in leads.people if not accounts]:
            to_do = "Give their accounts in people.csv: a lead without one cannot be recognised in the channel."
            found.append(look(f"lead without an account: {', '.join(unknown)}", to_do))
        return [*found, *await self._channel(leads)]

    async def _channel(self, leads: stored.Leads) -> list[Finding]:
        if leads.channel is None:
            say = wrong if leads.has_begun else look
            to_do = "As a listed lead, type leads here in it (/leads here on Slack)."
            return [say("no channel is the leads' channel yet", to_do)]
        health = next((h for h in self._healths if h.chat.platform == leads.channel.platform), None)
        if health is None:
            to_do = "Set that platform up again, or type leads here in a channel of the other."
            return [wrong("the leads' channel is on a platform that is not set up", to_do)]
        present = await self._members(health, leads.channel)
        return [present] if isinstance(present, Finding) else _who_is_there(leads, leads.channel, present)

    async def _members(self, health: Health, channel: Conversation) -> frozenset[str] | Finding:
        try:
            return await health.chat.members(channel)
        except Unauthorised:
            return wrong(f"who is in the leads' channel cannot be seen: {health.name} does not accept the bot", "")
        except Unreachable:
            return wrong("the bot is not in the leads' channel, or it is gone", health.not_in_channel)
        except RateLimited:
            return look(f"{health.name} is asked too often at the moment", "Run this again in a minute.")
        except (Ambiguous, Unavailable):
            return wrong(f"who is in the leads' channel cannot be seen: {health.name} does not answer", "")
        except ChatError as error:
            return wrong(f"who is in the leads' channel cannot be seen ({type(error).__name__})", health.not_in_channel)


def _mounts() -> str:
    return MOUNTS.read_text() if MOUNTS.exists() else ""


def _who_is_there(leads: stored.Leads, channel: Conversation, present: frozenset[str]) -> list[Finding]:
    listed = {
        account.user
        for _person, accounts in leads.people
        for account in accounts
        if (account.platform, account.tenant) == (channel.platform, channel.tenant)
    }
    if not listed & present:
        to_do = "Invite one who is listed: only who is listed and in the channel is a lead."
        return [wrong("no listed lead is in the leads' channel", to_do)]
    found = [fine(f"leads in their channel: {len(listed & present)} of {len(leads.people)}")]
    if others := len(present - listed):
        who = "1 person who is" if others == 1 else f"{others:,} people who are"
        to_do = "They read the digests there. List them as leads, or remove them from the channel."
        found.append(look(f"in the leads' channel there is {who} no listed lead", to_do))
    return found
