"""The certificate of an agency's system, looked at before it ends: connections often stop for no other reason."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import urllib.parse
from datetime import UTC, datetime

from hub.connectors.checking import Finding, mend, note, well

DAYS_MIN = 30
"""A certificate that ends sooner should have been renewed by now."""

_RENEW = "ask the custodian when its certificate is renewed"


async def certificate(url: str, seconds: float, tls: ssl.SSLContext | None = None) -> Finding | None:
    """What the certificate at ``url`` says; None where there is no TLS, or nobody answers (the check itself says so).

    Args:
        url: the custodian's base URL.
        seconds: to wait.
        tls: the trust store; the system's when None.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    context = tls if tls is not None else ssl.create_default_context()
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=context)
    except ssl.SSLCertVerificationError as fault:
        return mend(f"its certificate is not accepted: {_WHY.get(fault.verify_code, _OTHER)}", _TRUST)
    except (OSError, TimeoutError):
        return None
    try:
        held = writer.get_extra_info("ssl_object")
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(held.getpeercert()["notAfter"]), UTC)
        spoken = str(held.version())
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(seconds):
                await writer.wait_closed()
    days = (ends - datetime.now(UTC)).days
    said = f"{spoken}; its certificate ends {ends:%Y-%m-%d}, in {days} days"
    return note(said, _RENEW) if days < DAYS_MIN else well(said)


_OTHER = "it is not in order"
_WHY = {
    10: "it has expired",
    18: "it is signed by itself",
    19: "it is signed by nobody this machine trusts",
    20: "it is signed by nobody this machine trusts",
    62: "it is for another name than the one in `url`",
    64: "it is for another address than the one in `url`",
}
"""OpenSSL's verification codes (``X509_V_ERR_*``), those that come up; its own texts could hold names."""

_TRUST = "ask the custodian to correct it, or add the authority that signs it to this machine's trust store"
