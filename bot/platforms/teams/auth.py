"""Tokens in both directions: those that Teams signs its requests with, and the bot's own for the connector."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from aiohttp import ClientError, ClientSession, ClientTimeout, web
from botframework.connector.auth import AuthenticationConstants, MicrosoftAppCredentials

from bot.chat import Unauthorised, Unavailable
from bot.config import LOOPBACK, Teams, is_loopback
from bot.platforms.teams.refusals import code_in

CHANNEL = "msteams"
SCOPE = AuthenticationConstants.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE + "/.default"
LEEWAY = 300
"""Seconds by which the clocks of Microsoft and of this machine may differ."""
KEEP_KEYS = 24 * 3600
FETCHES = 5
FETCHES_WITHIN = 60
"""An unknown key id makes the bot fetch the keys, at most so many times in so many seconds: anybody can make one up."""
HOLD_TOKEN = 240
"""Seconds for which a token is used without asking again; MSAL hands out none that ends within 300."""
TIMEOUT = ClientTimeout(total=10)

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "Origin")
"""Headers of requests that do not come straight from a program on this machine."""

Claims = Mapping[str, Any]


class NotAllowed(Exception):
    """The request does not come from Teams, or not for this bot."""


class KeysUnavailable(Exception):
    """The keys of the Bot Framework cannot be fetched now, so nobody can be told from Teams."""


@dataclass(frozen=True, slots=True)
class _Key:
    key: jwt.PyJWK
    endorsements: frozenset[str]


class ChannelTokens:
    """Checks the tokens of incoming requests.

    The SDK's own check fetches keys on the event loop, fails with an IndexError on a key that is new and takes a token
    that never ends; PyJWT does none of this.
    """

    def __init__(self, settings: Teams) -> None:
        self._audience = settings.app_id
        self._issuer = settings.token_issuer or AuthenticationConstants.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER
        self._openid_url = settings.openid_url or AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL
        self._keys: dict[str, _Key] = {}
        self._fetched_at: deque[float] = deque(maxlen=FETCHES)
        self._fetching = asyncio.Lock()

    async def admit(self, request: web.Request) -> Claims:
        """The claims of a request's token. Raises NotAllowed or KeysUnavailable."""
        return await self.verify(request.headers.get("Authorization", ""))

    def check_service_url(self, claims: Claims, service_url: str) -> None:
        """Raises NotAllowed where the token is for another connector than the one that is to be answered."""
        if claims.get("serviceurl") != service_url:
            raise NotAllowed("the token is for another service url")

    async def verify(self, header: str) -> Claims:
        """The claims of an Authorization header. Raises NotAllowed or KeysUnavailable."""
        scheme, _, token = header.partition(" ")
        if scheme != "Bearer":
            raise NotAllowed("no bearer token")
        try:
            key = await self._key(str(jwt.get_unverified_header(token).get("kid", "")))
            claims: Claims = jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.PyJWTError as fault:
            raise NotAllowed(type(fault).__name__) from None
        if key.endorsements and CHANNEL not in key.endorsements:
            raise NotAllowed("the key does not speak for Teams")
        return claims

    async def _key(self, key_id: str) -> _Key:
        if self._needs_fetch(key_id):
            async with self._fetching:
                if self._needs_fetch(key_id):
                    await self._fetch(key_id)
        if key_id not in self._keys:
            raise NotAllowed("unknown key")
        return self._keys[key_id]

    def _needs_fetch(self, key_id: str) -> bool:
        now = time.monotonic()
        if key_id in self._keys:
            return now - self._fetched_at[-1] > KEEP_KEYS
        return len(self._fetched_at) < FETCHES or now - self._fetched_at[0] > FETCHES_WITHIN

    async def _fetch(self, key_id: str) -> None:
        try:
            async with ClientSession(timeout=TIMEOUT, raise_for_status=True, trust_env=True) as http:
                async with http.get(self._openid_url) as answer:
                    keys_url = (await answer.json())["jwks_uri"]
                async with http.get(keys_url) as answer:
                    listed = (await answer.json())["keys"]
        except (ClientError, TimeoutError, ValueError, KeyError, TypeError) as fault:
            if key_id not in self._keys:
                raise KeysUnavailable(type(fault).__name__) from fault
        else:
            self._keys = dict(_usable(listed))
        self._fetched_at.append(time.monotonic())  # keys of yesterday that cannot be renewed serve another day


