"""Where a custodian's interface is, and what is still within it."""

from __future__ import annotations

import ipaddress
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.connectors.base import UpstreamFault
from hub.domain.sources import NoAnswerReason
from hub.errors import ConfigurationError

Params = Mapping[str, str] | Sequence[tuple[str, str]]
"""Parameters of a URL or a form; pairs where one may be given twice, as a date range is in a FHIR search."""

_PORTS = {"http": 80, "https": 443}


def segment(value: str) -> str:
    """``value`` as one segment of a path: everything but letters, digits and ``-._~`` is quoted.

    Raises:
        UpstreamFault: MALFORMED for an empty segment, ``.`` or ``..``: an id the custodian gave us must not be able to
            choose another path.
    """
    if value in ("", ".", ".."):
        raise UpstreamFault(NoAnswerReason.MALFORMED, "it uses an id that cannot be part of an address")
    return urllib.parse.quote(value, safe="")


@dataclass(frozen=True, slots=True)
class BaseAddress:
    """``https://host:port/path`` without a slash at the end."""

    text: str

    @classmethod
    def parse(cls, base_url: str) -> BaseAddress:
        """Read a base URL from the settings.

        Raises:
            ConfigurationError: not http(s), no host, credentials, query or fragment in it, or plain http to another
                machine: what is asked about a child does not cross a network in clear.
        """
        try:
            parts = urllib.parse.urlsplit(base_url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise ConfigurationError("A custodian's base_url is not a URL.") from None
        if parts.scheme not in _PORTS or not host:
            raise ConfigurationError("A custodian's base_url must be https://host/path.")
        if parts.username is not None or parts.query or parts.fragment:
            raise ConfigurationError(
                "A custodian's base_url must have no user, query or fragment: set credentials apart."
            )
        if parts.scheme == "http" and not _is_this_machine(host):
            raise ConfigurationError("A custodian's base_url must use https, unless it is on this machine (127.0.0.1).")
        return cls(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}")

    def url(self, path: str, params: Params | None = None) -> str:
        """The URL of ``path``, which starts with a slash and is quoted already."""
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError("a path starts with one slash")
        return self.text + path + (f"?{urllib.parse.urlencode(params)}" if params else "")

    def within(self, link: str, seen_at: str) -> str:
        """``link``, found in the answer from ``seen_at``, made absolute (RFC 3986 section 5).

        Raises:
            UpstreamFault: MALFORMED when it leads anywhere but below this address.
        """
        try:
            parts = urllib.parse.urlsplit(urllib.parse.urljoin(seen_at, link))
            inside = _origin(parts) == _origin(urllib.parse.urlsplit(self.text)) and parts.username is None
        except ValueError:
            inside = False
        if inside:
            ours = urllib.parse.urlsplit(self.text).path
            steps = urllib.parse.unquote(parts.path).replace("\\", "/").split("/")
            inside = (parts.path == ours or parts.path.startswith(f"{ours}/")) and ".." not in steps
        if not inside or not link.isascii() or not link.isprintable() or " " in link:
            raise UpstreamFault(NoAnswerReason.MALFORMED, "its next page is outside its configured address")
        return parts._replace(fragment="").geturl()


def _origin(parts: urllib.parse.SplitResult) -> tuple[str, str | None, int | None]:
    """Scheme, host and port (RFC 6454 section 4)."""
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
