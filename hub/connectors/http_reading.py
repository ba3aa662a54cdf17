"""What is checked of an HTTP answer before its content is looked at: status, type, coding and size."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp

from hub.connectors.base import UpstreamFault
from hub.domain.sources import NoAnswerReason

RETRY_AFTER_MAX_SECONDS = 3_600
"""A custodian's ``Retry-After`` beyond an hour is shown as an hour: nobody at the front door plans further."""

VALUES_MAX = 250_000
"""Values of one answer, about: 5,000 records of 50. A few bytes each, they would take a hundred megabytes to read."""

_NO_MARK = bytes(byte for byte in range(256) if byte not in b",{[")  # one pass, where counting each takes three
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


def check_status(status: int, headers: Mapping[str, str], allow: AbstractSet[int]) -> None:
    """Pass 200 and what ``allow`` lists; everything else is a fault (RFC 9110 section 15).

    Raises:
        UpstreamFault: REFUSED for 401 and 403; SLOW for 408; DOWN for 429 and 5xx; MALFORMED otherwise, redirects
            among them.
    """
    if status == HTTPStatus.OK or status in allow:
        return
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise UpstreamFault(NoAnswerReason.REFUSED, "it refused the hub's credentials")
    if status == HTTPStatus.REQUEST_TIMEOUT:  # PDS's UNABLE_TO_CALL_SERVICE: the systems behind it took too long
        raise UpstreamFault(NoAnswerReason.SLOW, "its own records did not answer it in time")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise UpstreamFault(NoAnswerReason.DOWN, "it is asked too often just now", retry_after_seconds(headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        detail = f"it reported a fault of its own (HTTP {status})"
        raise UpstreamFault(NoAnswerReason.DOWN, detail, retry_after_seconds(headers))
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise UpstreamFault(NoAnswerReason.MALFORMED, "it answered with a redirect, which the hub does not follow")
    if status < HTTPStatus.BAD_REQUEST:
        raise UpstreamFault(NoAnswerReason.MALFORMED, f"it answered without an answer (HTTP {status})")
    raise UpstreamFault(NoAnswerReason.MALFORMED, f"it did not understand the hub's question (HTTP {status})")


def retry_after_seconds(headers: Mapping[str, str], now: datetime | None = None) -> int | None:
    """``Retry-After`` in seconds, between 1 and ``RETRY_AFTER_MAX_SECONDS``; None when absent or unreadable.

    Source: RFC 9110 section 10.2.3: a number of seconds or an HTTP date, read against ``now`` (UTC).
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = RETRY_AFTER_MAX_SECONDS if len(text) > len(str(RETRY_AFTER_MAX_SECONDS)) else int(text)
    else:
        try:
            until = parsedate_to_datetime(text)
            until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
            seconds = round((until - (now or datetime.now(UTC))).total_seconds())
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 1), RETRY_AFTER_MAX_SECONDS)


def check_content_type(headers: Mapping[str, str], accepted: AbstractSet[str]) -> None:
    """Pass the media types in ``accepted``, in UTF-8 (RFC 8259 section 8.1).

    Raises:
        UpstreamFault: MALFORMED otherwise; typically a proxy's page in HTML, which says nothing about a child.
    """
    message = Message()
    message["Content-Type"] = headers.get("Content-Type", "application/octet-stream")
    if message.get_content_type() not in accepted:
        raise UpstreamFault(NoAnswerReason.MALFORMED, "it answered with something other than JSON")
    if str(message.get_param("charset", "utf-8")).lower() not in ("utf-8", "utf8"):
        raise UpstreamFault(NoAnswerReason.MALFORMED, "its answer is not in UTF-8")


async def read_body(response: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    """The decoded body, of at most ``bytes_max`` bytes.

    Raises:
        UpstreamFault: TOO_LARGE beyond that, found out before more is read or unpacked; MALFORMED for a coding
            other than gzip or one that is damaged.
    """
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip", "x-gzip"):
        raise UpstreamFault(NoAnswerReason.MALFORMED, "its answer is packed in a way the hub did not ask for")
    if (response.content_length or 0) > bytes_max:
        raise _too_large(bytes_max)
    unpack = zlib.decompressobj(_GZIP_WINDOW) if coding != "identity" else None
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk if unpack is None else _unpacked(unpack, chunk, bytes_max + 1 - len(body))
        if len(body) > bytes_max:
            raise _too_large(bytes_max)
    if unpack is not None and (not unpack.eof or unpack.unused_data):
        raise UpstreamFault(NoAnswerReason.MALFORMED, "its answer is packed wrongly")
    return bytes(body)


def check_values(raw: bytes) -> None:
    """Pass JSON of at most :data:`VALUES_MAX` values, by the marks that begin or part them; those in texts count too.

    Raises:
        UpstreamFault: TOO_LARGE beyond that, found out before anything is built of it.
    """
    if len(raw.translate(None, _NO_MARK)) > VALUES_MAX:
        raise UpstreamFault(NoAnswerReason.TOO_LARGE, f"its answer has more than {VALUES_MAX:,} values")


def _unpacked(unpack: zlib._Decompress, chunk: bytes, room: int) -> bytes:
    """What ``chunk`` unpacks to, never more than ``room`` bytes (which the caller then finds too many)."""
    try:
        return unpack.decompress(chunk, room)
    except zlib.error:
        raise UpstreamFault(NoAnswerReason.MALFORMED, "its answer is packed wrongly") from None


def _too_large(bytes_max: int) -> UpstreamFault:
    return UpstreamFault(NoAnswerReason.TOO_LARGE, f"its answer is larger than {bytes_max:,} bytes")
