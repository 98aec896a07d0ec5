"""``PUBLIC_URL``: whether the bot answers there, and with a certificate that holds."""

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import aiohttp

from bot.config import is_loopback
from bot.platforms.health import Finding, Probe, fine, look, wrong

TIMEOUT = aiohttp.ClientTimeout(total=10)
SOON = 14
"""Days for which a certificate has to hold."""
FROM_HERE = "This was asked from this machine; if it cannot reach its own address from inside, ask from elsewhere."


class Address:
    """An address from outside. ``trusted``: the authorities whose certificates are accepted. ``wire_time``: seconds
    since the epoch."""

    def __init__(
        self,
        url: str,
        probes: Sequence[Probe],
        *,
        trusted: ssl.SSLContext | None = None,
        wire_time: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._probes = probes
        self._trusted = trusted or ssl.create_default_context()
        self._wire_time = wire_time

    async def reached(self) -> list[Finding]:
        """Name, certificate, and whether it is the bot that answers."""
        parts = urlsplit(self._url)
        found = []
        if parts.scheme == "https":
            certificate = await self._certificate(parts.hostname or "", parts.port or 443)
            if certificate.level == "wrong":
                return [certificate]
            found.append(certificate)
        elif is_loopback(self._url):
            found.append(look("PUBLIC_URL is of this machine alone", "Nobody outside reaches it: for trying out only."))
        return [*found, *await self._answers()]

    async def _certificate(self, host: str, port: int) -> Finding:
        try:
            await asyncio.get_running_loop().getaddrinfo(host, port)
        except OSError:
            return wrong("the name in PUBLIC_URL is unknown", "Enter it in the DNS, or mend PUBLIC_URL.")
        try:
            _, writer = await asyncio.open_connection(host, port, ssl=self._trusted, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            to_do = "Renew it, or give the whole chain: phones, Slack and Microsoft refuse it too."
            return wrong(f"the certificate at PUBLIC_URL is not accepted: {error.verify_message}", to_do)
        except ssl.SSLError:
            return wrong("what answers at PUBLIC_URL does not speak TLS", "Let the proxy with the certificate answer.")
        except OSError:
            return wrong("nobody answers at PUBLIC_URL", f"Start the proxy and open the port. {FROM_HERE}")
        until = (writer.get_extra_info("peercert") or {}).get("notAfter", "")
        writer.close()
        days = int((ssl.cert_time_to_seconds(until) - self._wire_time()) // 86_400) if until else SOON
        if days < SOON:
            return look(f"the certificate at PUBLIC_URL ends in {days} days", "Renew it, and see why nothing does.")
        return fine(f"the certificate at PUBLIC_URL holds for {days} more days")

    async def _answers(self) -> list[Finding]:
        connector = aiohttp.TCPConnector(ssl=self._trusted)
        async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as http:
            try:
                async with http.get(f"{self._url}/healthz", allow_redirects=False) as answer:
                    is_well = answer.status == 200 and await _says_ok(answer)  # noqa: PLR2004 - HTTP
                if not is_well:
                    to_do = "Let the proxy hand every path on to the bot, unchanged."
                    return [wrong("what answers at PUBLIC_URL is not the bot", to_do)]
                found = [fine("the bot answers at PUBLIC_URL")]
                for probe in self._probes:
                    async with http.get(self._url + probe.path, allow_redirects=False) as answer:
                        if answer.status != probe.status:
                            said = f"PUBLIC_URL{probe.path} answers with status {answer.status}"
                            to_do = f"It should be {probe.status}: let the proxy hand this path on, unchanged."
                            found.append(wrong(said, to_do))
            except (aiohttp.ClientError, TimeoutError, OSError):
                return [wrong("the bot does not answer at PUBLIC_URL", f"Start the bot and the proxy. {FROM_HERE}")]
        return found


async def _says_ok(answer: aiohttp.ClientResponse) -> bool:
    try:
        return bool(await answer.json() == {"status": "ok"})
    except (ValueError, aiohttp.ContentTypeError):
        return False
