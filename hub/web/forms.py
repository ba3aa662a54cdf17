"""What somebody typed, read field by field, and what is wrong with it: in words that say how to put it right.

A form that is not in order is shown again with everything in it (GOV.UK Design System, "Error summary"). Nothing here
raises for what a person may type; what no browser sends of itself is a :class:`~hub.errors.BadRequest`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from starlette.requests import Request

from hub.errors import BadRequest, TooLarge

BODY_BYTES_MAX = 65_536
FIELDS_MAX = 300
UK = ZoneInfo("Europe/London")
_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field; ``field`` is the id that the error summary links to."""

    field: str
    message: str


@dataclass(slots=True)
class Form:
    """What was typed. ``sent`` is each field with its values in order; reading a field notes what is wrong with it."""

    sent: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong, with what was read so far."""
        return not self.problems

    @property
    def values(self) -> Mapping[str, str]:
        """Each field's last value, as it was typed, to show it again."""
        return {name: values[-1] for name, values in self.sent.items()}

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field of checkboxes, as sent."""
        return tuple(self.sent.get(name, ()))

    def value(self, name: str) -> str:
        """A field as it was typed."""
        return self.sent.get(name, ("",))[-1]

    def wrong(self, name: str, message: str) -> None:
        """Say that a field is wrong: the first word on it stands."""
        if all(problem.field != name for problem in self.problems):
            self.problems.append(Problem(name, message))

    def error(self, name: str) -> dict[str, str] | None:
        """What is wrong with a field, as a GOV.UK macro's ``errorMessage``."""
        found = next((problem.message for problem in self.problems if problem.field == name), None)
        return None if found is None else {"text": found}

    def text(self, name: str, *, missing: str | None = None, most: int = 200, lines: bool = False) -> str:
        """Text without spaces around it. ``missing`` is what to say of none; ``lines``: it may have several lines."""
        text = self.value(name).replace("\r\n", "\n").strip()
        if not text and missing is not None:
            self.wrong(name, missing)
        elif len(text) > most:
            self.wrong(name, f"Write at most {most} characters. You wrote {len(text)}.")
        elif any(not (each.isprintable() or (lines and each in "\n\t")) for each in text):
            self.wrong(name, "Take out the characters that cannot be seen. They may have come with a copied text.")
        return text

    def choice(self, name: str, among: Collection[str], *, missing: str | None) -> str:
        """One of the values that were offered; the empty text when none was chosen and none is needed."""
        chosen = self.value(name)
        if chosen in among:
            return chosen
        if chosen or missing is not None:
            self.wrong(name, missing or "Choose one of the list.")
        return ""

    def many(self, name: str, among: Collection[str], *, missing: str | None = None) -> tuple[str, ...]:
        """The chosen ones of those that were offered."""
        chosen = tuple(dict.fromkeys(each for each in self.all(name) if each in among))
        if not chosen and missing is not None:
            self.wrong(name, missing)
        return chosen

    def number(self, name: str, *, label: str, least: int, most: int, missing: str | None = None) -> int | None:
        """A whole number."""
        text = self.value(name).strip()
        if not text:
            if missing is not None:
                self.wrong(name, missing)
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 16 and least <= int(text) <= most):
            self.wrong(name, f"{label} must be a whole number from {least} to {most}, such as {least}.")
            return None
        return int(text)

    def day(self, name: str, *, label: str, missing: str | None = None) -> date | None:
        """A date from the three boxes ``name-day``, ``name-month`` and ``name-year``."""
        boxes = [self.value(f"{name}-{part}").strip() for part in ("day", "month", "year")]
        if not any(boxes):
            if missing is not None:
                self.wrong(name, missing)
            return None
        for part, box in zip(("day", "month", "year"), boxes, strict=True):
            if not box:
                self.wrong(name, f"{label} must include a {part}.")
                return None
        try:
            if not all(box.isascii() and box.isdecimal() for box in boxes) or len(boxes[2]) != 4:
                raise ValueError
            return date(int(boxes[2]), int(boxes[1]), int(boxes[0]))
        except ValueError:
            self.wrong(name, f"{label} must be a real date, such as 27 3 2014.")
            return None

    def moment(self, name: str, *, label: str, missing: str | None = None) -> datetime | None:
        """A moment (UTC) from a date and ``name-time``, as the clock on the wall in the United Kingdom shows it."""
        day = self.day(name, label=label, missing=missing)
        if day is None:
            return None
        hour, colon, minute = self.value(f"{name}-time").strip().replace(".", ":").partition(":")
        try:
            if not colon or len(minute) != 2 or not (hour + minute).isdecimal():
                raise ValueError
            return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=UK).astimezone(UTC)
        except ValueError:
            self.wrong(name, f"{label} must include a time, such as 16:40.")
            return None


async def read_fields(request: Request) -> dict[str, list[str]]:
    """The fields of a form that was posted.

    Raises:
        BadRequest: ``FORM_INVALID``, it is no form of ours. TooLarge: over :data:`BODY_BYTES_MAX`.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise BadRequest("Send the form from its page.", code="FORM_INVALID")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise TooLarge(f"A form has at most {BODY_BYTES_MAX} bytes. Write less, or write it in several parts.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=FIELDS_MAX,
            errors="strict",
        )  # fmt: skip
    except ValueError:
        raise BadRequest("Send the form from its page.", code="FORM_INVALID") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields
