"""The ``[pages]`` table of the settings (``docs/pages.md``)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from hub.access.client_auth import ClientAuthentication
from hub.access.client_settings import ClientSettings
from hub.domain.enquiry import StepUp


class PagesSettings(ClientSettings, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How people sign in to the pages, and for how long. Without this table there are no pages.

    ``client_id`` is the pages' name at the issuer, where they prove themselves with a ``credential`` (a secret) or with
    ``key_file`` (a private JWK), one of them. A session is over after ``idle_minutes`` without a request, and after
    ``hours_max``. Exports and names need a sign-in in one of the ways ``step_up_acr`` (the issuer's words; none: in
    any way) no longer than ``step_up_minutes`` ago. ``contact`` is whom people turn to, as plain text.
    """

    idle_minutes: Annotated[int, Meta(ge=1, le=240)] = 30
    hours_max: Annotated[int, Meta(ge=1, le=24)] = 10
    step_up_acr: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=255)], ...], Meta(max_length=16)] = ()
    step_up_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 10
    contact: Annotated[str, Meta(min_length=1, max_length=300)] | None = None

    def located(self, base: Path) -> PagesSettings:
        """The same, with files taken from where the settings lie.

        Raises:
            ConfigurationError: not one of ``credential`` and ``key_file``.
        """
        return self.at(base, "[pages]")

    def client(self) -> ClientAuthentication:
        """How the pages prove themselves to the issuer.

        Raises:
            ConfigurationError: the secret or key cannot be read.
        """
        return self.proof()

    @property
    def step_up(self) -> StepUp:
        """How somebody must have signed in for exports and names."""
        return StepUp(self.step_up_acr, self.step_up_minutes * 60)
