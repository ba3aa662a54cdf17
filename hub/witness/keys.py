"""A witness's key file: as the log's, but the public key beside it is a witness's, ready for a policy file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hub.audit.cosignature import WitnessKey
from hub.audit.note import SignerKey
from hub.store.keys import load_or_create_key, write_public


def witness_key(path: Path, name: str) -> SignerKey:
    """The key in ``path``, made there when there is none, with ``path``.pub beside it.

    Raises:
        ConfigurationError: as :func:`hub.store.keys.load_or_create_key`.
    """
    key = load_or_create_key(path, name, "the witness's key")
    public = str(WitnessKey.of(key))
    beside = path.with_name(path.name + ".pub")
    with suppress(OSError, UnicodeDecodeError):  # it is a convenience: a directory that is read-only now is no fault
        if not beside.exists() or beside.read_text("utf-8") != public + "\n":
            write_public(path, public)
    return key


def policy_line(key: SignerKey, url: str | None = None) -> str:
    """The line that names this witness in the hub's policy file; ``url`` is where the hub reaches it."""
    return " ".join(("witness", key.name, str(WitnessKey.of(key)), *((url,) if url else ())))
