"""The audit profile starts nowhere near a real record."""

from __future__ import annotations

import pytest

from hub.errors import ConfigurationError
from hub.schema.audit_profile import check_audit_profile

HERE = ("police", "http://127.0.0.1:8001", True)
FINE = {
    "an agency on this machine": HERE,
    "by name": ("police", "http://localhost:8001/x", True),
    "in IPv6": ("police", "http://[::1]:8001", True),
    "a file": ("council", "sqlite:///var/council.db", True),
    "a database here": ("council", "postgresql+psycopg://reader@127.0.0.1:5432/ssd", True),
    "a database behind a socket": ("council", "postgresql+psycopg://reader@/ssd?host=/tmp/socket", True),
}
BAD: dict[str, tuple[bool, str, tuple[str, str, bool], str]] = {
    "production": (False, "127.0.0.1", HERE, "environment"),
    "every address": (True, "0.0.0.0", HERE, "host"),
    "an address of the network": (True, "10.0.0.1", HERE, "host"),
    "a name": (True, "hub.testshire.example", HERE, "host"),
    "nothing said": (True, "127.0.0.1", ("police", "http://127.0.0.1:8001", False), "test_data"),
    "elsewhere": (True, "127.0.0.1", ("police", "https://police.example", True), "another machine"),
    "elsewhere, by address": (True, "127.0.0.1", ("police", "http://10.0.0.1", True), "another machine"),
    "nearly this machine": (True, "127.0.0.1", ("police", "http://127.0.0.1.example", True), "another machine"),
    "no host": (True, "127.0.0.1", ("police", "http:///x", True), "another machine"),
    "a database elsewhere": (True, "127.0.0.1", ("council", "postgresql://ssd.example/ssd", True), "another machine"),
    "a database elsewhere, in a parameter": (True, "127.0.0.1", ("council", "postgresql:///ssd?host=ssd.example", True), "another machine"),
    "in another parameter": (True, "127.0.0.1", ("council", "postgresql:///ssd?hostaddr=10.0.0.1", True), "another machine"),
    "by a service's name": (True, "127.0.0.1", ("council", "postgresql:///ssd?service=ssd", True), "another machine"),
}  # fmt: skip


@pytest.mark.parametrize("custodian", FINE.values(), ids=FINE)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_fine(custodian: tuple[str, str, bool], host: str) -> None:
    check_audit_profile(is_development=True, host=host, custodians=[HERE, custodian])


@pytest.mark.parametrize(("is_development", "host", "custodian", "said"), BAD.values(), ids=BAD)
def test_refused(is_development: bool, host: str, custodian: tuple[str, str, bool], said: str) -> None:
    with pytest.raises(ConfigurationError, match="for test data only") as fault:
        check_audit_profile(is_development=is_development, host=host, custodians=[HERE, custodian])
    assert said in fault.value.message
