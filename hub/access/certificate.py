"""The certificate a client showed in the TLS handshake, as the SHA-256 thumbprint tokens are bound to (RFC 8705 s.3.1).

Whether the certificate is to be trusted for anything else is not asked: that the client holds its key is what counts.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.requests import Request

from hub.access.settings import ClientCertificate
from hub.access.strict_json import encode_base64url

CERTIFICATE_CHARS_MAX = 16_384


class CertificateSource:
    """Finds the thumbprint of a request's client certificate as the settings say.

    Raises:
        ConfigurationError: a proxy is neither an address nor a network.
    """

    def __init__(self, settings: ClientCertificate) -> None:
        self._header = settings.header
        self._form = settings.form
        self._proxies = settings.networks()

    def thumbprint(self, request: Request) -> str | None:
        """The thumbprint in base64url; None when there is no certificate, or none that may be believed."""
        text = self._from_proxy(request) if self._header is not None else _of_connection(request.scope)
        if text is None or len(text) > CERTIFICATE_CHARS_MAX:
            return None
        try:
            if self._header is not None and self._form == "rfc9440":
                certificate = x509.load_der_x509_certificate(_structured(text))
            else:
                certificate = x509.load_pem_x509_certificate(text.encode("ascii"))
        except (ValueError, binascii.Error):
            return None
        return encode_base64url(certificate.fingerprint(SHA256()))

    def _from_proxy(self, request: Request) -> str | None:
        """The header's value, from a proxy alone: anybody else could write what they like into it."""
        assert self._header is not None
        sent = request.headers.getlist(self._header)
        if len(sent) != 1 or not sent[0] or not self._is_proxy(request):
            return None
        return unquote(sent[0], errors="replace") if self._form == "escaped_pem" else sent[0]

    def _is_proxy(self, request: Request) -> bool:
        try:
            peer = ipaddress.ip_address(request.client.host if request.client else "")
        except ValueError:
            return False
        return any(peer in network for network in self._proxies)


def _of_connection(scope: Mapping[str, Any]) -> str | None:
    """The first certificate of the chain in the ASGI scope (the TLS extension), as PEM."""
    chain: Sequence[str] = scope.get("extensions", {}).get("tls", {}).get("client_cert_chain") or ()
    return chain[0] if chain else None


def _structured(text: str) -> bytes:
    """The octets of a structured field's byte sequence (RFC 8941 s.3.3.5): base64 between colons."""
    if len(text) < 2 or text[0] != ":" or text[-1] != ":":
        raise ValueError
    return base64.b64decode(text[1:-1], validate=True)
