"""What the log says of its own keys: every ``key`` entry, and who signed the checkpoints around it.

This reads what is stored. Whether it is what was signed, ``hub audit verify`` says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from hub.audit.acts import KeyChange
from hub.audit.encoding import decode
from hub.audit.key_chain import KEY_PREFIX, KEYS_MAX, KeyAct
from hub.audit.note import NoteInvalid, VerifierKey, parse_note
from hub.audit.words import EntryInvalid
from hub.errors import ConfigurationError
from hub.store.batch import read_head
from hub.store.engine import reading
from hub.store.tables import log_entry


@dataclass(frozen=True, slots=True)
class Told:
    """One ``key`` entry: its number, when, and the key ids (4 bytes each) that signed the checkpoint that covers it."""

    index: int
    at: datetime
    act: KeyAct
    public: bytes
    signed_by: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class KeyState:
    """One key of the log. ``added`` is None for those its readers were given; ``signs`` the newest checkpoint."""

    key: VerifierKey
    added: Told | None
    retired: Told | None
    signs: bool


def read_told(engine: Engine) -> list[Told]:
    """Every ``key`` entry, in order; ConfigurationError when one cannot be read."""
    columns = (log_entry.c.index, log_entry.c.body)
    starts = func.substr(log_entry.c.body, 1, len(KEY_PREFIX)) == KEY_PREFIX
    query = select(*columns).where(starts).order_by(log_entry.c.index).limit(KEYS_MAX)
    with engine.connect() as connection:
        rows = reading(connection).execute(query).all()
        notes = [
            connection.scalar(
                select(log_entry.c.note)
                .where(log_entry.c.index >= index, log_entry.c.note.is_not(None))
                .order_by(log_entry.c.index)
                .limit(1)
            )
            for index, _ in rows
        ]
    try:
        return [_told(index, bytes(body), note) for (index, body), note in zip(rows, notes, strict=True)]
    except (EntryInvalid, ValueError):
        raise ConfigurationError(
            "An entry that changes the log's keys cannot be read. Run `hub audit verify`: it says which."
        ) from None


def _told(index: int, body: bytes, note: str | None) -> Told:
    entry = decode(body)
    if not isinstance(entry, KeyChange):
        raise EntryInvalid("not a change of keys")
    return Told(index, entry.at, KeyAct(entry.act), bytes.fromhex(entry.key), signers_of(note))


def read_signers(engine: Engine) -> frozenset[bytes]:
    """The ids of the keys that signed the newest checkpoint."""
    with engine.connect() as connection:
        return signers_of(read_head(reading(connection)).note)


def read_signers_since(engine: Engine, index: int, most: int) -> list[frozenset[bytes]]:
    """Who signed each of the newest checkpoints after entry ``index``, at most ``most``, the newest first."""
    query = (
        select(log_entry.c.note)
        .where(log_entry.c.index > index, log_entry.c.note.is_not(None))
        .order_by(log_entry.c.index.desc())
        .limit(most)
    )
    with engine.connect() as connection:
        return [signers_of(note) for note in reading(connection).scalars(query)]


def signers_of(note: str | None) -> frozenset[bytes]:
    """The key ids in a note, unchecked; none where it is no note."""
    try:
        return frozenset(each.key_id for each in parse_note((note or "").encode()).signatures)
    except (NoteInvalid, UnicodeEncodeError):
        return frozenset()


def states(given: Iterable[VerifierKey], told: Iterable[Told], signers: frozenset[bytes]) -> list[KeyState]:
    """The log's keys, the oldest first: those given that no entry adds, then those added."""
    every = list(told)
    keys = list(dict.fromkeys(given))
    if not keys:
        return []
    added = {each.public: each for each in every if each.act is KeyAct.ADDED}
    retired = {each.public: each for each in every if each.act is KeyAct.RETIRED}
    first = [key.public for key in keys if key.public not in added]
    return [
        KeyState(key, added.get(public), retired.get(public), key.key_id in signers)
        for public in (*first, *added)
        for key in (VerifierKey(keys[0].name, public),)
    ]
