"""TLS: a custodian is who its certificate says, or there is no answer."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.connectors.base import Deadline, UpstreamFault
from hub.connectors.http import JsonClient
from hub.domain.sources import NoAnswerReason
from tests.connectors.bendable import response


def certificate(directory: Path, address: str) -> tuple[Path, Path]:
    """A self-signed certificate for ``address`` and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "police.example")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "cert.pem").write_bytes(made.public_bytes(encoding))
    (directory / "key.pem").write_bytes(key.private_bytes(encoding, *plain))
    return directory / "cert.pem", directory / "key.pem"


@pytest.mark.parametrize(
    ("named", "trusted", "answers"),
    [("127.0.0.1", True, True), ("127.0.0.1", False, False), ("127.0.0.2", True, False)],
    ids=["trusted", "signed by nobody we trust", "trusted, but somebody else's"],
)
async def test_the_certificate_decides(tmp_path: Path, named: str, trusted: bool, answers: bool) -> None:
    cert, key = certificate(tmp_path, named)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(cert, key)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(response({"who": "A"}))
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=serving)
    port = server.sockets[0].getsockname()[1]
    tls = ssl.create_default_context(cafile=str(cert)) if trusted else None
    client = JsonClient(f"https://127.0.0.1:{port}", tls=tls)
    try:
        call = client.get("/x", deadline=Deadline.after(3))
        if answers:
            assert (await call).body == {"who": "A"}
        else:
            with pytest.raises(UpstreamFault, match="no trusted TLS connection") as caught:
                await call
            assert caught.value.no_answer.reason is NoAnswerReason.DOWN
    finally:
        await client.close()
        server.close()
