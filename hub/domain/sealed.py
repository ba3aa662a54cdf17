"""The one key to a held record. Only :mod:`hub.policy.release` may import this (contract in ``pyproject.toml``)."""

from __future__ import annotations

from collections.abc import Mapping

from hub.domain.records import HeldRecord, Value


def unseal(record: HeldRecord) -> Mapping[str, Value]:
    """The values of ``record``, read-only. The caller answers for deciding every field before showing it."""
    values: Mapping[str, Value] = record._HeldRecord__values  # type: ignore[attr-defined]  # noqa: SLF001
    return values
