"""Settings, from the environment. Every mistake is reported at once, with what to do; no secret is ever printed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class BadSettings(Exception):
    """The settings cannot be used; ``mistakes`` has a line for each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Slack:
    """How to reach Slack, and how Slack reaches the bot: over HTTP with a ``signing_secret``, in Socket Mode with an
    ``app_token``, or both. ``api_url`` is Slack's own unless a stand-in is used."""

    bot_token: str = field(repr=False)
    signing_secret: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    api_url: str = "https://slack.com/api/"


@dataclass(frozen=True, slots=True)
class Teams:
    """How to reach Teams. The three addresses are for a local stand-in and accepted for loopback addresses only.
    ``anonymous``: nothing is signed, in either direction, and nothing but this machine is served; no environment can
    ask for it."""

    app_id: str
    app_password: str = field(repr=False)
    tenant_id: str = ""
    token_url: str = ""
    openid_url: str = ""
    token_issuer: str = ""
    anonymous: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Either platform alone is enough. ``key_database_url``: where the keys of waves are kept instead of
    ``key_dir``; empty where they are not. ``instruments_dir``: the folder of the programme's own questionnaires; None
    where it has none."""

    database_url: str
    key_dir: Path
    key_database_url: str = field(repr=False)
    host: str
    port: int
    public_url: str
    slack: Slack | None
    teams: Teams | None
    instruments_dir: Path | None = None


def read(environ: Mapping[str, str], *, is_demo: bool = False) -> Settings:
    """The settings that an environment asks for. Raises BadSettings with every mistake. ``is_demo``: the keys may lie
    beside the database, because nobody's answers are in it."""
    settings, mistakes = examined(environ, is_demo=is_demo)
    if mistakes:
        raise BadSettings(mistakes)
    return settings


def examined(environ: Mapping[str, str], *, is_demo: bool = False) -> tuple[Settings, list[str]]:
    """The settings as far as they can be read, and every mistake in them."""
    mistakes: list[str] = []
    port = environ.get("PORT", "").strip() or "3978"
    if not port.isdecimal() or not 0 <= int(port) <= 65535:  # noqa: PLR2004 - the range of ports
        mistakes.append(f"PORT is {port!r}: give a number from 0 to 65535")
        port = "3978"
    public_url = _text(environ, "PUBLIC_URL").rstrip("/")
    if public_url and urlsplit(public_url).scheme != "https" and not is_loopback(public_url):
        mistakes.append("PUBLIC_URL must start with https://, because doctors' phones refuse anything else")
    url = _database_url(environ, mistakes)
    key_dir = _key_dir(environ)
    key_database_url = _key_database_url(environ, url, mistakes)
    if not is_demo and not key_database_url:
        _check_apart(key_dir, url, mistakes)
    own = _text(environ, "INSTRUMENTS_DIR")
    if own and not Path(own).is_dir():
        mistakes.append(
            f"INSTRUMENTS_DIR {own} is no folder: give the one with your own questionnaires, or leave it out"
        )
    slack = _slack(environ, mistakes)
    teams = _teams(environ, mistakes)
    if not mistakes and slack is None and teams is None:
        mistakes.append("neither platform is set: give SLACK_BOT_TOKEN with SLACK_SIGNING_SECRET or SLACK_APP_TOKEN, "
                        "or TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_TENANT_ID, or all of them")  # fmt: skip
    settings = Settings(
        database_url=url,
        key_dir=key_dir,
        key_database_url=key_database_url,
        host=_text(environ, "HOST") or "127.0.0.1",
        port=int(port),
        public_url=public_url,
        slack=slack,
        teams=teams,
        instruments_dir=Path(own) if own else None,
    )
    return settings, mistakes


def stores(environ: Mapping[str, str]) -> tuple[str, Path, str]:
    """Where the data and the keys live, for commands that need nothing else: ``database_url``, ``key_dir`` and
    ``key_database_url`` as in Settings. Raises BadSettings."""
    mistakes: list[str] = []
    url = _database_url(environ, mistakes)
    key_dir, key_database_url = _key_dir(environ), _key_database_url(environ, url, mistakes)
    if mistakes:
        raise BadSettings(mistakes)
    return url, key_dir, key_database_url


def _key_dir(environ: Mapping[str, str]) -> Path:
    return Path(_text(environ, "KEY_DIR") or Path.home() / ".peermentor-keys")


