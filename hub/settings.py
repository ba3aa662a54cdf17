"""Settings: one TOML file, read once at start-up, checked whole, with errors that name the key.

Secrets are never in the file: a credential names an environment variable or a file that holds it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hub.access.credential import Credential, located_credential, read_credential
from hub.access.outgoing import TokenSettings
from hub.access.settings import CaseRegisterSettings, ClientCertificate
from hub.connectors.guarded import Limits
from hub.domain.organisations import Contact, Custodian, Sector
from hub.errors import ConfigurationError
from hub.schema.federation_settings import FederationSettings
from hub.schema.serving import Server
from hub.store.signers.base import Signer
from hub.store.signers.making import KeyInFile, KeyOnToken, SignerSettings, located, make_signer
from hub.web.settings import PagesSettings

__all__ = ["Credential", "Settings", "load_settings", "read_credential"]

_LIMITS = Limits()

Seconds = Annotated[float, Meta(gt=0, le=60)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]


class WitnessSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who witnesses the log: the file with the witnesses and their quorum (C2SP tlog-policy, ``docs/witness.md``).

    They are asked ``every_seconds``. No quorum for ``alarm_minutes`` is an alarm; for ``stop_hours``, nothing is
    answered until there is one again.
    """

    policy: str
    every_seconds: Annotated[float, Meta(gt=0, le=3_600)] = 60.0
    alarm_minutes: Annotated[float, Meta(gt=0, le=1_440)] = 15.0
    stop_hours: Annotated[float, Meta(gt=0, le=168)] = 4.0


