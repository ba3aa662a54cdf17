"""Forms sent to the development server, read strictly: each field once, so many bytes and fields and no more."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

FORM_BYTES_MAX = 16_384
FORM_FIELDS_MAX = 20


class FormError(Exception):
    """The form cannot be acted on; the message is for the developer who sent it."""


async def read_form(request: Request) -> dict[str, str]:
    """The body as a form, each field once (RFC 6749 s.3.2).

    Raises:
        FormError: it is something else, or too much.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise FormError("Send application/x-www-form-urlencoded.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise FormError(f"The form is over {FORM_BYTES_MAX} bytes.")
    return _fields(bytes(body))


def read_query(request: Request) -> dict[str, str]:
    """The query of the address, each parameter once (RFC 6749 s.3.1). Raises as :func:`read_form`."""
    query: bytes = request.scope["query_string"]
    if len(query) > FORM_BYTES_MAX:
        raise FormError(f"The address is over {FORM_BYTES_MAX} bytes.")
    return _fields(query)


def _fields(text: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(text.decode("utf-8"), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="strict")
    except ValueError:
        raise FormError(f"The form is not UTF-8, or has more than {FORM_FIELDS_MAX} fields.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise FormError("A field is given twice.")
    return fields
