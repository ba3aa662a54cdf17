"""How one FHIR server differs from the next."""

from __future__ import annotations

from dataclasses import dataclass

from hub.connectors.fhir.exchange import SearchBy


@dataclass(frozen=True, slots=True)
class FhirOptions:
    """How one server differs from the next.

    Attributes:
        search_by: ``post`` keeps names and NHS numbers out of URLs, and so out of every proxy's log on the way; PDS
            and some others know only ``get``.
        echoes_request_id: whether the server returns our ``X-Request-ID``, as PDS does; then an answer without it is
            an answer to another question.
        pds_search: whether the server knows PDS's own search parameters, ``_history`` and ``_fuzzy-match``. Another
            that is sent them may refuse, or answer "nobody".
        states_restriction: whether the server labels every child whose whereabouts are restricted, so that a Patient
            without the label is known not to be. None: as ``pds_search`` says, because PDS does.
        kinds: the kinds this server holds; None for all but CP-IS.
        cpis_url: the base address of CP-IS, which is asked only where a question names it; None for not at all.
        cpis_unscheduled: whether a look-up is said to be of unscheduled care, upon which CP-IS tells the council.
        cpis_accesses: whether CP-IS may be asked who looked before, where a question names that.
    """

    search_by: SearchBy = "post"
    echoes_request_id: bool = True
    pds_search: bool = True
    states_restriction: bool | None = None
    kinds: frozenset[str] | None = None
    cpis_url: str | None = None
    cpis_unscheduled: bool = True
    cpis_accesses: bool = False
