"""The signer that settings describe: ``[log.signer]``, and ``[log.next_signer]`` while keys change (docs/keys.md)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from hub.errors import ConfigurationError
from hub.store.signers.base import Signer
from hub.store.signers.file import FileSigner, load_or_create
from hub.store.signers.keyfile import read_key, write_public
from hub.store.signers.process import ProcessSigner
from hub.store.signers.together import Together
from hub.store.signers.token import TokenKey, TokenSigner

Label = Annotated[str, Meta(min_length=1, max_length=200)]

PIN_FILE_MAX = 1_024
"""The longest PIN file, in bytes."""


class Pin(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where a token's PIN is kept, never what it is: exactly one of an environment variable's name or a file."""

    env: str | None = None
    file: str | None = None


class KeyInFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, tag_field="kind", tag="file"):
    """A key in ``file``; ``log.key_file`` when that is left out."""

    file: str | None = None


class KeyOnToken(msgspec.Struct, forbid_unknown_fields=True, frozen=True, tag_field="kind", tag="pkcs11"):
    """A key on a hardware token: the PKCS#11 module's file, the labels of the token and the key, and the PIN."""

    module: str
    token: Label
    key: Label
    pin: Pin


class KeyInProcess(msgspec.Struct, forbid_unknown_fields=True, frozen=True, tag_field="kind", tag="process"):
    """A key in a process of its own (``hub signer serve``), at its ``socket``."""

    socket: str


SignerSettings = KeyInFile | KeyOnToken | KeyInProcess


def located(signer: SignerSettings, base: Path) -> SignerSettings:
    """The settings with relative paths taken from ``base``."""
    if isinstance(signer, KeyInProcess):
        return KeyInProcess(str(base / signer.socket))
    if isinstance(signer, KeyInFile):
        return KeyInFile(str(base / signer.file) if signer.file else None)
    pin = Pin(signer.pin.env, str(base / signer.pin.file) if signer.pin.file else None)
    return msgspec.structs.replace(signer, module=str(base / signer.module), pin=pin)


def make_signer(
    signer: SignerSettings,
    following: SignerSettings | None,
    *,
    key_file: str,
    origin: str,
    create: bool = True,
) -> Signer:
    """The log's signer; with ``following``, one that signs with both.

    Args:
        signer: where the key is.
        following: where the key is that takes its place; None but while keys change.
        key_file: the log's key file. Where the key is elsewhere, its public half is kept as ``key_file``.pub.
        origin: the log's name, which every key has.
        create: make a key in ``key_file`` when there is none. One that follows is never made by mistake.

    Raises:
        ConfigurationError: a key cannot be had; says which and what to do.
    """
    first = _one(signer, Path(key_file), origin, create=create)
    public = Path(f"{key_file}.pub")
    if not public.exists():  # the first of all is enough to follow the log through every change
        with suppress(OSError):  # a hub that only signs elsewhere may have nowhere to write
            write_public(Path(key_file), str(first.verifier))
    if following is None:
        return first
    place = Path(f"{key_file}.next")
    second = _one(following, place, origin, create=False)
    if second.verifier in first.verifiers:
        raise ConfigurationError(
            "[log.next_signer] has the same key as [log.signer]: name the new one, or leave it out."
        )
    return Together(first, second)


def _one(signer: SignerSettings, key_file: Path, origin: str, *, create: bool) -> Signer:
    if isinstance(signer, KeyInProcess):
        return ProcessSigner(Path(signer.socket), origin)
    if isinstance(signer, KeyOnToken):
        where = TokenKey(signer.module, signer.token, signer.key, lambda: read_pin(signer.pin))
        return TokenSigner(where, origin, key_file)
    file = Path(signer.file) if signer.file else key_file
    if create:
        return load_or_create(file, origin)
    return FileSigner(read_key(file, origin, "the log's signing key"), file)


def read_pin(pin: Pin, environ: Mapping[str, str] = os.environ) -> str:
    """The PIN from where it is kept.

    Raises:
        ConfigurationError: it names neither or both places, the place is empty, or others may read the file.
    """
    if (pin.env is None) == (pin.file is None):
        raise ConfigurationError("`pin` of the log's signer names either `env` or `file`, one of them.")
    if pin.env is not None:
        found, place = environ.get(pin.env, ""), f"the environment variable {pin.env}"
    else:
        assert pin.file is not None
        place = f"the file {pin.file}"
        try:
            with Path(pin.file).open("rb") as opened:
                if os.fstat(opened.fileno()).st_mode & 0o077:
                    raise ConfigurationError(f"{pin.file}: the PIN may be read by others; run chmod 600 on it.")
                found = opened.read(PIN_FILE_MAX).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            found = ""
    if not found:
        raise ConfigurationError(f"{place} holds no PIN.")
    return found
