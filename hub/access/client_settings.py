"""What a settings table says of the hub as a client: its name at an issuer, and a secret or a key that proves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from hub.access.client_auth import ClientAuthentication, ClientKey, ClientSecret, read_client_key
from hub.access.credential import Credential, located_credential, read_credential
from hub.errors import ConfigurationError


class ClientSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The keys of every such table: one of ``credential`` (a secret) and ``key_file`` (a private JWK) is there."""

    client_id: Annotated[str, Meta(min_length=1, max_length=255)]
    credential: Credential | None = None
    key_file: str | None = None

    def at(self, base: Path, where: str) -> Self:
        """The same, with files taken from ``base``; ``where`` is what a fault calls the table.

        Raises:
            ConfigurationError: not one of ``credential`` and ``key_file``.
        """
        if (self.credential is None) == (self.key_file is None):
            raise ConfigurationError(
                f"{where} needs `credential` (a secret) or `key_file` (a private JWK), one of them."
            )
        return msgspec.structs.replace(
            self,
            credential=located_credential(self.credential, base),
            key_file=None if self.key_file is None else str((base / self.key_file).resolve()),
        )

    def proof(self, of_secret: Callable[[str, str], ClientAuthentication] = ClientSecret) -> ClientAuthentication:
        """What proves the hub, as its files are now; ``of_secret`` is how a secret is sent.

        Raises:
            ConfigurationError: the secret or key cannot be read.
        """
        if self.key_file is not None:
            return ClientKey(self.client_id, read_client_key(Path(self.key_file)))
        secret = read_credential(self.credential)
        assert secret is not None  # one of the two is there: see `at`
        return of_secret(self.client_id, secret)
