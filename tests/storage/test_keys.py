"""The keys of waves: kept where only the bot can read them, and destroyed for good."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.keys import KeyDatabase, KeyDirectory, KeyLost, KeysGone, KeyStore, NoKeys


@pytest.fixture
def directory(tmp_path: Path) -> KeyDirectory:
    keys = KeyDirectory(tmp_path / "keys")
    keys.prepare()
    return keys


def lives(keys: KeyStore) -> None:
    keys.put("1-pulse-2026-11-03", b"one")
    keys.put("1-pulse-2027-01-05", b"two")
    keys.put("1-pulse-2026-11-03", b"another")
    assert keys.get("1-pulse-2026-11-03") == b"another"
    assert keys.names() == {"1-pulse-2026-11-03", "1-pulse-2027-01-05"}
    keys.destroy("1-pulse-2026-11-03")
    keys.destroy("1-pulse-2026-11-03")
    with pytest.raises(KeyLost):
        keys.get("1-pulse-2026-11-03")
    assert keys.get("1-pulse-2027-01-05") == b"two"
    assert keys.names() == {"1-pulse-2027-01-05"}


def test_a_directory_keeps_replaces_and_destroys_keys(directory: KeyDirectory) -> None:
    lives(directory)


@pytest.mark.postgresql_only
def test_a_database_keeps_replaces_and_destroys_keys(empty_url: str) -> None:
    keys = KeyDatabase(empty_url)
    keys.prepare()
    keys.prepare()
    lives(keys)
    keys.close()


def test_a_database_of_keys_that_does_not_answer_is_gone_and_no_key_is_lost() -> None:
    keys = KeyDatabase("postgresql://postgres@127.0.0.1:1/nowhere")
    for attempt in (
        keys.prepare,
        keys.names,
        lambda: keys.get("a"),
        lambda: keys.put("a", b""),
        lambda: keys.destroy("a"),
    ):
        with pytest.raises(KeysGone):
            attempt()


def test_only_the_owner_can_read_directory_and_files(directory: KeyDirectory) -> None:
    directory.put("1-pulse", b"secret")
    (file,) = directory.path.iterdir()
    assert (directory.path.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_directory_that_others_can_read_is_refused_with_what_to_do(directory: KeyDirectory) -> None:
    directory.put("1-pulse", b"secret")
    directory.path.chmod(0o750)
    for attempt in (directory.prepare, directory.names, lambda: directory.get("1-pulse")):
        with pytest.raises(KeysGone, match="chmod 700"):
            attempt()


def test_a_directory_that_is_not_there_is_gone_and_no_key_is_lost(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "unmounted")
    for attempt in (keys.names, lambda: keys.get("a"), lambda: keys.put("a", b""), lambda: keys.destroy("a")):
        with pytest.raises(KeysGone):
            attempt()


def test_a_destroyed_key_is_overwritten_before_it_is_removed(directory: KeyDirectory) -> None:
    directory.put("1-pulse", b"thirty-two bytes of a secret key")
    (file,) = directory.path.iterdir()
    kept = file.parent / "still-linked"
    os.link(file, kept)
    directory.destroy("1-pulse")
    assert len(kept.read_bytes()) == 32
    assert b"secret" not in kept.read_bytes()
    assert not file.exists()


@given(st.text(max_size=30))
def test_a_name_never_leads_out_of_the_directory(name: str) -> None:
    keys = KeyDirectory(Path("/tmp"))  # noqa: S108 - nothing is written there
    try:
        path = keys._of(name)
    except ValueError:
        return
    assert path.parent == Path("/tmp")  # noqa: S108 - as above


def test_commands_without_waves_have_no_keys() -> None:
    keys = NoKeys()
    assert keys.names() == set()
    for attempt in (lambda: keys.get("a"), lambda: keys.put("a", b""), lambda: keys.destroy("a")):
        with pytest.raises(KeysGone):
            attempt()
