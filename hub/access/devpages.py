"""The development server's pages: plain HTML without a script, and the headers that hold them to it. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from hub.access.devsettings import DevWorker

_STYLE = """
body { font: 1.2rem/1.4 sans-serif; color: #0b0c0c; max-width: 40em; margin: 2em auto; padding: 0 1em }
fieldset { border: 0; padding: 0; margin: 0 0 1.5em }
legend { font-weight: bold; font-size: 1.25em; margin-bottom: .5em }
label { display: flex; padding: .4em 0 }
input { flex: none; width: 1.2em; height: 1.2em; margin: .1em .6em 0 0 }
button { font: inherit; padding: .5em 1em; margin-right: 1em; border: 2px solid; background: #fff; color: #0b0c0c }
button[value="sign in"] { background: #00703c; border-color: #00703c; color: #fff }
:focus-visible { outline: 3px solid #fd0; outline-offset: 0; box-shadow: 0 0 0 6px #0b0c0c }
.warning { border-left: 10px solid #b1b4b6; padding: .5em 1em }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def headers(redirect_uri: str | None = None) -> dict[str, str]:
    """The headers of a page whose form may send the browser on to ``redirect_uri``.

    ``form-action`` names that site too: browsers hold the redirect after a form to it (CSP Level 3 s.6.4.1).
    """
    onward = ""
    if redirect_uri is not None:
        parts = urlsplit(redirect_uri)
        onward = f" {parts.scheme}://{parts.netloc}"
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'{onward}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def sign_in_page(ticket: str, client_id: str, workers: Sequence[DevWorker], levels: Sequence[str], level: str) -> str:
    """Whom to be: every worker in every role, and how they sign in, with ``level`` chosen already."""
    people = "".join(
        f'<label><input type="radio" name="who" required value="{escape(f"{worker.id} {role}")}">'
        f"{escape(worker.name)} ({escape(worker.organisation)}), as {escape(role)}</label>"
        for worker in workers
        for role in worker.roles
    )
    ways = "".join(
        f'<label><input type="radio" name="acr" value="{escape(each)}"{" checked" if each == level else ""}>'
        f"{escape(each)}</label>"
        for each in levels
    )
    return _page(
        "Sign in",
        f"""<p class="warning">This is a pretend sign-in for development. Everybody here is invented, and
nobody is asked for a password.</p>
<p>{escape(client_id)} asks who you are.</p>
<form method="post" action="/authorize/sign-in">
<input type="hidden" name="ticket" value="{escape(ticket)}">
<fieldset><legend>Who do you want to be?</legend>{people}</fieldset>
<fieldset><legend>How do you sign in?</legend>{ways}</fieldset>
<button name="do" value="sign in">Sign in</button>
<button name="do" value="cancel" formnovalidate>Cancel</button>
</form>""",
    )


def message_page(title: str, said: str) -> str:
    """One sentence."""
    return _page(title, f"<p>{escape(said)}</p>")


def _page(title: str, content: str) -> str:
    return f"""<!doctype html>
<html lang="en-GB">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} - development sign-in</title><style>{_STYLE}</style></head>
<body><main><h1>{escape(title)}</h1>
{content}
</main></body>
</html>
"""
