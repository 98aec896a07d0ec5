"""``PUBLIC_URL`` behind a certificate: one that holds, one that ends soon, and those that nobody accepts."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.doctor.address import Address
from bot.platforms.health import Finding, Probe

NOW = datetime.now(UTC)


class Certificate:
    """A certificate of this machine's own for 127.0.0.1, which holds for so many days from now."""

    def __init__(self, folder: Path, days: float) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(NOW - timedelta(days=90))
            .not_valid_after(NOW + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.file = folder / "certificate.pem"
        self.key = folder / "key.pem"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.key.write_bytes(key.private_bytes(*encoding))

    def trusted(self) -> ssl.SSLContext:
        """What accepts it."""
        return ssl.create_default_context(cafile=str(self.file))

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """A bot behind it; the address."""
        app = web.Application()
        app.add_routes([web.get("/healthz", healthy), web.post("/events", healthy)])
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file, self.key)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield f"https://127.0.0.1:{runner.addresses[0][1]}"
        await runner.cleanup()


async def healthy(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def levels(findings: list[Finding]) -> list[str]:
    return [finding.level for finding in findings]


async def test_a_certificate_that_holds_is_well_and_its_days_are_told(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path, days=60.5)
    async with certificate.served() as url:
        found = await Address(url, [Probe("/events", 405)], trusted=certificate.trusted()).reached()
    assert levels(found) == ["ok", "ok"]
    assert "60 more days" in found[0].text


async def test_a_certificate_that_ends_soon_is_told_in_time(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path, days=9.5)
    async with certificate.served() as url:
        found = await Address(url, [], trusted=certificate.trusted()).reached()
    assert levels(found) == ["look at this", "ok"]
    assert "in 9 days" in found[0].text


@pytest.mark.parametrize(("days", "words"), [(-1, "expired"), (60, "self-signed")])
async def test_a_certificate_that_nobody_accepts_is_wrong(tmp_path: Path, days: float, words: str) -> None:
    certificate = Certificate(tmp_path, days)
    async with certificate.served() as url:
        (found,) = await Address(url, [], trusted=certificate.trusted() if days < 0 else None).reached()
    assert found.level == "wrong"
    assert words in found.text.replace("self signed", "self-signed")


async def test_a_path_that_the_proxy_does_not_hand_on_is_named(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path, days=60)
    async with certificate.served() as url:
        found = await Address(url, [Probe("/api/messages", 405)], trusted=certificate.trusted()).reached()
    assert levels(found) == ["ok", "ok", "wrong"]
    assert "/api/messages answers with status 404" in found[2].text


async def test_what_speaks_no_tls_is_told() -> None:
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    (found,) = await Address(f"https://127.0.0.1:{runner.addresses[0][1]}", []).reached()
    await runner.cleanup()
    assert found.text == "what answers at PUBLIC_URL does not speak TLS"
