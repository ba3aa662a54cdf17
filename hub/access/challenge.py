"""What a client is told besides the error: the challenges of a 401 and the hub's metadata, so that it can do better."""

from __future__ import annotations

from urllib.parse import urlsplit

from hub.access.details import AUTHORIZATION_TYPE
from hub.access.dpop import PROOF_ALGORITHMS
from hub.errors import Forbidden, HubError, StepUpNeeded, Unauthenticated

WELL_KNOWN = "/.well-known/oauth-protected-resource"
_PROOF_CODES = frozenset({"DPOP_PROOF_INVALID", "DPOP_PROOF_REPLAYED"})


def challenge(error: HubError, metadata_url: str | None = None) -> str | None:
    """The ``WWW-Authenticate`` value that goes with ``error``; None when none does.

    RFC 6750 s.3: no error code when no token was sent, so that a probe learns nothing. Both schemes are offered
    (RFC 9449 s.7.2), with the error where it belongs. ``metadata_url`` is where :func:`resource_metadata` is served
    (RFC 9728 s.5.1).
    """
    if isinstance(error, Forbidden):  # RFC 6750 s.3.1: another token, of a worker with that role, may do
        return 'DPoP error="insufficient_scope", Bearer error="insufficient_scope"'
    if not isinstance(error, Unauthenticated):
        return None
    common = {} if metadata_url is None else {"resource_metadata": metadata_url}
    dpop = {"algs": " ".join(PROOF_ALGORITHMS)}
    bearer: dict[str, str] = {}
    if error.code in _PROOF_CODES:
        dpop["error"] = "invalid_dpop_proof"
    elif isinstance(error, StepUpNeeded):
        wanted = {"error": "insufficient_user_authentication", **error.wanted()}
        dpop, bearer = {**dpop, **wanted}, wanted
    elif error.code != "TOKEN_MISSING":
        dpop["error"] = "invalid_token"
        bearer["error"] = "invalid_token"
    return f"{_one('DPoP', {**dpop, **common})}, {_one('Bearer', {**bearer, **common})}"


def resource_metadata(resource: str, issuer: str, *, mtls: bool = False) -> dict[str, object]:
    """The protected resource metadata (RFC 9728 s.2).

    ``mtls`` is whether tokens bound to a client certificate can be checked here.
    """
    return {
        "resource": resource,
        "authorization_servers": [issuer],
        "bearer_methods_supported": ["header"],
        "resource_name": "Safeguarding information-sharing hub",
        "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
        "dpop_bound_access_tokens_required": False,  # a certificate does as well
        "tls_client_certificate_bound_access_tokens": mtls,
        "authorization_details_types_supported": [AUTHORIZATION_TYPE],
    }


def metadata_paths(resource: str) -> list[str]:
    """Where the metadata is served: its own place, and the plain one for clients that know no path."""
    return list(dict.fromkeys((metadata_path(resource), WELL_KNOWN)))


def metadata_path(resource: str) -> str:
    """Where the metadata of ``resource`` is served: its path goes behind the well-known one (RFC 9728 s.3.1)."""
    path = urlsplit(resource).path
    return WELL_KNOWN if path in ("", "/") else f"{WELL_KNOWN}{path}"


def _one(scheme: str, parameters: dict[str, str]) -> str:
    said = ", ".join(f'{name}="{value}"' for name, value in parameters.items())
    return f"{scheme} {said}" if said else scheme
