"""What can be wrong with an installation on Teams: the app and its secret, Microsoft's keys, the way to the connector.

Nothing here sends a message or changes anything.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
from botframework.connector.auth import AuthenticationConstants

from bot import config
from bot.platforms.health import Check, Finding, Probe, fine, look, wrong
from bot.platforms.teams.adapter import PATH
from bot.platforms.teams.auth import CHANNEL, SCOPE, TIMEOUT
from bot.platforms.teams.chat import TeamsChat
from bot.platforms.teams.refusals import code_in, refusal

SIGN_IN = "https://login.microsoftonline.com"
KEYS_HOST = "login.botframework.com"
AGAIN = "Run this again in a minute; https://status.cloud.microsoft says whether Microsoft has a problem."

Answer = tuple[int, Mapping[str, Any]]


class TeamsHealth:
    """An installation on Teams."""

    name = "Teams"
    not_in_channel = "Add peermentor to a standard channel of the leads' private team, and type leads here again."

    def __init__(self, settings: config.Teams) -> None:
        self.chat = TeamsChat(settings)
        self.probes: Sequence[Probe] = [Probe(PATH, 405)]
        self._settings = settings

    def checks(self) -> Sequence[Check]:
        """The app's secret, Microsoft's keys, and the connector."""
        return [self._secret, self._keys, self._connector]

    async def _secret(self) -> list[Finding]:
        if not (self._settings.app_id and self._settings.app_password and self._settings.tenant_id):
            return []  # told with the settings
        url = self._settings.token_url or f"{SIGN_IN}/{quote(self._settings.tenant_id, safe='')}/oauth2/v2.0/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.app_id,
            "client_secret": self._settings.app_password,
            "scope": SCOPE,
        }
        answer = await _ask("POST", url, form)
        if answer is None:
            return [wrong("Microsoft's sign-in cannot be reached", f"Let this machine reach {SIGN_IN}, port 443.")]
        status, body = answer
        if status == 200 and body.get("access_token"):  # noqa: PLR2004 - HTTP
            day = "When the secret expires cannot be seen from here: Azure shows it, put it into your calendar."
            return [fine("the app gets a token with TEAMS_APP_PASSWORD", day)]
        code = code_in(str(body.get("error_description", "")))
        if not code and status not in {400, 401, 403}:
            return [look(f"Microsoft's sign-in gave no clear answer (status {status})", AGAIN)]
        means = refusal(code)
        return [wrong(f"the app gets no token: {means.reason}", f"{means.to_do[:1].upper()}{means.to_do[1:]}.")]

    async def _keys(self) -> list[Finding]:
        """The keys with which Microsoft signs what it sends."""
        own = self._settings.openid_url
        url = own or AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL
        issuer = self._settings.token_issuer or AuthenticationConstants.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER
        reach = f"Let this machine reach https://{KEYS_HOST}, port 443: without the keys every request is refused."
        answer = await _ask("GET", url)
        if answer is None:
            return [wrong("Microsoft's signing keys cannot be fetched", reach)]
        status, body = answer
        keys_url = str(body.get("jwks_uri", ""))
        at_home = bool(own) or (urlsplit(keys_url).scheme, urlsplit(keys_url).hostname) == ("https", KEYS_HOST)
        if status != 200:  # noqa: PLR2004 - HTTP
            return [look(f"Microsoft's signing keys cannot be fetched now (status {status})", AGAIN)]
        if body.get("issuer") != issuer or not at_home:
            to_do = "Ask who runs the network: a proxy in between answers in Microsoft's place."
            return [wrong("what answers for Microsoft's signing keys is not Microsoft's", to_do)]
        listed = await _ask("GET", keys_url)
        keys = listed[1].get("keys", []) if listed else []
        if not any(CHANNEL in key.get("endorsements", ()) for key in keys):
            return [wrong("Microsoft's signing keys cannot be fetched", reach)]
        return [fine("Microsoft's signing keys can be fetched")]

    async def _connector(self) -> list[Finding]:
        where = urlsplit(self.chat.service_url)
        answer = await _ask("GET", self.chat.service_url + "v3/conversations")
        if answer is None:
            reach = f"Let this machine reach {where.scheme}://{where.netloc}: messages go out there."
            return [wrong("the connector of Teams cannot be reached", reach)]
        if answer[0] >= 500:  # noqa: PLR2004 - where the server's own faults begin
            return [look(f"the connector of Teams has a fault (status {answer[0]})", AGAIN)]
        return [fine("the connector of Teams can be reached")]


async def _ask(method: str, url: str, form: Mapping[str, str] | None = None) -> Answer | None:
    """The status, and what was answered if it is a JSON object; None where nobody answers."""
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT, trust_env=not config.is_loopback(url)) as http,
            http.request(method, url, data=form, allow_redirects=False) as answer,
        ):
            try:
                body = await answer.json()
            except (ValueError, aiohttp.ContentTypeError):
                body = {}
            return answer.status, body if isinstance(body, dict) else {}
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return None
