"""Registered documents: found by digest, made mandatory, read again when the file changes, kept when it turns bad."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from hub.errors import BadRequest, ConfigurationError
from hub.schema.request import Asked
from hub.schema.trusted import Registered, Trusted, digest, load, save

A, B = "{ a }", "{ b }"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "documents.json"
    save(file, {"portal": {digest(A): Registered("first", A)}})
    return file


def asked(document: str | None = None, sha256: str | None = None) -> Asked:
    return Asked(document, sha256, None, {})


FREE = {
    "a registered digest": (asked(None, digest(A)), A),
    "a registered text": (asked(A), A),
    "another text": (asked(B), B),
    "a text and its digest": (asked(B, digest(B)), B),
    "a text and another's digest": (asked(B, digest(A)), "BODY_INVALID"),
    "a digest of nothing": (asked(None, digest(B)), "DOCUMENT_UNKNOWN"),
}
MANDATORY = {
    **FREE,
    "another text": (asked(B), "DOCUMENT_NOT_REGISTERED"),
    "a text and its digest": (asked(B, digest(B)), "DOCUMENT_NOT_REGISTERED"),
    "nearly the registered text": (asked(A + " "), "DOCUMENT_NOT_REGISTERED"),
}


@pytest.mark.parametrize(("request_", "expected"), FREE.values(), ids=FREE)
def test_free(path: Path, request_: Asked, expected: str) -> None:
    check(Trusted(path), request_, expected)


@pytest.mark.parametrize(("request_", "expected"), MANDATORY.values(), ids=MANDATORY)
def test_mandatory(path: Path, request_: Asked, expected: str) -> None:
    check(Trusted(path, mandatory=True), request_, expected)


def check(trusted: Trusted, request_: Asked, expected: str) -> None:
    if expected.isupper():
        with pytest.raises(BadRequest) as refused:
            trusted.document("portal", request_)
        assert refused.value.code == expected
    else:
        assert trusted.document("portal", request_) == expected


def test_a_document_is_its_clients_own(path: Path) -> None:
    with pytest.raises(BadRequest) as refused:
        Trusted(path, mandatory=True).document("other", asked(A))
    assert refused.value.code == "DOCUMENT_NOT_REGISTERED"
    with pytest.raises(BadRequest) as refused:
        Trusted(path).document("other", asked(None, digest(A)))
    assert refused.value.code == "DOCUMENT_UNKNOWN"


def test_without_a_file_nothing_is_registered() -> None:
    assert Trusted().document("portal", asked(A)) == A
    with pytest.raises(BadRequest):
        Trusted().document("portal", asked(None, digest(A)))


def test_the_file_is_read_again_when_it_changes(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trusted = Trusted(path, mandatory=True)
    save(path, {"portal": {digest(B): Registered("second", B)}})
    assert trusted.document("portal", asked(B)) == B
    check(trusted, asked(A), "DOCUMENT_NOT_REGISTERED")
    path.write_text("{")
    with caplog.at_level(logging.ERROR):
        assert trusted.document("portal", asked(B)) == B, "the last good ones stay in force"
        assert trusted.document("portal", asked(B)) == B
    assert len([each for each in caplog.records if "DOCUMENTS_INVALID" in each.getMessage()]) == 1
    path.unlink()
    check(trusted, asked(B), "DOCUMENT_NOT_REGISTERED")


BAD = {
    "cut": b'{"version": 1',
    "no UTF-8": b"\xff\xfe",
    "another version": b'{"version": 2, "clients": {}}',
    "an unknown key": b'{"version": 1, "clients": {}, "more": 1}',
    "a digest of something else": b'{"version": 1, "clients": {"p": {"00": {"name": "a", "document": "{ a }"}}}}',
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD)
def test_a_bad_file_stops_the_start(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    with pytest.raises(ConfigurationError) as fault:
        Trusted(path)
    assert fault.value.code == "DOCUMENTS_INVALID"
    assert str(path) in fault.value.message


def test_what_is_written_is_read(path: Path) -> None:
    clients = {
        "b": {digest(B): Registered("b", B), digest(A): Registered("a", A)},
        "a": {digest(A): Registered("a", A)},
    }
    save(path, {**clients, "empty": {}})
    assert load(path) == clients
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name], "nothing is left beside it"
    with pytest.raises(ConfigurationError):
        save(path / "below", clients)
