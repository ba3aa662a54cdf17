"""Whether two spellings of a web address are one address: what a DPoP proof says (``htu``) and where it came. Pure.

RFC 9449 s.4.3 has query and fragment ignored and asks for the normalisation of RFC 3986 s.6.2.2 and s.6.2.3: case,
percent-encoding, default port, empty path. Dot segments are not resolved: no client of ours has a reason to send one.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

ADDRESS_CHARS_MAX = 2_048

_PLAIN = re.compile(r"[!#-;=?-Z\[\]_a-z~%]+", re.ASCII)
"""What may stand in an address (RFC 3986). The parser would drop tabs and line ends in silence: they never reach it."""

_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})", re.ASCII)
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]", re.ASCII)
_PORTS = {"https": 443, "http": 80}


def normalised(address: str) -> str | None:
    """``address`` without query and fragment, in the one spelling; None when it is no plain http or https address."""
    if len(address) > ADDRESS_CHARS_MAX or _PLAIN.fullmatch(address) is None:
        return None
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        return None
    if scheme not in _PORTS or not host or parts.username is not None or parts.password is not None:
        return None
    name = f"[{host}]" if ":" in host else host
    place = name if port is None or port == _PORTS[scheme] else f"{name}:{port}"
    return f"{scheme}://{place}{_path(parts.path) or '/'}"


def _path(path: str) -> str:
    """RFC 3986 s.6.2.2.1 and s.6.2.2.2: hex digits in capitals, and nothing encoded that need not be."""

    def spelt(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if _UNRESERVED.fullmatch(character) else f"%{found[1].upper()}"

    return _ENCODED.sub(spelt, path)
