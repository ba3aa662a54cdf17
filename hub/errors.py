"""Every error the hub raises on purpose: one tree, rendered at one edge.

::

    HubError
    ├── Unauthenticated            401  TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_REVOKED, ...
    │   └── StepUpNeeded           401  STEP_UP_NEEDED
    ├── IssuerUnavailable          503  ISSUER_UNAVAILABLE
    ├── Forbidden                  403  CLIENT_NOT_REGISTERED, WORKER_REQUIRED, PURPOSE_NOT_ALLOWED, ...
    ├── BadRequest                 400  PURPOSE_UNKNOWN, CASE_REFERENCE_INVALID, NHS_NUMBER_INVALID, ...
    ├── NotFound                   404  PAGE_NOT_FOUND
    ├── TooLarge                   413  REQUEST_TOO_LARGE
    ├── TooManyRequests            429  RATE_LIMITED
    ├── AuditUnavailable           503  AUDIT_UNAVAILABLE, WITNESSES_SILENT, WITNESSES_DISAGREE
    └── ConfigurationError          -   SETTINGS_INVALID, POLICY_INVALID (start-up only, never sent to a client)

A message is shown to people who may not see the record in question, so it never carries a value that was
sent in or a value that was read: no name, no number, no text of a query. It says what is wrong and what to do.
"""

from __future__ import annotations

from typing import ClassVar


class Complaint(Exception):
    """Its words are the hub's own: fixed ones, numbers, and names out of an installation's files. They may be logged.

    Nothing that an agency or a client sent, and nothing that a database or a library said, is among them.
    """


class HubError(Exception):
    """An error with a stable ``code`` for programs and a safe ``message`` for people.

    Args:
        message: what is wrong and what to do about it; no personal data, ever.
        code: one of the codes listed in ``docs/codes.md``.
    """

    http_status: ClassVar[int] = 500
    default_code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code


class Unauthenticated(HubError):
    """No token was sent, or the one that was sent proves nothing."""

    http_status = 401
    default_code = "TOKEN_INVALID"


class StepUpNeeded(Unauthenticated):
    """The token is good, and the worker must sign in again, or more strongly, to ask this (RFC 9470)."""

    default_code = "STEP_UP_NEEDED"

    def __init__(self, acr_values: tuple[str, ...], max_age_seconds: int | None) -> None:
        super().__init__(
            "To ask under this purpose, sign in again the way your partnership's register asks for, and send the "
            "question with the new token: the WWW-Authenticate header says how (acr_values, max_age)."
        )
        self.acr_values = acr_values
        self.max_age_seconds = max_age_seconds

    def wanted(self) -> dict[str, str]:
        """What the sign-in must be, as the challenge says it."""
        wanted = {"acr_values": " ".join(self.acr_values)} if self.acr_values else {}
        return wanted if self.max_age_seconds is None else {**wanted, "max_age": str(self.max_age_seconds)}


class IssuerUnavailable(HubError):
    """The authorization server's keys cannot be read, so no token can be judged: neither accepted nor refused."""

    http_status = 503
    default_code = "ISSUER_UNAVAILABLE"


class Forbidden(HubError):
    """The token is good, but the register does not let this searcher do this."""

    http_status = 403
    default_code = "FORBIDDEN"


class BadRequest(HubError):
    """The question cannot be understood, or would be dangerous to answer as asked."""

    http_status = 400
    default_code = "BAD_REQUEST"


class NotFound(HubError):
    """There is no such page, or not for this person: which of the two is not said."""

    http_status = 404
    default_code = "PAGE_NOT_FOUND"


class TooLarge(HubError):
    """The request is over a stated limit."""

    http_status = 413
    default_code = "REQUEST_TOO_LARGE"


class TooManyRequests(HubError):
    """More was asked in a while than one client or one worker may; ``retry_after`` seconds from now there is room."""

    http_status = 429
    default_code = "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


_NOBODY_ASKED = "no agency was asked and nothing"


class AuditUnavailable(HubError):
    """The log cannot be written, so nothing may be fetched and nothing released (promise 1).

    ``asked``: agencies were asked about the child before it failed, and may have told others so.
    """

    http_status = 503
    default_code = "AUDIT_UNAVAILABLE"
    asked = False

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message
            or f"The audit log cannot be written, so {_NOBODY_ASKED} is released. "
            "If a child may be at immediate risk, telephone the agencies now (police: 999)."
        )

    def after_asking(self) -> AuditUnavailable:
        """The same, where the answers had come already: what it says of that is true then."""
        self.asked = True
        self.message = self.message.replace(_NOBODY_ASKED, "agencies were asked, but nothing of what they said")
        return self


class ConfigurationError(HubError, Complaint):
    """The installation is wrong: settings, policy files, keys. Raised at start-up, with the file and what to do."""

    default_code = "SETTINGS_INVALID"