def database_url(environ: Mapping[str, str]) -> str:
    """Where the data lives, for commands that need nothing else. Raises BadSettings."""
    mistakes: list[str] = []
    url = _database_url(environ, mistakes)
    if mistakes:
        raise BadSettings(mistakes)
    return url


def _database_url(environ: Mapping[str, str], mistakes: list[str]) -> str:
    url = _text(environ, "DATABASE_URL") or "sqlite:///peermentor.sqlite3"
    if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        mistakes.append("DATABASE_URL must begin with sqlite:/// or postgresql://")
    return url


def _key_database_url(environ: Mapping[str, str], url: str, mistakes: list[str]) -> str:
    keys = _text(environ, "KEY_DATABASE_URL")
    if not keys:
        return ""
    if not keys.startswith(("postgresql://", "postgresql+psycopg://")):
        mistakes.append("KEY_DATABASE_URL must begin with postgresql://; on one machine, use KEY_DIR")
    elif _which(keys) == _which(url):
        mistakes.append("KEY_DATABASE_URL is the database of DATABASE_URL: whoever copies one would have the other too")
    return keys


def _which(url: str) -> tuple[str | None, int, str]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or 5432, parts.path


def _check_apart(key_dir: Path, url: str, mistakes: list[str]) -> None:
    """Keys beside the database would be in every copy and backup of it."""
    if url.startswith("sqlite:///"):
        directory = Path(url.removeprefix("sqlite:///")).absolute().parent.resolve()
        if key_dir.absolute().resolve().is_relative_to(directory):
            mistakes.append(f"KEY_DIR {key_dir} is inside {directory}, where the database and its backups are: give a "
                            "directory elsewhere, for example /var/lib/peermentor-keys")  # fmt: skip


def _slack(environ: Mapping[str, str], mistakes: list[str]) -> Slack | None:
    bot_token, secret, app_token = given = [
        _text(environ, name) for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN")
    ]
    if not any(given):
        return None
    if not bot_token:
        mistakes.append("SLACK_BOT_TOKEN is missing: nothing can be sent without it")
    elif bot_token.startswith("xapp-"):
        mistakes.append("SLACK_BOT_TOKEN begins with xapp-: that is SLACK_APP_TOKEN; the bot's own begins with xoxb-")
    if not secret and not app_token:
        mistakes.append("SLACK_SIGNING_SECRET is missing: give it, or SLACK_APP_TOKEN for Socket Mode, or both")
    if app_token and not app_token.startswith("xapp-"):
        mistakes.append("SLACK_APP_TOKEN does not begin with xapp-: give an app-level token with connections:write")
    api_url = _text(environ, "SLACK_API_URL")
    if api_url and not is_loopback(api_url):
        mistakes.append("SLACK_API_URL is for a local stand-in only: give a loopback address or leave it out")
    return Slack(
        bot_token=bot_token,
        signing_secret=secret,
        app_token=app_token,
        **({"api_url": api_url.rstrip("/") + "/"} if api_url else {}),
    )


def _teams(environ: Mapping[str, str], mistakes: list[str]) -> Teams | None:
    needed = ("TEAMS_APP_ID", "TEAMS_APP_PASSWORD", "TEAMS_TENANT_ID")
    given = {name: _text(environ, name) for name in needed}
    if not any(given.values()):
        return None
    mistakes += [f"{name} is missing: Teams needs all three" for name, value in given.items() if not value]
    local = {name: _text(environ, name) for name in ("TEAMS_TOKEN_URL", "TEAMS_OPENID_URL", "TEAMS_TOKEN_ISSUER")}
    for name, value in local.items():
        if value and not is_loopback(value):
            mistakes.append(f"{name} is for a local stand-in only: give a loopback address or leave it out")
        if any(local.values()) and not value:
            mistakes.append(f"{name} is missing: a local stand-in needs all three of {', '.join(local)}")
    return Teams(
        app_id=given["TEAMS_APP_ID"],
        app_password=given["TEAMS_APP_PASSWORD"],
        tenant_id=given["TEAMS_TENANT_ID"].lower(),
        token_url=local["TEAMS_TOKEN_URL"],
        openid_url=local["TEAMS_OPENID_URL"],
        token_issuer=local["TEAMS_TOKEN_ISSUER"],
    )


def is_loopback(url: str) -> bool:
    """Whether an address stays on this machine."""
    return urlsplit(url).scheme in {"http", "https"} and urlsplit(url).hostname in LOOPBACK


def _text(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()
