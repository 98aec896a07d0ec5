"""The tokens of the Teams stand-in: those that it signs for the bot to check, and those that it grants to the bot."""

import json
import secrets
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

LIFETIME = 3600
"""Seconds of wire time for which a token of either kind holds."""


class SigningKey:
    """An RSA key with the id under which it is published. ``endorsements``: the channels it may speak for."""

    def __init__(self, endorsements: tuple[str, ...] = ("msteams",)) -> None:
        self.endorsements = endorsements
        self.id = secrets.token_hex(8)
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def published(self) -> dict[str, Any]:
        """The public half, as in a key set of the Bot Framework."""
        key: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return key | {"use": "sig", "kid": self.id, "x5t": self.id, "endorsements": list(self.endorsements)}


class Issuer:
    """Signs what the stand-in sends to the bot, and publishes its keys."""

    def __init__(self, app_id: str) -> None:
        self.url = ""
        self._app_id = app_id
        self.keys = [SigningKey()]

    def rotate(self) -> None:
        """Sign with a new key from now on; the old ones stay published."""
        self.keys.append(SigningKey())

    def key_set(self) -> dict[str, Any]:
        """The published keys."""
        return {"keys": [key.published() for key in self.keys]}

    def token(self, service_url: str, *, key: SigningKey | None = None, **changes: object) -> str:
        """A token as the Bot Framework sends it. ``changes``: claims that differ; None leaves a claim out."""
        key = key or self.keys[-1]
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": self.url,
            "aud": self._app_id,
            "nbf": now - 300,
            "exp": now + LIFETIME,
            "serviceurl": service_url,
            **changes,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key.private, algorithm="RS256", headers={"kid": key.id})


class Grants:
    """The access tokens that the bot was given for the connector."""

    def __init__(self, app_id: str, secret: str) -> None:
        self._credentials = (app_id, secret)
        self._until: dict[str, float] = {}
        self.asked = 0

    def grant(self, form: dict[str, str]) -> dict[str, Any] | None:
        """A token for the right client credentials, else None."""
        self.asked += 1
        wanted = {"grant_type": "client_credentials", "scope": "https://api.botframework.com/.default"}
        given = (form.get("client_id"), form.get("client_secret"))
        if given != self._credentials or any(form.get(name) != value for name, value in wanted.items()):
            return None
        token = secrets.token_urlsafe(32)
        self._until[token] = time.time() + LIFETIME
        return {"token_type": "Bearer", "expires_in": LIFETIME - 1, "access_token": token}

    def accepts(self, header: str) -> bool:
        """Whether an Authorization header carries a token that was granted and still holds."""
        scheme, _, token = header.partition(" ")
        return scheme == "Bearer" and self._until.get(token, 0) > time.time()

    def revoke(self) -> None:
        """Accept none of the tokens granted so far."""
        self._until.clear()
