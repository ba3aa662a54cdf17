"""Settings of how searchers are let in, beyond whose tokens are good. ``docs/access.md`` says what each is for."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hub.access.jwks import require_safe_url
from hub.errors import ConfigurationError

Act = Literal["refuse", "flag"]


class ClientCertificate(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where the client's TLS certificate is to be found, for tokens bound to one (RFC 8705).

    ``header`` is believed only from the ``proxies`` (addresses or networks), which must overwrite what clients send;
    without it, it is the certificate of the hub's own TLS connection. ``form``: ``escaped_pem`` is what nginx calls
    ``$ssl_client_escaped_cert``, ``rfc9440`` the ``Client-Cert`` header of that RFC.
    """

    header: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}\Z")] | None = None
    form: Literal["escaped_pem", "rfc9440"] = "escaped_pem"
    proxies: Annotated[list[str], Meta(max_length=64)] = msgspec.field(default_factory=lambda: ["127.0.0.1", "::1"])

    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The proxies.

        Raises:
            ConfigurationError: one is neither an address nor a network.
        """
        try:
            return tuple(ipaddress.ip_network(each) for each in self.proxies)
        except ValueError:
            raise ConfigurationError(
                "`access.client_certificate.proxies`: write addresses or networks, such as 10.0.0.7 or 10.0.0.0/28."
            ) from None


class CaseRegisterSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who is asked whether a case is open and the worker on it: a ``url`` or a ``file``, one of them.

    ``closed``, ``not_on_it`` and ``unknown`` say what follows: ``refuse`` the question, or ask on and ``flag`` it in
    the log. ``token_file`` holds the bearer token for ``url``.
    """

    url: str | None = None
    file: str | None = None
    token_file: str | None = None
    deadline_seconds: Annotated[float, Meta(gt=0, le=5)] = 1.0
    closed: Act = "refuse"
    not_on_it: Act = "refuse"
    unknown: Act = "flag"

    def located(self, base: Path) -> CaseRegisterSettings:
        """The same, with files taken from where the settings lie.

        Raises:
            ConfigurationError: not one of ``url`` and ``file``, or a URL that is not https.
        """
        if (self.url is None) == (self.file is None):
            raise ConfigurationError("[access.case_register] names a `url` or a `file`, one of them.")
        if self.url is not None:
            require_safe_url(self.url, "`access.case_register.url`")
        elif self.token_file is not None:
            raise ConfigurationError("[access.case_register]: `token_file` is for a `url`.")
        return msgspec.structs.replace(
            self,
            file=None if self.file is None else str((base / self.file).resolve()),
            token_file=None if self.token_file is None else str((base / self.token_file).resolve()),
        )
