"""Settings: every mistake is told at once, with what to do; no secret is ever printed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import BadSettings, Slack, Teams, is_loopback, read

SLACK = {"SLACK_BOT_TOKEN": "xoxb-made-up", "SLACK_SIGNING_SECRET": "whisper"}
TEAMS = {"TEAMS_APP_ID": "app-1", "TEAMS_APP_PASSWORD": "whisper", "TEAMS_TENANT_ID": "tenant-1"}
LOCAL = {
    "TEAMS_TOKEN_URL": "http://127.0.0.1:9/token",
    "TEAMS_OPENID_URL": "http://127.0.0.1:9/openid",
    "TEAMS_TOKEN_ISSUER": "http://127.0.0.1:9",
}


def mistakes(environ: dict[str, str]) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        read(environ)
    return caught.value.mistakes


def test_slack_alone_is_enough() -> None:
    settings = read(SLACK)
    assert settings.teams is None
    assert settings.slack == Slack("xoxb-made-up", "whisper")
    assert settings.slack.api_url == "https://slack.com/api/"


def test_the_programmes_own_questionnaires_are_in_a_folder(tmp_path: Path) -> None:
    assert read(SLACK).instruments_dir is None
    assert read(SLACK | {"INSTRUMENTS_DIR": str(tmp_path)}).instruments_dir == tmp_path
    (found,) = mistakes(SLACK | {"INSTRUMENTS_DIR": str(tmp_path / "nowhere")})
    assert found.startswith("INSTRUMENTS_DIR")


def test_slack_needs_no_signing_secret_in_socket_mode() -> None:
    settings = read({"SLACK_BOT_TOKEN": "xoxb-made-up", "SLACK_APP_TOKEN": "xapp-made-up"})
    assert settings.slack == Slack("xoxb-made-up", "", "xapp-made-up")
    assert read(SLACK | {"SLACK_APP_TOKEN": "xapp-made-up"}).slack == Slack("xoxb-made-up", "whisper", "xapp-made-up")


def test_slacks_tokens_in_the_wrong_places_are_told_at_once() -> None:
    found = mistakes({"SLACK_BOT_TOKEN": "xapp-made-up", "SLACK_APP_TOKEN": "xoxb-made-up"})
    assert [line.split()[0] for line in found] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]
    assert "made-up" not in str(found)
    (line,) = mistakes({"SLACK_APP_TOKEN": "xapp-made-up"})
    assert line.startswith("SLACK_BOT_TOKEN is missing")


def test_teams_alone_is_enough() -> None:
    settings = read(TEAMS)
    assert settings.slack is None
    assert settings.teams == Teams("app-1", "whisper", "tenant-1")


def test_what_is_left_out_has_a_default() -> None:
    settings = read(SLACK | TEAMS)
    assert (settings.database_url, settings.key_dir) == (
        "sqlite:///peermentor.sqlite3",
        Path.home() / ".peermentor-keys",
    )
    assert settings.key_database_url == ""
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 3978, "")


def test_what_is_given_is_taken_without_spaces_around_it() -> None:
    given = {"DATABASE_URL": " postgresql://db/x ", "KEY_DIR": "/keys ", "HOST": " mentoring.local", "PORT": " 80 "}
    settings = read(SLACK | given | {"PUBLIC_URL": "https://mentoring.example/"})
    assert (settings.database_url, settings.key_dir) == ("postgresql://db/x", Path("/keys"))
    assert (settings.host, settings.port, settings.public_url) == ("mentoring.local", 80, "https://mentoring.example")


@pytest.mark.parametrize("key_dir", ["", "keys", "deep/below/keys", "../data/keys"])
def test_keys_in_the_directory_of_the_database_are_refused_but_in_a_demo(
    key_dir: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.chdir(data)
    given = SLACK | {"DATABASE_URL": f"sqlite:///{data}/real.sqlite3", "KEY_DIR": str(data / key_dir)}
    (line,) = mistakes(given)
    assert "KEY_DIR" in line
    assert str(data) in line
    assert read(given, is_demo=True).key_dir == data / key_dir


def test_a_link_does_not_smuggle_the_keys_into_the_directory_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "data" / "keys").mkdir(parents=True)
    (tmp_path / "elsewhere").symlink_to(tmp_path / "data" / "keys")
    given = SLACK | {"DATABASE_URL": f"sqlite:///{tmp_path}/data/real.sqlite3", "KEY_DIR": f"{tmp_path}/elsewhere"}
    assert "KEY_DIR" in mistakes(given)[0]


def test_keys_elsewhere_or_beside_a_server_are_taken(tmp_path: Path) -> None:
    given = SLACK | {"DATABASE_URL": f"sqlite:///{tmp_path}/data/real.sqlite3", "KEY_DIR": f"{tmp_path}/keys"}
    assert read(given).key_dir == tmp_path / "keys"
    assert read(SLACK | {"DATABASE_URL": "postgresql://db/x", "KEY_DIR": "keys"}).key_dir == Path("keys")


def test_keys_may_live_in_another_database_and_not_in_the_same() -> None:
    given = SLACK | {"DATABASE_URL": "postgresql://db/x", "KEY_DATABASE_URL": "postgresql://whisper@keys/y"}
    assert read(given).key_database_url == "postgresql://whisper@keys/y"
    assert "whisper" not in repr(read(given))
    assert mistakes(SLACK | {"KEY_DATABASE_URL": "sqlite:///keys.sqlite3"})[0].startswith("KEY_DATABASE_URL must begin")
    (line,) = mistakes(given | {"KEY_DATABASE_URL": "postgresql+psycopg://other@db:5432/x"})
    assert "KEY_DATABASE_URL is the database of DATABASE_URL" in line


def test_no_platform_at_all_is_told_with_what_to_give() -> None:
    (line,) = mistakes({})
    for name in (*SLACK, *TEAMS, "SLACK_APP_TOKEN"):
        assert name in line


@pytest.mark.parametrize("given", [SLACK, TEAMS])
def test_a_platform_that_is_half_set_is_told_what_is_missing(given: dict[str, str]) -> None:
    for name in given:
        (line,) = mistakes(given | {name: "  "})
        assert line.startswith(f"{name} is missing")


@pytest.mark.parametrize("port", ["-1", "65536", "http", "80.5", "3978 or so"])
def test_a_port_that_is_none_is_told(port: str) -> None:
    (line,) = mistakes(SLACK | {"PORT": port})
    assert line.startswith("PORT is ")


def test_a_public_address_is_https_or_of_this_machine() -> None:
    assert read(SLACK | {"PUBLIC_URL": "http://127.0.0.1:3978/"}).public_url == "http://127.0.0.1:3978"
    (line,) = mistakes(SLACK | {"PUBLIC_URL": "http://mentoring.example"})
    assert line.startswith("PUBLIC_URL must start with https://")


@pytest.mark.parametrize(
    "url", ["https://slack.example/api/", "http://10.0.0.1/api/", "http://127.0.0.1.evil.example/"]
)
def test_a_stand_in_of_slack_is_on_this_machine(url: str) -> None:
    (line,) = mistakes(SLACK | {"SLACK_API_URL": url})
    assert line.startswith("SLACK_API_URL is for a local stand-in only")


def test_the_address_of_a_stand_in_of_slack_ends_with_a_slash() -> None:
    slack = read(SLACK | {"SLACK_API_URL": "http://localhost:1/api"}).slack
    assert slack is not None
    assert slack.api_url == "http://localhost:1/api/"


def test_a_stand_in_of_teams_is_on_this_machine_and_needs_all_three_addresses() -> None:
    assert read(TEAMS | LOCAL).teams == Teams("app-1", "whisper", "tenant-1", *LOCAL.values())
    for name in LOCAL:
        (elsewhere,) = mistakes(TEAMS | LOCAL | {name: "https://login.example/"})
        assert elsewhere.startswith(f"{name} is for a local stand-in only")
        (missing,) = mistakes(TEAMS | LOCAL | {name: ""})
        assert missing.startswith(f"{name} is missing")


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes({"PORT": "x", "PUBLIC_URL": "ftp://x", "SLACK_BOT_TOKEN": "t", "TEAMS_APP_ID": "a"})
    assert [line.split()[0] for line in found] == [
        "PORT", "PUBLIC_URL", "SLACK_SIGNING_SECRET", "TEAMS_APP_PASSWORD", "TEAMS_TENANT_ID",
    ]  # fmt: skip


def test_no_secret_is_printed() -> None:
    settings = read(SLACK | TEAMS | {"SLACK_APP_TOKEN": "xapp-made-up"})
    for secret in ("xoxb-made-up", "whisper", "xapp-made-up"):
        assert secret not in repr(settings)
    assert "whisper" not in str(mistakes(SLACK | TEAMS | {"TEAMS_TENANT_ID": "", "SLACK_BOT_TOKEN": ""}))


@given(
    st.dictionaries(
        st.sampled_from([*SLACK, *TEAMS, *LOCAL, "PORT", "PUBLIC_URL", "SLACK_API_URL", "SLACK_APP_TOKEN"]), st.text()
    )
)
def test_whatever_is_given_there_are_settings_or_a_list_of_mistakes(environ: dict[str, str]) -> None:
    settings, found = None, []
    try:
        settings = read(environ)
    except BadSettings as error:
        found = error.mistakes
    assert bool(found) != bool(settings and (settings.slack or settings.teams))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://localhost/x", "http://[::1]:5/"])
def test_loopback_addresses_stay_on_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1", "ftp://127.0.0.1", "http://127.0.0.1@evil.example/", "http://evil/127.0.0.1"]
)
def test_other_addresses_do_not(url: str) -> None:
    assert not is_loopback(url)
