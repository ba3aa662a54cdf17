"""The register of agencies, roles and purposes: what decides, where the token only says who.

One reviewed TOML file. Every row that grants something says who signed it off and when, and from and until when it
holds. Read by :mod:`hub.access.register_file`; plain values here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from hub.access.token import VerifiedToken
from hub.domain.enquiry import Duty, Searcher, StepUp
from hub.domain.organisations import Sector
from hub.errors import Forbidden

UNATTENDED_ROLE = "unattended"
"""The role of a searcher with no person behind it; no policy gives it anything by that word."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An agency that may ask."""

    id: str
    name: str
    sector: Sector


@dataclass(frozen=True, slots=True)
class Client:
    """A system that sends questions, known by (issuer, client_id): the same name from another issuer is a stranger.

    ``organisation`` is the agency it belongs to; None for the hub's own pages, through which workers of every agency
    sign in: there the token says whose worker it is. ``states_purpose``: it may state purpose and case itself, in the
    query, where its tokens do not carry them.
    """

    issuer: str
    client_id: str
    organisation: str | None
    states_purpose: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role may do from ``valid_from`` until and including ``valid_until``, and who signed that off:
    the purposes it may state, and its duties.
    """

    purposes: frozenset[str]
    valid_from: date
    valid_until: date
    signed_off_by: str
    signed_off_on: date
    duties: frozenset[Duty] = frozenset()

    def in_force(self, today: date) -> bool:
        """Whether the grant holds on ``today``."""
        return self.valid_from <= today <= self.valid_until


@dataclass(frozen=True, slots=True)
class Register:
    """The whole register.

    ``roles`` are grants by (organisation, role), ``unattended`` grants by (issuer, client_id). A role listed without
    purposes may use the hub (an IG officer reviews) but may ask about no child. ``digest`` is the SHA-256 of the file,
    for the log. ``step_up`` is, by purpose, how a worker must have signed in.
    """

    organisations: Mapping[str, Organisation]
    clients: Mapping[tuple[str, str], Client]
    roles: Mapping[tuple[str, str], tuple[Grant, ...]]
    unattended: Mapping[tuple[str, str], tuple[Grant, ...]]
    digest: str
    step_up: Mapping[str, StepUp] = field(default_factory=dict)

    def searcher(self, token: VerifiedToken, today: date) -> Searcher:
        """Who the bearer of ``token`` is to this hub, and which purposes they may state on ``today``.

        Raises:
            Forbidden: ``CLIENT_NOT_REGISTERED``, ``ORGANISATION_MISMATCH``, ``WORKER_REQUIRED`` or
                ``ROLE_NOT_REGISTERED``.
        """
        client = self.clients.get((token.issuer, token.client_id))
        if client is None:
            raise Forbidden(
                "The register of this hub does not list the system that sent the question. Ask the partnership's "
                "information governance lead to register it.",
                code="CLIENT_NOT_REGISTERED",
            )
        organisation = self._organisation(token, client)
        role, grants = self._unattended(token) if token.worker is None else self._role(token, organisation.id, today)
        return Searcher(
            client_id=client.client_id,
            organisation=organisation.id,
            organisation_name=organisation.name,
            sector=organisation.sector,
            worker=token.worker,
            role=role,
            purposes=_purposes(grants, today),
            token_strength=token.strength,
            stated=token.stated,
            states_itself=client.states_purpose,
            sign_in=token.sign_in,
            step_up=self.step_up,
            scopes=token.scopes,
            duties=frozenset(duty for grant in grants if grant.in_force(today) for duty in grant.duties),
        )

    def purposes_named(self) -> frozenset[str]:
        """Every purpose the register speaks of, in force or not."""
        rows = [*self.roles.values(), *self.unattended.values()]
        granted = {purpose for grants in rows for grant in grants for purpose in grant.purposes}
        return frozenset(granted | self.step_up.keys())

    def _organisation(self, token: VerifiedToken, client: Client) -> Organisation:
        """The agency whose worker asks: the client's own or, through the hub's pages, the one the token names."""
        found = token.organisation if client.organisation is None else client.organisation
        if found is None or found not in self.organisations or token.organisation not in (None, found):
            raise Forbidden(
                "The token names another agency than the one this system is registered for. Whoever runs the "
                "authorization server must correct it, or the register must be.",
                code="ORGANISATION_MISMATCH",
            )
        return self.organisations[found]

    def _role(self, token: VerifiedToken, organisation: str, today: date) -> tuple[str, tuple[Grant, ...]]:
        grants = self.roles.get((organisation, token.role), ()) if token.role is not None else ()
        if token.role is None or not any(grant.in_force(today) for grant in grants):
            raise Forbidden(
                "The register lists no such role, in force today, for this agency (the token's `role` claim says which "
                "role the worker has). Ask the partnership's information governance lead to register or renew it.",
                code="ROLE_NOT_REGISTERED",
            )
        return token.role, grants

    def _unattended(self, token: VerifiedToken) -> tuple[str, tuple[Grant, ...]]:
        """A client-only token reads no child, unless that client is registered as unattended for a purpose."""
        grants = self.unattended.get((token.issuer, token.client_id), ())
        if not grants:
            raise Forbidden(
                "The token says which system asks, but no worker. Send a token issued for the worker (sign-in, or "
                "token exchange with the worker's own token).",
                code="WORKER_REQUIRED",
            )
        return UNATTENDED_ROLE, grants


def _purposes(grants: tuple[Grant, ...], today: date) -> frozenset[str]:
    return frozenset(purpose for grant in grants if grant.in_force(today) for purpose in grant.purposes)
