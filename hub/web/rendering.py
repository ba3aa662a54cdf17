"""From a template and its context to a page, and the headers every page goes out with.

Two Jinja environments, because the two sets of templates want different things of a name that is not there: ours fails,
so that a misspelt name is found by the first test; the GOV.UK macros read optional parameters that nobody gave. Both
escape everything, also what is given to a macro as HTML, unless it is markup made by a template.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import (
    BaseLoader,
    ChainableUndefined,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
    pass_context,
)
from jinja2.runtime import Context
from markupsafe import Markup, escape

from hub.web.static_files import assets
from hub.web.words import OUTCOMES, REASONS, SOURCES, in_words

TEMPLATES = Path(__file__).parent / "templates"
GOVUK = "govuk_frontend_jinja"
ZONE = ZoneInfo("Europe/London")
SHORT_REFERENCE = 8
"""So many characters of a reference are shown where many stand in a list."""

_ATTRIBUTES = "macros/attributes.html"
"""The one of the GOV.UK templates that escapes by itself, and joins what it escaped to a plain string."""

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class Renderer:
    """Renders the hub's templates.

    Args:
        development: the pages say on top that everybody here is invented.
        footer: links for the foot of each page, each a ``href`` and a ``text``.
        templates: where else to look for templates, before the hub's own.
    """

    def __init__(
        self,
        *,
        development: bool = False,
        footer: Sequence[Mapping[str, str]] = (),
        templates: Sequence[Path] = (),
    ) -> None:
        self._environment = _environment(templates)
        self._environment.globals.update(development=development, footer=tuple(footer))

    def page(self, template: str, **context: Any) -> str:
        """The page. The layout's own names may be given too: see the top of ``layout.html``.

        Raises:
            jinja2.TemplateNotFound: there is no such template.
            jinja2.UndefinedError: the template uses a name that it was not given.
        """
        return self._environment.get_template(template).render({**_LAYOUT, **context})

    def pieces(self, template: str, **context: Any) -> Iterator[str]:
        """The page in pieces, as they are made: for one that is long."""
        return self._environment.get_template(template).generate({**_LAYOUT, **context})


def page_headers(*, form_targets: Sequence[str] = ()) -> dict[str, str]:
    """The headers of every page.

    Args:
        form_targets: origins besides the hub's own to which a form may lead, such as ``https://login.example``: a
            browser holds a redirect that answers a form to the same rule, so the sign-in provider's belongs here.
    """
    targets = " ".join(["'self'", *form_targets])
    policy = (
        "default-src 'none'; "
        f"script-src 'self' 'sha256-{_script_digest()}'; style-src 'self'; img-src 'self'; "
        f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, **_HEADERS}


_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}

_LAYOUT: Mapping[str, Any] = {"nav": (), "signed_in": None, "form": None, "csrf_token": None}
"""What the layout takes for granted when a page is rendered without it."""


@cache
def _script_digest() -> str:
    (script,) = _SCRIPT.findall((TEMPLATES / "layout.html").read_text(encoding="utf-8"))
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


class _Ours(Environment):
    """Strict for our templates; the GOV.UK macros come from a lenient environment of their own."""

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        theirs = PrefixLoader({GOVUK: PackageLoader(GOVUK)})
        self._theirs = Environment(loader=theirs, autoescape=True, undefined=ChainableUndefined)
        self._theirs.filters["safe"] = _safe
        del self.filters["safe"]  # a template of ours that says `safe` does not compile

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002
    ) -> Template:
        if isinstance(name, str) and name.startswith(f"{GOVUK}/"):
            return self._theirs.get_template(name)
        return super().get_template(name, parent, globals)


def _environment(more: Sequence[Path]) -> Environment:
    environment = _Ours(FileSystemLoader([*more, TEMPLATES]))
    environment.globals.update(asset=assets().url, csrf=_csrf, OUTCOMES=OUTCOMES, SOURCES=SOURCES)
    environment.filters.update(
        uk_time=uk_time,
        uk_date=uk_date,
        short_ref=short_reference,
        words=in_words,
        counted=counted,
        why=REASONS.__getitem__,
    )
    return environment


@pass_context
def _safe(context: Context, value: object) -> Markup:
    """The macros' own filter, which trusts any string: here what a page gives as HTML must be markup, or is escaped."""
    return Markup(value) if context.name == _ATTRIBUTES else escape(value)  # noqa: S704  escaped there


@pass_context
def _csrf(context: Context) -> Markup:
    """The hidden field that every form posted to the hub has."""
    return Markup('<input type="hidden" name="csrf" value="{}">').format(context["csrf_token"])


def uk_time(at: datetime) -> str:
    """``20 November 2026 at 4:40pm``, UK time.

    Raises:
        ValueError: the time has no zone.
    """
    local = _local(at)
    minutes = f":{local.minute:02}" if local.minute else ""
    hour = f"{local.hour % 12 or 12}{minutes}{'am' if local.hour < 12 else 'pm'}"
    exact = {"12am": "midnight", "12pm": "midday"}.get(hour, hour)
    return f"{uk_date(local)} at {exact}"


def uk_date(on: date) -> str:
    """``20 November 2026``; of a time, the day in the UK.

    Raises:
        ValueError: a time without a zone.
    """
    day = _local(on) if isinstance(on, datetime) else on
    return f"{day.day} {day:%B %Y}"


def short_reference(reference: str) -> str:
    """The first digits of a reference: enough to tell one from another in a list."""
    return reference[:SHORT_REFERENCE]


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 entry``, ``1,204 entries``: the number with its word; ``many`` is ``one`` with an s when not given."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _local(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("A time without a zone cannot be shown as UK time.")
    return at.astimezone(ZONE)
