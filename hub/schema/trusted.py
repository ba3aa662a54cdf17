"""Documents that a client's operator registered: named by their SHA-256, and made mandatory by a setting.

They are in one JSON file beside the settings, written by ``hub documents`` and read again when it changes, so that what
each client may send can be reviewed as the policies are. A file that turns bad while the hub runs is said to be bad and
the last good one stays in force.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from hub.errors import BadRequest, ConfigurationError
from hub.schema.request import Asked
from hub.telemetry.lines import LogLine, say

FILE_BYTES_MAX = 16_777_216


class Registered(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One document as its client sends it, and what people call it."""

    name: str
    document: str


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    version: int
    clients: dict[str, dict[str, Registered]]


Clients = Mapping[str, Mapping[str, Registered]]
"""Client id to the digest of each of its documents, to the document."""


def digest(document: str) -> str:
    """The SHA-256, in hex, by which ``document`` is named (GraphQL over HTTP, appendix A)."""
    return hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()


def load(path: Path) -> Clients:
    """The documents in the file at ``path``; none where there is no file.

    Raises:
        ConfigurationError: ``DOCUMENTS_INVALID``: it cannot be read, or holds what it must not.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as fault:
        raise _bad(path, f"it cannot be read ({fault.strerror})") from None
    if len(raw) > FILE_BYTES_MAX:
        raise _bad(path, f"it is larger than {FILE_BYTES_MAX} bytes")
    try:
        read = msgspec.json.decode(raw, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _bad(path, "it is not a file that `hub documents` wrote") from None
    if read.version != 1:
        raise _bad(path, "it was written by a newer hub")
    for documents in read.clients.values():
        if any(digest(entry.document) != name for name, entry in documents.items()):
            raise _bad(path, "a document in it is not the one its digest names")
    return read.clients


def save(path: Path, clients: Clients) -> None:
    """Write the file whole, in the place of the old one.

    Raises:
        ConfigurationError: ``DOCUMENTS_INVALID``: it cannot be written.
    """
    kept = {client: dict(sorted(each.items())) for client, each in sorted(clients.items()) if each}
    raw = msgspec.json.format(msgspec.json.encode(_File(1, kept)), indent=1)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as written:
                written.write(raw + b"\n")
                os.fchmod(handle, 0o644)
                os.fsync(handle)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as fault:
        raise _bad(path, f"it cannot be written ({fault.strerror})") from None


class Trusted:
    """What each client registered, as it is in the file now.

    Args:
        path: the file; None where nobody registers anything.
        mandatory: whether a client may send nothing else.

    Raises:
        ConfigurationError: ``DOCUMENTS_INVALID``.
    """

    def __init__(self, path: Path | None = None, *, mandatory: bool = False) -> None:
        self._path = path
        self._mandatory = mandatory
        self._seen = self._look()
        self._clients = load(path) if path is not None else {}

    def document(self, client: str, asked: Asked) -> str:
        """The text of the document that ``client`` asks for.

        Raises:
            BadRequest: ``DOCUMENT_UNKNOWN``, or ``DOCUMENT_NOT_REGISTERED`` where only registered ones are answered.
        """
        sent = digest(asked.document) if asked.document is not None else None
        if sent is not None and asked.sha256 not in (None, sent):
            raise BadRequest("`query` is not the document that its digest names.", code="BODY_INVALID")
        if asked.document is not None and not self._mandatory:
            return asked.document
        found = self._of(client).get(asked.sha256 or sent or "")
        if found is not None:
            return found.document
        if asked.document is None:
            raise BadRequest(
                "No document of that digest is registered for your system. Send the query itself, or have it "
                "registered by whoever runs the hub.",
                code="DOCUMENT_UNKNOWN",
            )
        raise BadRequest(
            "This hub answers only documents that were registered for your system, to the letter. Have this one "
            "registered by whoever runs the hub.",
            code="DOCUMENT_NOT_REGISTERED",
        )

    def _of(self, client: str) -> Mapping[str, Registered]:
        seen = self._look()
        if seen != self._seen:
            self._seen = seen
            assert self._path is not None
            try:
                self._clients = load(self._path)
            except ConfigurationError as fault:
                say(LogLine.DOCUMENTS_INVALID, fault=fault)
        return self._clients.get(client, {})

    def _look(self) -> tuple[int, int, int] | None:
        """What tells one state of the file from another: a new file has another inode, whatever the clock says."""
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def _bad(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"{path}: the file of registered documents is bad: {why}.", code="DOCUMENTS_INVALID")
