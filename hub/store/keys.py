"""The log's signing key: where to find what :mod:`hub.store.signers` holds for the rest of the hub."""

from __future__ import annotations

from hub.store.signers.base import Growth, Signer, SignerAhead, SignerGone, SignsBackwards
from hub.store.signers.file import FileSigner, load_or_create
from hub.store.signers.keyfile import KEY_FILE_MAX, create_key, load_or_create_key, read_key, write_public

__all__ = [
    "KEY_FILE_MAX",
    "FileSigner",
    "Growth",
    "Signer",
    "SignerAhead",
    "SignerGone",
    "SignsBackwards",
    "create_key",
    "load_or_create",
    "load_or_create_key",
    "read_key",
    "write_public",
]
