"""Reads the register file strictly: an unknown key, a dangling name or a grant nobody signed off stops the start."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from hub.access.jwks import require_safe_url
from hub.access.register import UNATTENDED_ROLE, Client, Grant, Organisation, Register
from hub.domain.enquiry import Duty, StepUp
from hub.domain.organisations import Sector
from hub.errors import ConfigurationError

REGISTER_BYTES_MAX = 1_048_576
ROWS_MAX = 5_000

_Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}\Z")]
_Text = Annotated[str, Meta(min_length=1, max_length=200)]
_Acr = Annotated[str, Meta(pattern=r"^[!#-\[\]-~]{1,255}\Z")]
"""A word of the issuer's, as it goes into a challenge between quotation marks (RFC 6749 appendix A.4)."""

_ClientId = Annotated[str, Meta(min_length=1, max_length=255)]


class _Issuer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: _Id
    url: _Text


class _Organisation(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: _Id
    name: _Text
    sector: Sector


class _Client(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: _ClientId
    issuer: _Id
    organisation: _Id | None = None
    everyone: bool = False
    states_purpose: bool = False


class _SignedOff(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    purposes: list[_Id]
    valid_from: date
    valid_until: date
    signed_off_by: _Text
    signed_off_on: date


class _Role(_SignedOff, forbid_unknown_fields=True, frozen=True, kw_only=True):
    organisation: _Id
    role: _Id
    duties: list[Duty] = []


class _Unattended(_SignedOff, forbid_unknown_fields=True, frozen=True, kw_only=True):
    issuer: _Id
    client: _ClientId
    because: _Text


class _StepUp(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    purposes: Annotated[list[_Id], Meta(min_length=1)]
    acr_values: Annotated[list[_Acr], Meta(max_length=16)] = []
    max_age_seconds: Annotated[int, Meta(ge=0, le=86_400)] | None = None
    signed_off_by: _Text
    signed_off_on: date


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    issuers: Annotated[list[_Issuer], Meta(min_length=1, max_length=ROWS_MAX)]
    organisations: Annotated[list[_Organisation], Meta(min_length=1, max_length=ROWS_MAX)]
    clients: Annotated[list[_Client], Meta(min_length=1, max_length=ROWS_MAX)]
    roles: Annotated[list[_Role], Meta(min_length=1, max_length=ROWS_MAX)]
    unattended: Annotated[list[_Unattended], Meta(max_length=ROWS_MAX)] = []
    step_up: Annotated[list[_StepUp], Meta(max_length=ROWS_MAX)] = []


def load_register(path: Path, *, known_purposes: Collection[str] | None = None, issuer: str | None = None) -> Register:
    """The register in the file at ``path``.

    Args:
        path: a TOML file of at most :data:`REGISTER_BYTES_MAX` bytes.
        known_purposes: ids of the purposes the policies know; any other in the file is refused. None: not compared.
        issuer: the issuer whose tokens the hub accepts; a register without a client of it would refuse everybody.

    Raises:
        ConfigurationError: ``REGISTER_INVALID``, with the file, the place in it and what is wrong.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(REGISTER_BYTES_MAX + 1)
    except OSError as fault:
        raise _invalid(path, f"the register cannot be read ({fault.strerror})") from None
    if len(text) > REGISTER_BYTES_MAX:
        raise _invalid(path, f"the register is over {REGISTER_BYTES_MAX} bytes")
    try:
        file = msgspec.convert(tomllib.loads(text.decode("utf-8")), _File)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise _invalid(path, f"not a TOML file: {fault}") from None
    except msgspec.ValidationError as fault:
        raise _invalid(path, f"{fault}") from None
    register = _Reader(path, file, known_purposes).register(hashlib.sha256(text).hexdigest())
    if issuer is not None and not any(client.issuer == issuer for client in register.clients.values()):
        raise _invalid(
            path, "no client is of the issuer that the settings name in `access.issuer` (compare each letter)"
        )
    return register


_Key = TypeVar("_Key")
_Row = TypeVar("_Row")


class _Reader:
    """Turns a well-typed file into a register, refusing names that lead nowhere."""

    def __init__(self, path: Path, file: _File, known_purposes: Collection[str] | None) -> None:
        self._path = path
        self._file = file
        self._known_purposes = known_purposes
        self._issuers = self._unique("issuers", ((row.id, row.url) for row in file.issuers))
        for issuer in file.issuers:
            require_safe_url(issuer.url, f"{path}: the `url` of issuer {issuer.id}")
        self._unique("issuers", ((row.url, row.id) for row in file.issuers))

    def register(self, digest: str) -> Register:
        organisations = self._unique(
            "organisations", ((row.id, Organisation(row.id, row.name, row.sector)) for row in self._file.organisations)
        )
        clients: list[tuple[tuple[str, str], Client]] = []
        for number, row in enumerate(self._file.clients):
            issuer = self._named("clients", number, "issuer", row.issuer, self._issuers)
            if row.everyone != (row.organisation is None):
                raise self._wrong("clients", number, "organisation", "give the agency it belongs to, or `everyone`")
            if row.organisation is not None:
                self._named("clients", number, "organisation", row.organisation, organisations)
            clients.append(((issuer, row.id), Client(issuer, row.id, row.organisation, row.states_purpose)))
        registered = self._unique("clients", clients)
        return Register(
            organisations=organisations,
            clients=registered,
            roles=self._roles(organisations),
            unattended=self._unattended(registered),
            digest=digest,
            step_up=self._step_up(),
        )

    def _roles(self, organisations: dict[str, Organisation]) -> dict[tuple[str, str], tuple[Grant, ...]]:
        grants: dict[tuple[str, str], tuple[Grant, ...]] = {}
        for number, row in enumerate(self._file.roles):
            self._named("roles", number, "organisation", row.organisation, organisations)
            if row.role == UNATTENDED_ROLE:
                raise self._wrong("roles", number, "role", f"`{UNATTENDED_ROLE}` is kept for systems without a worker")
            key = (row.organisation, row.role)
            if len(set(row.duties)) != len(row.duties):
                raise self._wrong("roles", number, "duties", "names a duty twice")
            grant = replace(self._grant("roles", number, row), duties=frozenset(row.duties))
            grants[key] = (*grants.get(key, ()), grant)
        return grants

    def _unattended(self, clients: dict[tuple[str, str], Client]) -> dict[tuple[str, str], tuple[Grant, ...]]:
        grants: dict[tuple[str, str], tuple[Grant, ...]] = {}
        for number, row in enumerate(self._file.unattended):
            key = (self._named("unattended", number, "issuer", row.issuer, self._issuers), row.client)
            if key not in clients:
                raise self._wrong("unattended", number, "client", "no such client is listed for that issuer")
            if not row.purposes:
                raise self._wrong("unattended", number, "purposes", "an unattended client needs at least one purpose")
            grants[key] = (*grants.get(key, ()), self._grant("unattended", number, row))
        return grants

    def _step_up(self) -> dict[str, StepUp]:
        found: dict[str, StepUp] = {}
        for number, row in enumerate(self._file.step_up):
            if not row.acr_values and row.max_age_seconds is None:
                raise self._wrong("step_up", number, "acr_values", "give `acr_values`, `max_age_seconds` or both")
            self._check_purposes("step_up", number, row.purposes)
            for purpose in row.purposes:
                if purpose in found:
                    raise self._wrong("step_up", number, "purposes", f"`{purpose}` has a row already")
                found[purpose] = StepUp(tuple(row.acr_values), row.max_age_seconds)
        return found

    def _grant(self, table: str, number: int, row: _SignedOff) -> Grant:
        if row.valid_until < row.valid_from:
            raise self._wrong(table, number, "valid_until", "is before `valid_from`")
        if row.signed_off_on > row.valid_from:
            raise self._wrong(
                table, number, "signed_off_on", "is after `valid_from`: nothing holds before its sign-off"
            )
        self._check_purposes(table, number, row.purposes)
        return Grant(
            frozenset(row.purposes), row.valid_from, row.valid_until, row.signed_off_by.strip(), row.signed_off_on
        )

    def _check_purposes(self, table: str, number: int, purposes: Sequence[str]) -> None:
        if len(set(purposes)) != len(purposes):
            raise self._wrong(table, number, "purposes", "names a purpose twice")
        unknown = [] if self._known_purposes is None else sorted(set(purposes) - set(self._known_purposes))
        if unknown:
            raise self._wrong(table, number, "purposes", f"no policy knows the purpose `{unknown[0]}`")

    def _named(self, table: str, number: int, key: str, name: str, known: dict[str, _Row]) -> _Row:
        if name not in known:
            raise self._wrong(table, number, key, f"`{name}` is not in `[[{key}s]]`")
        return known[name]

    def _unique(self, table: str, rows: Iterable[tuple[_Key, _Row]]) -> dict[_Key, _Row]:
        found: dict[_Key, _Row] = {}
        for number, (key, row) in enumerate(rows):
            if key in found:
                raise self._wrong(table, number, "id" if table != "issuers" else "id or url", "is listed twice")
            found[key] = row
        return found

    def _wrong(self, table: str, number: int, key: str, what: str) -> ConfigurationError:
        return _invalid(self._path, f"`{table}[{number}].{key}`: {what}")


def _invalid(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(f"{path}: {what}. See docs/access.md, `The register`.", code="REGISTER_INVALID")
