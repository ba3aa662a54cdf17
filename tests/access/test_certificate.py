"""Whose word on a client certificate is believed, and in which form."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from starlette.requests import Request

from hub.access.certificate import CERTIFICATE_CHARS_MAX, CertificateSource
from hub.access.settings import ClientCertificate
from hub.errors import ConfigurationError


def certificate(name: str) -> x509.Certificate:
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), 1)
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    return made.not_valid_before(begins).not_valid_after(begins + timedelta(days=30)).sign(key, hashes.SHA256())


MINE = certificate("mash")
PEM = MINE.public_bytes(Encoding.PEM).decode()
DER = MINE.public_bytes(Encoding.DER)
THUMBPRINT = base64.urlsafe_b64encode(hashlib.sha256(DER).digest()).decode().rstrip("=")
STRUCTURED = f":{base64.b64encode(DER).decode()}:"

NGINX = ClientCertificate(header="X-Client-Cert", proxies=["127.0.0.1", "10.0.0.0/28", "::1"])
RFC9440 = ClientCertificate(header="Client-Cert", form="rfc9440", proxies=["127.0.0.1"])
OWN_TLS = ClientCertificate()


def request(
    *headers: tuple[str, str], peer: str | None = "127.0.0.1", extensions: dict[str, Any] | None = None
) -> Request:
    return Request(
        {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
            "client": None if peer is None else (peer, 1),
            "extensions": extensions or {},
        }
    )


ESCAPED = ("X-Client-Cert", quote(PEM, safe=""))
PLAIN = ("X-Client-Cert", PEM.replace("\n", " "))
TLS = {"tls": {"client_cert_chain": [PEM, "another"]}}

FOUND = [
    pytest.param(NGINX, request(ESCAPED), True, id="from the proxy"),
    pytest.param(NGINX, request(ESCAPED, peer="10.0.0.15"), True, id="from a proxy of the network"),
    pytest.param(NGINX, request(ESCAPED, peer="::1"), True, id="from an IPv6 proxy"),
    pytest.param(NGINX, request(ESCAPED, peer="10.0.0.16"), False, id="from the address next to the network"),
    pytest.param(NGINX, request(ESCAPED, peer="192.0.2.7"), False, id="from anybody else"),
    pytest.param(NGINX, request(ESCAPED, peer="::ffff:127.0.0.1"), False, id="an address in another dress"),
    pytest.param(NGINX, request(ESCAPED, peer=None), False, id="from nobody"),
    pytest.param(NGINX, request(ESCAPED, peer="localhost"), False, id="from a name"),
    pytest.param(NGINX, request(ESCAPED, ("X-Forwarded-For", "127.0.0.1"), peer="192.0.2.7"), False, id="forwarded"),
    pytest.param(NGINX, request(ESCAPED, ESCAPED), False, id="said twice"),
    pytest.param(NGINX, request(), False, id="not said"),
    pytest.param(NGINX, request(("X-Client-Cert", "")), False, id="said to be none"),
    pytest.param(NGINX, request(("X-Client-Cert", "%00%ff")), False, id="no certificate"),
    pytest.param(NGINX, request(("X-Client-Cert", quote(PEM[:200], safe=""))), False, id="cut short"),
    pytest.param(NGINX, request(PLAIN), True, id="spaces for line ends, as older proxies send it"),
    pytest.param(NGINX, request(("X-Client-Cert", "A" * (CERTIFICATE_CHARS_MAX + 1))), False, id="too long"),
    pytest.param(NGINX, request(extensions=TLS), False, id="of the connection, which is the proxy's own"),
    pytest.param(RFC9440, request(("Client-Cert", STRUCTURED)), True, id="RFC 9440"),
    pytest.param(RFC9440, request(("Client-Cert", STRUCTURED.strip(":"))), False, id="RFC 9440 without its colons"),
    pytest.param(RFC9440, request(("Client-Cert", ":!!:")), False, id="RFC 9440, not base64"),
    pytest.param(RFC9440, request(("Client-Cert", ":")), False, id="RFC 9440, one colon"),
    pytest.param(RFC9440, request(("Client-Cert", quote(PEM, safe=""))), False, id="the other form"),
    pytest.param(OWN_TLS, request(extensions=TLS), True, id="of the hub's own connection"),
    pytest.param(OWN_TLS, request(extensions={"tls": {"client_cert_chain": []}}), False, id="none on the connection"),
    pytest.param(OWN_TLS, request(ESCAPED), False, id="a header where none is believed"),
]


@pytest.mark.parametrize(("settings", "sent", "is_found"), FOUND)
def test_which_certificate_is_believed(settings: ClientCertificate, sent: Request, is_found: bool) -> None:
    assert CertificateSource(settings).thumbprint(sent) == (THUMBPRINT if is_found else None)


@pytest.mark.parametrize("proxy", ["proxy.example", "10.0.0.0/33", "", "10.0.0.1/28"])
def test_a_proxy_is_an_address_or_a_network(proxy: str) -> None:
    with pytest.raises(ConfigurationError, match=r"client_certificate\.proxies"):
        CertificateSource(ClientCertificate(header="X-Client-Cert", proxies=[proxy]))
