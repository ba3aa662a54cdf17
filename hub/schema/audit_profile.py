"""The audit profile: the same endpoint, opened for public conformance suites, and only over invented people.

It reads GET, whose queries stand in addresses; it answers introspection and any document; it tells a wrong document by
a 200, as suites for GraphQL over HTTP expect. None of that may ever be near a real record, so it starts only in
development, on this machine's own address, before custodians on this machine that say they hold test data.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from hub.errors import ConfigurationError

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def check_audit_profile(*, is_development: bool, host: str, custodians: Sequence[tuple[str, str, bool]]) -> None:
    """Refuse the audit profile where it could be near a real record.

    Args:
        is_development: the environment.
        host: where the hub would listen.
        custodians: for each its id, its URL, and whether settings say that it holds test data.

    Raises:
        ConfigurationError: ``SETTINGS_INVALID``; says what is in the way.
    """
    why = '[server] with `profile = "audit"` is for test data only: '
    if not is_development:
        raise ConfigurationError(f'{why}`environment` must be "development".')
    if not _is_here(host):
        raise ConfigurationError(f"{why}`host` must be this machine's own address, 127.0.0.1.")
    for name, url, is_test_data in custodians:
        if not is_test_data:
            raise ConfigurationError(f"{why}custodian {name} does not say `test_data = true`.")
        if not _is_local(url):
            raise ConfigurationError(f"{why}custodian {name} is on another machine.")


def _is_local(url: str) -> bool:
    """Whether ``url`` leads nowhere but to this machine: to a loopback address, or to a file or socket."""
    parts = urlsplit(url)
    named = parse_qs(parts.query)  # a driver may take the host from here
    hosts = [parts.hostname or "", *named.get("host", []), *named.get("hostaddr", []), *named.get("service", [])]
    is_database = parts.scheme.startswith(("sqlite", "postgresql"))
    return all(_is_here(host) or (is_database and (host == "" or host.startswith("/"))) for host in hosts)


def _is_here(host: str) -> bool:
    try:
        return host in _HERE or ip_address(host).is_loopback
    except ValueError:
        return False
