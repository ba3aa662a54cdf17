"""Where a secret is kept: never in the settings themselves."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from hub.errors import ConfigurationError


class Credential(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where a bearer token for a custodian is kept: exactly one of an environment variable's name or a file."""

    env: str | None = None
    file: str | None = None


def read_credential(credential: Credential | None, environ: Mapping[str, str] = os.environ) -> str | None:
    """The bearer token a credential points at, or None when there is no credential.

    Raises:
        ConfigurationError: it names neither or both places, or the place is empty.
    """
    if credential is None:
        return None
    if (credential.env is None) == (credential.file is None):
        raise ConfigurationError("a credential names either `env` or `file`, one of them.")
    if credential.env is not None:
        token = environ.get(credential.env, "")
        place = f"the environment variable {credential.env}"
    else:
        assert credential.file is not None
        place = f"the file {credential.file}"
        try:
            token = Path(credential.file).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            token = ""
    if not token:
        raise ConfigurationError(f"{place} holds no token.")
    return token


class KeptCredential:
    """A credential that is read again when its file has changed: an agency exchanges its tokens.

    While the file is unreadable or empty, as it is when something writes it just now, the last token is kept.

    Raises:
        ConfigurationError: there is no token to begin with.
    """

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self._seen = self._stamp()
        token = read_credential(credential)
        assert token is not None  # there is a credential
        self._token = token

    def read(self, again: bool) -> str:
        """The token; with ``again`` the file is read even if it looks as it did."""
        seen = self._stamp()
        if self._credential.file is not None and (again or seen != self._seen):
            try:
                self._token = read_credential(self._credential) or self._token
                self._seen = seen
            except ConfigurationError:
                pass
        return self._token

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = Path(self._credential.file).stat() if self._credential.file is not None else None
        except OSError:
            return None
        return None if found is None else (found.st_mtime_ns, found.st_size, found.st_ino)


def located_credential(credential: Credential | None, base: Path) -> Credential | None:
    """The same, with its file taken from ``base``, where the settings lie."""
    if credential is None or credential.file is None:
        return credential
    return msgspec.structs.replace(credential, file=str(base / credential.file))
