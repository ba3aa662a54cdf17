"""The button that asks for records of which every read is told to others: good for one look, and for nothing else.

A page that was posted is sent again by a reload, by a second click, or by a browser that restores its windows. So the
button has a ticket: of one session, one question and one answer, and used once, whatever process of the hub it reaches.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from enum import Enum, auto

from hub.web.forms import Form
from hub.web.front.asking import Asked
from hub.web.site import Site
from hub.web.visit import Visit

TELLS_OTHERS = "tells_others"
"""The field with the ticket. No page carries it on."""

GOOD_FOR = timedelta(hours=1)
"""A ticket from a page that was left open for longer is none."""

_TICKET_MAX = 128


class Telling(Enum):
    """What the form says of them: not named, named, or named by a ticket that was used before."""

    NO = auto()
    YES = auto()
    AGAIN = auto()


def ticket(site: Site, visit: Visit, asked: Asked, log_entry: int) -> str:
    """The value of the button beside the answer with that number in the log."""
    at = int(site.clock().timestamp())
    return f"{log_entry}-{at}-{_seal(visit, asked, log_entry, at)}"


async def telling(site: Site, visit: Visit, form: Form, asked: Asked) -> Telling:
    """What ``form`` says; a good ticket is used up by it.

    Raises:
        AuditUnavailable: whether it was used before cannot be known.
    """
    given = form.value(TELLS_OTHERS)
    entry, _, rest = given.partition("-")
    at, _, seal = rest.partition("-")
    is_read = len(given) <= _TICKET_MAX and given.isascii() and entry.isdecimal() and at.isdecimal()
    if not is_read or not hmac.compare_digest(seal, _seal(visit, asked, int(entry), int(at))):
        return Telling.NO
    left = int(at) + GOOD_FOR.total_seconds() - site.clock().timestamp()
    if left < 0:
        return Telling.NO
    first = await site.sessions.once(TELLS_OTHERS, seal, seconds=round(left) + 60)
    return Telling.YES if first else Telling.AGAIN


def _seal(visit: Visit, asked: Asked, log_entry: int, at: int) -> str:
    stated = json.dumps([TELLS_OTHERS, log_entry, at, asked.variables], sort_keys=True)
    return hmac.new(visit.session.secret.encode(), stated.encode(), hashlib.sha256).hexdigest()
