"""Step 2: are purpose and case the ones the token carries, did the worker sign in well enough, is the case theirs?

Pure but for the case register, which is asked within its own deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from hub.access.case_register import CaseRegister, CaseState
from hub.access.settings import CaseRegisterSettings
from hub.access.token import SKEW_SECONDS_MAX
from hub.domain.enquiry import Enquiry, Searcher, SignIn, StepUp
from hub.errors import Forbidden, StepUpNeeded

_NOT_IN_TOKEN = (
    "The token does not say under which purpose and on which case you ask, and your agency's register does not let "
    "this system say so itself. Get a token with `authorization_details` of type safeguarding_enquiry."
)


def check_stated(searcher: Searcher, enquiry: Enquiry) -> None:
    """Refuse an enquiry that is not the token's, or that this client may not state itself.

    Raises:
        Forbidden: ``PURPOSE_NOT_IN_TOKEN``, ``PURPOSE_NOT_THE_TOKENS`` or ``CASE_NOT_THE_TOKENS``.
    """
    if searcher.stated is None:
        if not searcher.states_itself:
            raise not_in_token()
        return
    if enquiry.purpose != searcher.stated.purpose:
        raise Forbidden(
            "The query states another purpose than the token was issued for. Get a token for the purpose you mean.",
            code="PURPOSE_NOT_THE_TOKENS",
        )
    if enquiry.case_reference != searcher.stated.case_reference:
        raise Forbidden(
            "The query states another case than the token was issued for. Get a token for the case you ask on.",
            code="CASE_NOT_THE_TOKENS",
        )


def not_in_token() -> Forbidden:
    """The refusal of an enquiry that neither the token states nor the searcher may."""
    return Forbidden(_NOT_IN_TOKEN, code="PURPOSE_NOT_IN_TOKEN")


def check_sign_in(searcher: Searcher, purpose: str, now: datetime) -> None:
    """Refuse a worker who did not sign in as ``purpose`` asks for. A system with no worker signs in nobody.

    Raises:
        StepUpNeeded: with what the sign-in must be (RFC 9470).
    """
    wanted = searcher.step_up.get(purpose)
    if wanted is None or searcher.worker is None:
        return
    if not is_enough(searcher.sign_in, wanted, now):
        raise StepUpNeeded(wanted.acr_values, wanted.max_age_seconds)


def is_enough(signed_in: SignIn, wanted: StepUp, now: datetime) -> bool:
    """Whether somebody signed in in one of the ways that are wanted, and lately enough."""
    strong = not wanted.acr_values or signed_in.acr in wanted.acr_values
    fresh = wanted.max_age_seconds is None
    if wanted.max_age_seconds is not None and signed_in.at is not None:
        age = now.timestamp() - signed_in.at
        fresh = -SKEW_SECONDS_MAX <= age <= wanted.max_age_seconds + SKEW_SECONDS_MAX
    return strong and fresh


_REFUSALS: Mapping[CaseState, tuple[str, str]] = {
    CaseState.CLOSED: (
        "CASE_CLOSED",
        "Your agency's case register says that this case is closed. Reopen it, or ask on the case you work on.",
    ),
    CaseState.NOT_ON_IT: (
        "CASE_NOT_YOURS",
        "Your agency's case register does not list you on this case. Have yourself added, or let somebody on it ask.",
    ),
    CaseState.UNKNOWN: (
        "CASE_UNKNOWN",
        "Your agency's case register does not know this case, or does not answer. Check the reference, or try again.",
    ),
}


@dataclass(frozen=True, slots=True)
class CaseCheck:
    """Asks the case register, and does with its answer what the settings say.

    Attributes:
        register: the list of cases.
        refused: what refuses the question; any other answer is flagged in the log.
    """

    register: CaseRegister
    refused: frozenset[CaseState]

    @classmethod
    def of(cls, register: CaseRegister, settings: CaseRegisterSettings) -> CaseCheck:
        """The check as settings have it."""
        acts = {
            CaseState.CLOSED: settings.closed,
            CaseState.NOT_ON_IT: settings.not_on_it,
            CaseState.UNKNOWN: settings.unknown,
        }
        return cls(register, frozenset(state for state, act in acts.items() if act == "refuse"))

    async def __call__(self, searcher: Searcher, enquiry: Enquiry) -> Searcher:
        """The searcher, with the register's word on the case added to what the log says of the request.

        Raises:
            Forbidden: ``CASE_CLOSED``, ``CASE_NOT_YOURS`` or ``CASE_UNKNOWN``.
        """
        state = await self.register.state(searcher.organisation, enquiry.case_reference.value, searcher.worker)
        if state in self.refused:
            code, message = _REFUSALS[state]
            raise Forbidden(message, code=code)
        return replace(searcher, token_strength=f"{searcher.token_strength}:case-{state.value}")
