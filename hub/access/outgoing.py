"""The ``[custodians.token]`` table of the settings: where the hub asks for a custodian's tokens, and as whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from hub.access.client_auth import ClientAuthentication, ClientSecret, ClientSecretInForm
from hub.access.client_settings import ClientSettings
from hub.access.jwks import require_safe_url
from hub.errors import ConfigurationError

Text = Annotated[str, Meta(min_length=1, max_length=2_048)]

_KINDS = ("rest", "fhir", "graphql")


class TokenSettings(ClientSettings, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """OAuth 2.0 client credentials (RFC 6749 s.4.4) for one custodian (``docs/connectors.md``).

    ``url`` is the token endpoint. The hub is ``client_id`` there and proves it with a ``credential`` (a secret, sent as
    ``method`` says) or with ``key_file`` (a private JWK, ``private_key_jwt``), one of them. ``scope`` and ``audience``
    are asked for when given. An assertion is made out to ``url``, or to ``assertion_audience`` where the server wants
    its issuer's name.
    """

    url: Text
    method: Literal["basic", "post"] = "basic"
    scope: Text | None = None
    audience: Text | None = None
    assertion_audience: Text | None = None

    def located(self, base: Path, custodian: str, kind: str, *, has_credential: bool) -> TokenSettings:
        """The same, with files taken from ``base``, where the settings lie.

        Raises:
            ConfigurationError: what it says of the custodian does not fit together.
        """
        where = f"custodian {custodian}: [custodians.token]"
        if kind not in _KINDS:
            other = "; for `dfe` it is `dfe.client_id`" if kind == "dfe" else ""
            raise ConfigurationError(f"{where} is for the kinds rest, fhir and graphql, and not for `{kind}`{other}.")
        if has_credential:
            raise ConfigurationError(
                f"{where} asks for tokens, and `credential` beside it is a fixed one: remove one of them, or move the"
                " client's secret into the table."
            )
        found = self.at(base, where)
        if self.key_file is None and self.assertion_audience is not None:
            raise ConfigurationError(f"{where} has `assertion_audience`, which is for `key_file` alone: remove it.")
        if self.key_file is not None and self.method != "basic":
            raise ConfigurationError(f"{where} has `method`, which is for a secret alone: remove it.")
        require_safe_url(self.url, f"{where} `url`")
        return found

    def client(self) -> ClientAuthentication:
        """What proves the hub, as its files are now.

        Raises:
            ConfigurationError: the secret or key cannot be read.
        """
        return self.proof(ClientSecret if self.method == "basic" else ClientSecretInForm)