class ThisMachineOnly:
    """In place of ``ChannelTokens`` for Microsoft's local client, which signs nothing: whoever is on this machine is
    let in, and answered on this machine."""

    async def admit(self, request: web.Request) -> Claims:
        """Nothing is claimed. Raises NotAllowed for a request that comes from elsewhere, or by way of a proxy."""
        if not request.remote or not ip_address(request.remote).is_loopback:
            raise NotAllowed("not from this machine")
        if any(name in request.headers for name in FORWARDED):
            raise NotAllowed("by way of a proxy")
        if urlsplit(f"//{request.host}").hostname not in LOOPBACK:
            raise NotAllowed("for another host")  # a page in a browser that was sent here under a name of its own
        return {}

    def check_service_url(self, _claims: Claims, service_url: str) -> None:
        """Raises NotAllowed for a connector elsewhere."""
        if not is_loopback(service_url):
            raise NotAllowed("a connector elsewhere")


def _usable(listed: list[dict[str, Any]]) -> list[tuple[str, _Key]]:
    found = []
    for published in listed:
        try:
            key = jwt.PyJWK(published, algorithm="RS256")
        except jwt.PyJWTError:
            continue  # a kind of key that is not used to sign requests
        found.append((key.key_id or "", _Key(key, frozenset(published.get("endorsements", ())))))
    return found


class Credentials:
    """The bot's access token, in the form in which the SDK's connector asks for it.

    The SDK would fetch it on the event loop when a request is about to go out; here ``renew`` is awaited first.
    """

    def __init__(self, settings: Teams) -> None:
        self._settings = settings
        self._microsoft = self._anew()
        self._token = ""
        self._until = 0.0
        self._renewing = asyncio.Lock()

    async def renew(self) -> None:
        """Make sure that there is a token that holds. Raises Unauthorised or Unavailable."""
        if time.monotonic() < self._until:
            return
        async with self._renewing:
            if time.monotonic() < self._until:
                return
            try:
                self._token = await (self._from_stand_in() if self._settings.token_url else self._from_microsoft())
            except (requests.RequestException, ClientError, TimeoutError) as fault:
                raise Unavailable(f"token: {type(fault).__name__}") from None
            self._until = time.monotonic() + HOLD_TOKEN

    def forget(self) -> None:
        """Ask for a new token next time: this one was refused."""
        self._until = 0.0
        self._microsoft = self._anew()  # MSAL remembers tokens, too

    def _anew(self) -> MicrosoftAppCredentials:
        given = self._settings
        return MicrosoftAppCredentials(given.app_id, given.app_password, given.tenant_id, oauth_scope=SCOPE)

    def signed_session(self, session: requests.Session) -> requests.Session:
        """Called by the SDK for each request."""
        session.headers["Authorization"] = f"Bearer {self._token}"
        return session

    async def _from_microsoft(self) -> str:
        try:
            return str(await asyncio.to_thread(self._microsoft.get_access_token))
        except (PermissionError, ValueError) as fault:  # a wrong secret; a wrong tenant
            raise Unauthorised(_no_token(str(fault))) from None

    async def _from_stand_in(self) -> str:
        """MSAL takes no http address, not even of this machine."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.app_id,
            "client_secret": self._settings.app_password,
            "scope": SCOPE,
        }
        try:
            async with (
                ClientSession(timeout=TIMEOUT) as http,
                http.post(self._settings.token_url, data=form) as answer,
            ):
                if answer.status in {400, 401}:
                    raise Unauthorised(_no_token(await answer.text()))
                answer.raise_for_status()
                return str((await answer.json())["access_token"])
        except KeyError:
            raise Unavailable("token: an answer without one") from None


def _no_token(said: str) -> str:
    """A reason for the log: the code alone, because Microsoft's words name the app and the tenant."""
    code = code_in(said)
    return f"token: AADSTS{code}" if code else "token: refused"


class NoCredentials:
    """In place of ``Credentials`` where nothing is signed."""

    async def renew(self) -> None:
        """There is nothing to renew."""

    def forget(self) -> None:
        """There is nothing to forget."""

    def signed_session(self, session: requests.Session) -> requests.Session:
        """Called by the SDK for each request."""
        return session
