"""How a code that nobody gave the hub a word for is shown, whichever system it came from."""

from __future__ import annotations


def unknown_code(code: str) -> str:
    """``28A (code not known)``: never dropped, never guessed, and never read as a word."""
    return f"{code} (code not known)"
