"""The tokens of both directions, where the stand-in is not enough to see what happens."""

import threading

import pytest
import requests

from bot.chat import ChatError, Unauthorised, Unavailable
from bot.config import Teams
from bot.platforms.teams import auth
from bot.playground.client import Fault
from bot.playground.teams import TeamsStandIn
from bot.playground.teams_keys import SigningKey
from tests.platforms.teams.conftest import TENANT


@pytest.fixture
def tokens(teams: TeamsStandIn) -> auth.ChannelTokens:
    environment = teams.settings()
    return auth.ChannelTokens(
        Teams(
            teams.app_id,
            teams.secret,
            TENANT,
            openid_url=environment["TEAMS_OPENID_URL"],
            token_issuer=environment["TEAMS_TOKEN_ISSUER"],
        )
    )


async def test_a_key_that_does_not_speak_for_teams_is_refused(teams: TeamsStandIn, tokens: auth.ChannelTokens) -> None:
    teams.issuer.keys.append(SigningKey(endorsements=("webchat",)))
    with pytest.raises(auth.NotAllowed):
        await tokens.verify(f"Bearer {teams.issuer.token(teams.service_url)}")


async def test_old_keys_serve_while_new_ones_cannot_be_had(
    teams: TeamsStandIn, tokens: auth.ChannelTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = f"Bearer {teams.issuer.token(teams.service_url)}"
    await tokens.verify(header)
    monkeypatch.setattr(auth, "KEEP_KEYS", -1)
    teams.faults.append(fault := Fault("openid", "status", status=503))
    assert (await tokens.verify(header))["aud"] == teams.app_id
    assert fault.times == 0


async def test_without_a_key_nobody_is_told_from_teams(teams: TeamsStandIn, tokens: auth.ChannelTokens) -> None:
    teams.faults.append(Fault("openid", "status", status=503))
    with pytest.raises(auth.KeysUnavailable):
        await tokens.verify(f"Bearer {teams.issuer.token(teams.service_url)}")


def test_published_keys_of_another_kind_are_passed_over() -> None:
    usable = SigningKey()
    listed = [{"kty": "oct", "kid": "a", "k": "c2VjcmV0"}, {"kty": "RSA", "kid": "b"}, {}, usable.published()]
    assert [key_id for key_id, _key in auth._usable(listed)] == [usable.id]


async def test_microsoft_is_asked_for_a_token_off_the_event_loop_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = auth.Credentials(Teams("an-app", "made up", TENANT))
    asked: list[threading.Thread] = []

    def token() -> str:
        asked.append(threading.current_thread())
        return "a-token"

    monkeypatch.setattr(credentials._microsoft, "get_access_token", token)
    await credentials.renew()
    await credentials.renew()
    assert len(asked) == 1
    assert asked[0] is not threading.current_thread()
    assert credentials.signed_session(requests.Session()).headers["Authorization"] == "Bearer a-token"


@pytest.mark.parametrize(
    ("fault", "expected", "said"),
    [
        (PermissionError("AADSTS7000215: Invalid client secret provided"), Unauthorised, "token: AADSTS7000215"),
        (ValueError("Unable to get authority configuration"), Unauthorised, "token: refused"),
        (requests.ConnectionError("no route"), Unavailable, "token: ConnectionError"),
    ],
)
async def test_what_microsoft_answers_instead_of_a_token_has_a_meaning(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, expected: type[ChatError], said: str
) -> None:
    credentials = auth.Credentials(Teams("an-app", "made up", TENANT))

    def token() -> str:
        raise fault

    monkeypatch.setattr(credentials._microsoft, "get_access_token", token)
    with pytest.raises(expected) as raised:
        await credentials.renew()
    assert str(raised.value) == said