class AuditLog(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The signed log: a SQLAlchemy URL (SQLite or PostgreSQL), the signing key's file, and the log's public name.

    ``origin`` is the checkpoint's origin line (C2SP tlog-checkpoint): a schema-less URL that will never be reused.
    Without ``witnesses`` whoever holds the key and the database can rewrite the log unseen. ``signer`` is where the key
    is, ``next_signer`` the one that takes its place, ``earlier_keys`` public keys from before the one in
    ``key_file``.pub (``docs/keys.md``).
    """

    database_url: str
    key_file: str
    origin: Text
    signer: SignerSettings = KeyInFile()
    next_signer: KeyInFile | KeyOnToken | None = None
    earlier_keys: list[Text] = []
    write_timeout_seconds: Seconds = 5.0
    witnesses: WitnessSettings | None = None

    def make_signer(self, *, create: bool = True) -> Signer:
        """What signs the log's head; without ``create`` no key is made where there is none."""
        return make_signer(self.signer, self.next_signer, key_file=self.key_file, origin=self.origin, create=create)


class Access(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Whose tokens are accepted (``issuer``), made out for whom (``audience``), and the register's file.

    ``bound_tokens_only`` refuses tokens that a thief could use; ``client_certificate`` and ``case_register`` are
    described in :mod:`hub.access.settings`.
    """

    issuer: str
    audience: str
    register: str
    jwks_uri: str | None = None
    register_check_seconds: Seconds = 30.0
    bound_tokens_only: bool = False
    client_certificate: ClientCertificate | None = None
    case_register: CaseRegisterSettings | None = None


class ContactSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A post and its telephone number."""

    role: Text
    phone: Text


class Telemetry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What whoever runs the hub may watch (``docs/telemetry.md``); nothing unless it is asked for.

    ``/metrics`` answers who brings ``metrics_credential``. Traces go to ``traces_endpoint`` (OTLP over HTTP);
    ``traces_continue`` goes on with a request's own ``traceparent``: only where a proxy makes it anew. ``log_lines``
    is how lines are written to standard error (``docs/log-lines.md``).
    """

    metrics_credential: Credential | None = None
    traces_endpoint: Annotated[str, Meta(pattern="^https?://[^@?#]+$", max_length=300)] | None = None
    traces_continue: bool = False
    log_lines: Literal["text", "json"] = "text"


class GuardSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How many calls a custodian gets at once, and when one that keeps failing is left alone (``docs/connectors.md``).

    The values left out are those of :class:`hub.connectors.guarded.Limits`.
    """

    calls_max: Annotated[int, Meta(ge=1, le=64)] = _LIMITS.calls_max
    waiting_max: Annotated[int, Meta(ge=0, le=1_000)] = _LIMITS.waiting_max
    failures_max: Annotated[int, Meta(ge=1, le=100)] = _LIMITS.failures_max
    pause_seconds: Annotated[float, Meta(gt=0, le=300)] = _LIMITS.pause_seconds

    def limits(self) -> Limits:
        """The limits as the guard takes them."""
        return Limits(self.calls_max, self.waiting_max, self.failures_max, self.pause_seconds)


class SsdSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How a council's extract lies in its database (``docs/ssd.md``).

    ``schema`` is where its tables are, when that is not the login's own; ``without`` the kinds of record it does not
    fill; ``zone`` the time zone of its clock; ``stale_days`` the age from which its silence counts for nothing, 0 for
    never; ``pool_size`` the connections to it.
    """

    schema: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,127}\Z")] | None = None
    without: list[Text] = []
    zone: Text = "UTC"
    stale_days: Annotated[int, Meta(ge=0, le=366)] = 31
    pool_size: Annotated[int, Meta(ge=1, le=64)] = 4


class FhirSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What an NHS system does not hold, and where CP-IS is (``docs/fhir.md``).

    ``record_locator``: it holds pointers to documents and knows no Patient; ``organisation`` is the ODS code of whoever
    asks, for one that demands it.

    ``without`` are the kinds of record it is not asked for: PDS holds people alone. ``cpis_url`` is the base address of
    CP-IS, which is read only where a question names it; ``cpis_unscheduled`` whether that is said to be unscheduled
    care, upon which CP-IS tells the council; ``cpis_accesses`` whether it may be asked who looked before, where a
    question names that too. ``states_restriction`` is whether it labels every child whose whereabouts are restricted;
    left out, as ``pds_search`` says. ``events`` makes it a store of child-health events (FHIR STU3 messages) and
    nothing else.
    """

    without: list[Text] = []
    states_restriction: bool | None = None
    cpis_url: Text | None = None
    cpis_unscheduled: bool = True
    cpis_accesses: bool = False
    record_locator: bool = False
    organisation: Annotated[str, Meta(pattern=r"^[A-Z0-9]{3,10}\Z")] | None = None
    events: bool = False


class DfeSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What an agency that speaks the DfE custodian API agreed (``docs/dfe.md``).

    ``organisation`` is its ``orgId``. With ``client_id`` the credential is its secret; without, a fixed token.
    """

    organisation: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")]
    client_id: Text | None = None
    not_found_is_not_held: bool = False
    markings_applied: bool = False
    echoes_request_id: bool = False


class CustodianSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One record system: what it speaks (``kind``), where it is, and who answers for it.

    ``url`` is an SQLAlchemy URL for ``ssd`` and a base URL otherwise. A password in an ``ssd`` URL is better written
    as ``${NAME}``, which is filled from the environment. ``test_data`` says that it holds nothing but invented people:
    only such ones are let into the audit profile. ``nhs_numbers_verified`` is for ``ssd``, ``dfe`` and a record
    locator: whether the agency traces its NHS numbers with PDS. ``search_by``, ``echoes_request_id`` and ``pds_search``
    are for ``fhir`` only (``docs/fhir.md``): PDS itself knows ``get`` alone.
    """

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,62}\Z")]
    name: Text
    sector: Literal["council", "police", "health", "education", "housing", "probation", "justice"]
    kind: Literal["ssd", "fhir", "rest", "graphql", "dfe"]
    url: str
    contact: ContactSettings
    contacts: dict[str, ContactSettings] = {}
    credential: Credential | None = None
    token: TokenSettings | None = None
    mapping: str | None = None
    ssd: SsdSettings = SsdSettings()
    fhir: FhirSettings = FhirSettings()
    dfe: DfeSettings | None = None
    test_data: bool = False
    search_by: Literal["post", "get"] = "post"
    nhs_numbers_verified: bool = False
    echoes_request_id: bool = True
    pds_search: bool = True
    deadline_seconds: Seconds = 4.0
    guard: GuardSettings = GuardSettings()

    def custodian(self) -> Custodian:
        """The custodian as the domain knows it."""
        return Custodian(
            id=self.id,
            name=self.name,
            sector=Sector(self.sector),
            contact=Contact(self.contact.role, self.contact.phone),
            contacts={post: Contact(entry.role, entry.phone) for post, entry in self.contacts.items()},
        )


class Settings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Everything an installation decides. ``deploy/settings.example.toml`` shows each key with its reason."""

    environment: Literal["development", "production"]
    log: AuditLog
    access: Access
    custodians: Annotated[list[CustodianSettings], Meta(min_length=1, max_length=50)]
    server: Server = Server()
    policies: str | None = None
    policy_check_seconds: Seconds = 30.0
    policy_signers: list[Text] = []
    policy_signatures_required: Annotated[int, Meta(ge=1, le=16)] = 1
    match_grace_seconds: Seconds = 1.0
    match_weights: str | None = None
    federation: FederationSettings | None = None
    pages: PagesSettings | None = None
    telemetry: Telemetry = Telemetry()

    @property
    def is_development(self) -> bool:
        """Whether the IDE, introspection and full validation messages are on."""
        return self.environment == "development"


def load_settings(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings file; relative paths in it are taken from where it lies.

    Raises:
        ConfigurationError: the file is missing, is not TOML, or has a wrong, missing or unknown key; says which.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigurationError(f"{path}: the settings file cannot be read ({fault.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"{path}: not a TOML file: {fault}") from None
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as fault:
        raise ConfigurationError(f"{path}: {fault}. See deploy/settings.example.toml.") from None
    return _resolved(settings, path, environ)


def _resolved(settings: Settings, path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings with paths made absolute, ``${NAME}`` in URLs filled, and cross-checks done."""
    base = path.resolve().parent

    def absolute(text: str) -> str:
        return str((base / text).resolve())

    def filled(url: str, key: str) -> str:
        for name in {part.split("}")[0] for part in url.split("${")[1:]}:
            if name not in environ:
                raise ConfigurationError(f"{path}: `{key}` needs the environment variable {name}, which is not set.")
            url = url.replace(f"${{{name}}}", environ[name])
        return url

    ids = [entry.id for entry in settings.custodians]
    for repeated in {name for name in ids if ids.count(name) > 1}:
        raise ConfigurationError(f"{path}: two custodians have the id {repeated}.")
    for entry in settings.custodians:
        if (entry.kind == "dfe") != (entry.dfe is not None):
            problem = f"custodian {entry.id}: `dfe` is a kind that needs [custodians.dfe], and no other kind has it."
            raise ConfigurationError(f"{path}: {problem}")
        if entry.dfe is not None and entry.dfe.client_id is not None and entry.credential is None:
            raise ConfigurationError(
                f"{path}: custodian {entry.id} has a `client_id` and needs `credential`, its secret."
            )
        if entry.fhir.cpis_accesses and entry.fhir.cpis_url is None:
            raise ConfigurationError(f"{path}: custodian {entry.id} has `cpis_accesses` and needs `cpis_url` as well.")
        if entry.kind in ("rest", "graphql") and entry.mapping is None:
            raise ConfigurationError(
                f"{path}: custodian {entry.id} is `{entry.kind}` and needs `mapping`, a mapping file."
            )
    _check_server(settings, path)
    custodians = [
        msgspec.structs.replace(
            entry,
            url=filled(entry.url, f"custodians.{entry.id}.url"),
            mapping=_mapping(entry.mapping, base),
            credential=located_credential(entry.credential, base),
            token=_token(entry, path),
        )
        for entry in settings.custodians
    ]
    log = msgspec.structs.replace(
        settings.log,
        key_file=absolute(settings.log.key_file),
        database_url=filled(settings.log.database_url, "log.database_url"),
        witnesses=_witnesses(settings.log.witnesses, path),
        signer=located(settings.log.signer, base),
        next_signer=located(settings.log.next_signer, base) if settings.log.next_signer else None,
    )
    cases = settings.access.case_register
    access = msgspec.structs.replace(
        settings.access,
        register=absolute(settings.access.register),
        case_register=None if cases is None else cases.located(base),
    )
    watched = settings.telemetry
    watched = msgspec.structs.replace(watched, metrics_credential=located_credential(watched.metrics_credential, base))
    documents_file = absolute(settings.server.documents_file) if settings.server.documents_file else None
    return msgspec.structs.replace(
        settings,
        custodians=custodians,
        server=msgspec.structs.replace(settings.server, documents_file=documents_file),
        log=log,
        access=access,
        pages=None if settings.pages is None else settings.pages.located(base),
        telemetry=watched,
        policies=absolute(settings.policies) if settings.policies else None,
        match_weights=absolute(settings.match_weights) if settings.match_weights else None,
    )


def _check_server(settings: Settings, path: Path) -> None:
    custodians = [(entry.id, entry.url, entry.test_data) for entry in settings.custodians]
    try:
        settings.server.check(is_development=settings.is_development, custodians=custodians)
    except ConfigurationError as fault:
        raise ConfigurationError(f"{path}: {fault.message}") from None


def _token(entry: CustodianSettings, path: Path) -> TokenSettings | None:
    if entry.token is None:
        return None
    try:
        base = path.resolve().parent
        return entry.token.located(base, entry.id, entry.kind, has_credential=entry.credential is not None)
    except ConfigurationError as fault:
        raise ConfigurationError(f"{path}: {fault.message}") from None


def _mapping(name: str | None, base: Path) -> str | None:
    """A mapping file beside the settings, or one that is shipped with the hub, by name."""
    if name is None:
        return None
    beside = base / name
    shipped = Path(__file__).parent / "connectors" / "mappings" / name
    return str(beside if beside.exists() or not shipped.exists() else shipped)


def _witnesses(witnesses: WitnessSettings | None, path: Path) -> WitnessSettings | None:
    if witnesses is None:
        return None
    if not witnesses.every_seconds <= witnesses.alarm_minutes * 60 < witnesses.stop_hours * 3_600:
        raise ConfigurationError(
            f"{path}: in [log.witnesses], `every_seconds` comes before `alarm_minutes`, and that before `stop_hours`."
        )
    return msgspec.structs.replace(witnesses, policy=str((path.resolve().parent / witnesses.policy).resolve()))
