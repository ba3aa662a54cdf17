"""Whom the development authorization server knows, and its refusal to be anything but a development server."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from msgspec import Meta

from hub.access.jwks import is_loopback
from hub.errors import ConfigurationError

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:jwt"
ID_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:id_token"

_Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")]
_Text = Annotated[str, Meta(min_length=1, max_length=200)]
_Address = Annotated[str, Meta(pattern=r"^(https?://|\{audience\})[!-\[\]-~]*\Z", max_length=500)]
_Level = Annotated[str, Meta(pattern=r"^[!-~]{1,100}\Z")]

AUDIENCE_PLACE = "{audience}"
"""What stands in the file where the hub's own address is put: the demo's hub listens on whichever port is free."""


class DevClient(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A client: with a ``secret`` it uses client_secret_basic, without one private_key_jwt and a key made at start.

    Attributes:
        redirect_uris: where a browser may be sent back to after signing in, each compared exactly; none: no code flow.
        post_logout_redirect_uris: and after signing out.
        everyone: workers of every agency sign in through it (the hub's own pages), not only its organisation's.
        dpop_only: it gets no token that is not bound to its key (RFC 9449 s.5.2, ``dpop_bound_access_tokens``).
    """

    id: _Id
    organisation: _Id
    secret: Annotated[str, Meta(min_length=8, max_length=128)] | None = None
    redirect_uris: Annotated[list[_Address], Meta(max_length=10)] = []
    post_logout_redirect_uris: Annotated[list[_Address], Meta(max_length=10)] = []
    everyone: bool = False
    dpop_only: bool = False

    def __repr__(self) -> str:
        """The client without its secret."""
        return f"DevClient({self.id!r})"


class DevWorker(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An invented worker, the ``sub`` of their tokens, and the roles they can work in."""

    id: _Id
    name: _Text
    organisation: _Id
    roles: Annotated[list[_Id], Meta(min_length=1)]


class People(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The file: ``hub/demo/data/devserver.toml`` is the demo's.

    Attributes:
        audience: the hub's identifier, for ``aud``.
        acr: ways to have signed in, the strongest last.
        scopes: what an access token may have in ``scope``, if its client asks.
    """

    audience: _Text
    clients: Annotated[list[DevClient], Meta(min_length=1, max_length=100)]
    workers: Annotated[list[DevWorker], Meta(max_length=1_000)] = []
    acr: Annotated[list[_Level], Meta(min_length=1, max_length=10)] = msgspec.field(
        default_factory=lambda: ["single-factor", "multi-factor"]
    )
    scopes: Annotated[list[_Level], Meta(max_length=20)] = []


@dataclass(frozen=True, slots=True)
class DevServerSettings:
    """What the development server is started with.

    Attributes:
        environment: must be ``development``; there is no default on the command line.
        host: the loopback address it binds to.
        port: the port it listens on, which is part of the issuer's name.
        people: clients and workers.
        keys_directory: where keys are kept from one start to the next (files of mode 0600); None: in memory only.
    """

    environment: str
    host: str
    port: int
    people: People = field(repr=False)
    keys_directory: Path | None = None

    @property
    def issuer(self) -> str:
        """The issuer's identifier: the address itself."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def require_development(self) -> None:
        """Raise :class:`ConfigurationError` ``DEVSERVER_REFUSED`` anywhere but in development on loopback."""
        if self.environment != "development":
            raise ConfigurationError(
                "The development authorization server hands out tokens to anybody who asks, so it only starts with "
                "`environment` set to `development`. In production use your partnership's own authorization server.",
                code="DEVSERVER_REFUSED",
            )
        if not is_loopback(self.host):
            raise ConfigurationError(
                "The development authorization server only listens on this machine: bind it to 127.0.0.1 or ::1.",
                code="DEVSERVER_REFUSED",
            )


def load_people(path: Path, *, audience: str | None = None) -> People:
    """The clients and workers in the TOML file at ``path``; ``audience`` replaces the file's.

    Raises:
        ConfigurationError: ``DEVSERVER_INVALID``, with the file and the key.
    """
    try:
        people = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), People)
    except OSError as fault:
        raise _invalid(path, f"cannot be read ({fault.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as fault:
        raise _invalid(path, str(fault)) from None
    for table in (people.clients, people.workers):
        ids = [row.id for row in table]
        for repeated in {name for name in ids if ids.count(name) > 1}:
            raise _invalid(path, f"{repeated} is listed twice")
    return _placed(people, audience or people.audience)


def _placed(people: People, audience: str) -> People:
    """``people`` with the hub's address in its place."""

    def each(addresses: list[str]) -> list[str]:
        return [address.replace(AUDIENCE_PLACE, audience.rstrip("/")) for address in addresses]

    clients = [
        msgspec.structs.replace(
            client,
            redirect_uris=each(client.redirect_uris),
            post_logout_redirect_uris=each(client.post_logout_redirect_uris),
        )
        for client in people.clients
    ]
    return msgspec.structs.replace(people, audience=audience, clients=clients)


@dataclass(frozen=True, slots=True)
class DevKeys:
    """The server's signing key, and the private keys of clients that have no secret."""

    signing: OKPKey = field(repr=False)
    clients: Mapping[str, ECKey] = field(repr=False)


def dev_keys(settings: DevServerSettings) -> DevKeys:
    """Make the keys, or read those kept in the directory. A client finds its own in ``<client id>.jwk`` there."""
    keep = settings.keys_directory
    if keep is not None:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    signing = _kept(keep, "signing-key", OKPKey, lambda: OKPKey.generate_key("Ed25519", auto_kid=True))
    clients = {
        client.id: _kept(keep, client.id, ECKey, lambda: ECKey.generate_key("P-256", auto_kid=True))
        for client in settings.people.clients
        if client.secret is None
    }
    return DevKeys(signing, clients)


_Key = TypeVar("_Key", OKPKey, ECKey)


def _kept(directory: Path | None, name: str, kind: type[_Key], make: Callable[[], _Key]) -> _Key:
    """The private key kept as ``name``, made and written if it is not there."""
    if directory is None:
        return make()
    path = directory / f"{name}.jwk"
    if not path.exists():
        # O_EXCL and 0600 from the first byte: nobody else may read it, not even for a moment.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            json.dump(make().as_dict(private=True), stream)
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(f"{path}: others may read this key. Run `chmod 600` on it.", code="DEVSERVER_INVALID")
    try:
        return kind.import_key(json.loads(path.read_text(encoding="ascii")))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise _invalid(path, "is not a private JWK; delete it to have a new one made") from None


def _invalid(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(f"{path}: {what}.", code="DEVSERVER_INVALID")
