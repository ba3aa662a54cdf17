"""The ``[server]`` table of the settings: where the hub listens, and what it answers there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hub.errors import ConfigurationError
from hub.schema.audit_profile import check_audit_profile
from hub.schema.limits import UNLIMITED, LimitSettings


class Server(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where the hub listens, and what it answers (``docs/endpoint.md``). TLS ends at the proxy (``deploy/nginx.conf``).

    ``documents`` is whether a client may send any query (``free``), or only those in ``documents_file``, which
    ``hub documents`` writes. ``profile`` is ``audit`` only to run conformance suites on invented data.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    public_url: str = "http://127.0.0.1:8000"
    body_bytes_max: Annotated[int, Meta(ge=1_024, le=1_048_576)] = 65_536
    profile: Literal["standard", "audit"] = "standard"
    documents: Literal["free", "trusted"] = "free"
    documents_file: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    limits: LimitSettings | None = None

    def limits_in(self, *, is_development: bool) -> LimitSettings:
        """What a request, a client and a worker may ask; no rates in development unless settings give them."""
        return self.limits or (UNLIMITED if is_development else LimitSettings())

    def check(self, *, is_development: bool, custodians: Sequence[tuple[str, str, bool]]) -> None:
        """Refuse what does not go together; ``custodians`` as in :func:`check_audit_profile`.

        Raises:
            ConfigurationError: ``SETTINGS_INVALID``.
        """
        if self.documents == "trusted" and self.documents_file is None:
            raise ConfigurationError(
                '[server] with `documents = "trusted"` needs `documents_file`; `hub documents` writes it.'
            )
        if self.profile == "audit":
            check_audit_profile(is_development=is_development, host=self.host, custodians=custodians)
