"""The settings, the file that they come from, and the place of the keys."""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from bot.config import Settings
from bot.platforms.health import Finding, fine, look, wrong

NAMES = frozenset({
    "DATABASE_URL", "HOST", "INSTRUMENTS_DIR", "KEY_DATABASE_URL", "KEY_DIR", "PORT", "PUBLIC_URL",
    "SLACK_API_URL", "SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET",
    "TEAMS_APP_ID", "TEAMS_APP_PASSWORD", "TEAMS_TENANT_ID",
    "TEAMS_OPENID_URL", "TEAMS_TOKEN_ISSUER", "TEAMS_TOKEN_URL",
})  # fmt: skip
"""Every setting that there is."""
OURS = ("PEERMENTOR", "SLACK_", "TEAMS_")
"""How names begin that nobody but the bot would be given."""
ALIKE = 0.8
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
OTHERS_READ, GROUP_READS = 0o004, 0o040
ANYBODY_ELSE = 0o077


def settings(settings: Settings | None, mistakes: list[str], environ: Mapping[str, str]) -> list[Finding]:
    """What is set, what is not, and what looks as if it were meant otherwise."""
    found = [wrong(mistake, "") for mistake in mistakes]
    if settings is None:
        return found
    if not mistakes:
        named = [name for name, given in (("Slack", settings.slack), ("Teams", settings.teams)) if given]
        found.append(fine(f"the settings can be read; the bot serves {' and '.join(named)}"))
    if not settings.public_url:
        found.append(look("PUBLIC_URL is not set", "Without it calendar files have no links, and Teams has no way in."))
    return [*found, *_unlike_themselves(settings), *_unknown(environ)]


def _unlike_themselves(settings: Settings) -> list[Finding]:
    found = []
    slack, teams = settings.slack, settings.teams
    if slack and slack.bot_token and not slack.bot_token.startswith("xoxb-"):
        found.append(look("SLACK_BOT_TOKEN does not begin with xoxb-", 'Give the one under "Install App".'))
    if teams and GUID.fullmatch(teams.app_password):
        to_do = "Give the Value of the secret. Azure shows it only once, so you may have to make a new one."
        found.append(wrong("TEAMS_APP_PASSWORD looks like the Secret ID", to_do))
    if teams and not teams.token_url:
        for name, value in (("TEAMS_APP_ID", teams.app_id), ("TEAMS_TENANT_ID", teams.tenant_id)):
            if value and not GUID.fullmatch(value):
                to_do = "Compare it with the bot's Configuration in Azure."
                found.append(look(f"{name} is not of the form 01234567-89ab-cdef-0123-456789abcdef", to_do))
    return found


def _unknown(environ: Mapping[str, str]) -> list[Finding]:
    """Names that nothing reads and that look like settings."""
    found = []
    for name in sorted(environ.keys() - NAMES):
        near = difflib.get_close_matches(name.upper(), NAMES, n=1, cutoff=ALIKE)
        if near or name.upper().startswith(OURS):
            to_do = f"Is it {near[0]} that is meant?" if near else "See .env.example for the names that there are."
            found.append(look(f"{name} is set, and nothing reads it", to_do))
    return found


def env_file(path: Path | None) -> list[Finding]:
    """Who can read the file of settings."""
    if path is None:
        return []
    mode = path.stat().st_mode
    if mode & OTHERS_READ:
        return [wrong("everybody on this machine can read .env, which holds secrets", "chmod 600 .env")]
    if mode & GROUP_READS:
        return [look("others can read .env, which holds secrets", "chmod 600 .env, unless they are meant to.")]
    return [fine("nobody else can read .env")]


def key_dir(path: Path) -> list[Finding]:
    """The directory of the keys. Where it is, the settings have checked."""
    if not path.exists():
        above = next(parent for parent in path.absolute().parents if parent.exists())
        if os.access(above, os.W_OK | os.X_OK):
            return [look("KEY_DIR is not there yet", "The bot makes it when it starts.")]
        return [wrong("KEY_DIR is not there, and cannot be made", f"{_make(path)}, as root.")]
    if not path.is_dir():
        return [wrong("KEY_DIR is no directory", "Give a directory of its own.")]
    found = []
    state = path.stat()
    if state.st_mode & ANYBODY_ELSE:
        found.append(wrong("KEY_DIR can be read by others: the bot does not start", f"chmod 700 {path}"))
    if state.st_uid != os.geteuid():
        to_do = f"Run this as the bot's own user. If this is that user: chown it to them, as root: {path}"
        found.append(wrong("KEY_DIR belongs to somebody else", to_do))
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        found.append(wrong("KEY_DIR cannot be written", f"chmod 700 {path}"))
    return found or [fine("KEY_DIR is the bot's alone")]


def names_in(path: Path) -> set[str]:
    """The names of the keys in a directory, perhaps none. Raises OSError."""
    return {file.stem for file in path.iterdir() if file.suffix == ".key"} if path.exists() else set()


def _make(path: Path) -> str:
    return f"install -d -m 0700 -o <the bot's user> {path}"
