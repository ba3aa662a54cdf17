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


def located_credential(credential: Credential | None, base: Path) -> Credential | None:
    """The same, with its file taken from ``base``, where the settings lie."""
    if credential is None or credential.file is None:
        return credential
    return msgspec.structs.replace(credential, file=str(base / credential.file))
