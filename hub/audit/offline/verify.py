#!/usr/bin/env python3
"""Checks an export of a safeguarding hub's log. One file: Python 3.11 or later and `pip install cryptography`; no hub.

    python3 verify.py EXPORT --key log.pub [--policy policy.txt --age-max 86400] [--known older-checkpoint ...]

Take the key, and this file, from somebody you trust and not from the export. It recomputes everything from the entries:
each entry's form and hash, all tiles, the root that the log signed; the signatures of the log (through its changes of
keys) and of the witnesses; that every question has exactly one end; that what is missing was erased or pruned as a
later entry says. It names the first fault. It ends with 0 only if everything was checked; 1: not; 2: not started.
The formats are in docs/log-format.md of the hub. There are six parts below, and ten minutes are enough to read them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import itertools
import json
import os
import re
import sys
import time
from array import array
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TILE, CHUNK = 256, 4096  # entries in a full tile; entries checked as one piece of work
OPEN_FOR_MAX, SKEW_MAX = 600, 300  # seconds: a question may be so long without an end; a witness's clock so far ahead
FORMAT = "safeguarding-hub/log-export@v1"
sha256 = hashlib.sha256


class Fault(Exception):
    """The first thing that is wrong."""


# ------------------------------------------------------------------ 1. What an entry may look like, byte for byte
def _listed(item: str, more: str = "*") -> str:
    return rf"\[(?:{item}(?:,{item}){more}+)?\]"


_LIMIT = str(2**53 - 1)
_BELOW = "|".join(f"{_LIMIT[:n]}[{int(not n)}-{int(d) - 1}]\\d{{{15 - n}}}" for n, d in enumerate(_LIMIT) if d > "0")
_DATE = (
    r"(?!0000)(?:\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)|"
    r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
_CODE, _COUNT = '"[A-Za-z0-9*][A-Za-z0-9_.:/*-]{0,79}+"', rf"(?:0|[1-9]\d{{0,14}}+(?!\d)|{_BELOW}|{_LIMIT})"
_MOMENT, _REF, _DIGEST = rf'"{_DATE}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{{3}}Z"', '"[0-9a-f]{32}"', '"[0-9a-f]{64}"'
_CODES, _OR_CODE, _OR_COUNT = _listed(_CODE), f"(?:null|{_CODE})", f"(?:null|{_COUNT})"
_GROUP = (
    rf'\["(?:shared|shared_with_handling|withheld|ask|gap|out_of_scope)",{_CODES},{_CODES},(?:true|false),{_OR_COUNT}\]'
)
_STATE = '"(?:answered|not_held|possible_match|no_answer|not_asked)"'
_COMPARED = _listed(rf"\[{_CODE},{_CODE}\]")
TYPES = {
    "moment": _MOMENT,
    "code": _CODE,
    "reference": _REF,
    "digest": _DIGEST,
    "count": _COUNT,
    "question": f"(?P<question>{_COUNT})",
    "side": '"(?P<side>[0-9a-f]{64})"',
    "decision": rf"\[{_REF},{_MOMENT}\]",
    "asked": _listed(rf"\[{_CODE},{_CODES}\]"),
    "outcome": '"(?:joined_view|possible_matches|no_match)"',
    "sources": _listed(rf"\[{_CODE},{_STATE},{_OR_CODE},{_OR_COUNT},{_OR_COUNT}\]"),
    "matches": _listed(rf'\[{_CODE},"(?:same|review|different|unknown)",{_COUNT},{_COMPARED}\]'),
    "records": _listed(rf"\[{_CODE},{_CODE},{_COUNT},{_listed(_GROUP)}\]"),
    "references": _listed(_REF, "{0,999}"),
    "counts": _listed(_COUNT, "{0,999}"),
}
_BY = "client:code organisation:code worker:reference? role:code "
KINDS = {  # key:type in order; ? is "may be null"
    "question": _BY + "token:code purpose:code gateway:code? decision:decision? case:reference subject:reference "
    "policy:digest document:digest asked:asked trace:reference",
    "answer": "question:question outcome:outcome sources:sources matches:matches records:records",
    "records": "question:question records:records",
    "refused": "code:code status:count client:code? organisation:code? worker:reference? purpose:code? "
    "trace:reference?",
    "abandoned": "question:question reason:code",
    "review": _BY + "entry:count act:code outcome:code? side:side?",
    "reveal": _BY + "reference:reference entry:count? reason:code side:side?",
    "sample": _BY + "preset:code seed:digest population:count drawn:count",
    "export": _BY + "entries:count size:count manifest:digest reason:code",
    "report": _BY + "subject:reference size:count reason:code",
    "consultation": _BY + "seen:code entry:count? wanted:digest?",
    "judgement": _BY + "act:code judgement:reference word:code custodian:code? subject:reference until:moment?",
    "match": _BY + "act:code confirmation:reference custodian:code subject:reference until:moment?",
    "release_request": _BY + "act:code request:reference answer:count line:count ground:code? side:side?",
    "register": _BY + "act:code register:digest",
    "hold": _BY + "act:code subject:reference reason:code side:side?",
    "erasure": _BY + "reason:code references:references sides:counts",
    "year": _BY + "year:count size:count root:digest",
    "prune": _BY + "before:count kept:count archive:digest reason:code",
    "key": _BY + "act:code key:digest",
}
_MORE = {  # what only some have, after the rest
    "question": rf'(?:,"look_back":\[{_OR_COUNT},{_CODE}\])?(?:,"side":{TYPES["side"]})?',
    "answer": rf'(?:,"parts":(?P<parts>(?!0){_COUNT}))?',
}


def _form(kind: str) -> re.Pattern[bytes]:
    pairs = (each.split(":") for each in f"at:moment nonce:reference {KINDS[kind]}".split())
    types = ((name, f"(?:null|{TYPES[of[:-1]]})" if of[-1] == "?" else TYPES[of]) for name, of in pairs)
    keys = "".join(f',"{name}":{form}' for name, form in types)
    return re.compile(rf'\{{"v":1,"kind":"{kind}"{keys}{_MORE.get(kind, "")}\}}'.encode())


OTHER, QUESTION, END, RECORDS, BARE = range(5)
ROLES = {"question": QUESTION, "answer": END, "abandoned": END, "records": RECORDS}
FORMS = {f'{kind}"'.encode()[:4]: (_form(kind), ROLES.get(kind, OTHER)) for kind in KINDS}  # four letters tell a kind


# ------------------------------------------------------------------------- 2. Signed notes, keys and the witnesses
class Key(NamedTuple):
    """A public key as `name+id+base64`. kind 1: a log's; kind 4: a witness's, whose signature begins with a time."""

    name: str
    number: bytes
    kind: int
    public: bytes


class Note(NamedTuple):
    """A signed checkpoint, taken apart: its text, what it says, its signatures by (name, key id)."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes, bytes]]


def unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise Fault("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Fault("not canonical base64")
    return data


def decimal(text: str) -> int:
    if not re.fullmatch("0|[1-9][0-9]{0,18}", text) or int(text) >= 2**63:
        raise Fault("a number is decimal, without leading zeros, below 2^63")
    return int(text)


def key_of(name: str, kind: int, public: bytes) -> Key:
    return Key(name, sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4], kind, public)


def read_key(line: str, kind: int) -> Key:
    name, number, data = (*line.split("+", 2), "", "")[:3]
    raw = unbase64(data)
    key = key_of(name, kind, raw[1:])
    if not _named(name) or raw[:1] != bytes([kind]) or len(raw) != 33 or key.number.hex() != number:
        raise Fault("a key is a name, 8 hex digits and base64, joined by +; this one was not copied whole")
    return key


def _named(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() or not c.isprintable() for c in name)


def parse_note(raw: bytes) -> Note:
    try:
        whole = raw.decode()
    except UnicodeDecodeError:
        raise Fault("a note is UTF-8") from None
    body, blank, lines = whole.rpartition("\n\n")
    if len(raw) > 65_536 or any(c < " " and c != "\n" for c in whole) or not blank or not body or lines[-1:] != "\n":
        raise Fault("a note has a text, a blank line and signatures, no control characters, and a newline at its end")
    signatures = []
    for line in lines[:-1].split("\n"):
        dash, name, encoded = (*line.split(" ", 2), "", "")[:3]
        data = unbase64(encoded)
        if dash != "\u2014" or not _named(name) or len(data) <= 4:
            raise Fault("a signature line is an em dash, a name and base64, with a space between")
        signatures.append((name, data[:4], data[4:]))
    said = body.split("\n")
    if len(said) < 3 or "" in said or len(signatures) > 64:
        raise Fault("a checkpoint has an origin, a size and a root, each on its line")
    size, root = decimal(said[1]), unbase64(said[2])
    if len(root) != 32 or (size == 0 and root != sha256(b"").digest()):
        raise Fault("a checkpoint's root is 32 bytes, and of no entries the empty tree's")
    return Note(body + "\n", said[0], size, root, signatures)


def signed(note: Note, key: Key) -> int | None:
    """When a witness signed (1: the log did); None: it did not. A signature in its name that is not its is a fault."""
    found = [value for name, number, value in note.signatures if (name, number) == (key.name, key.number)]
    if not found:
        return None
    at, value, message = 1, found[0], note.text.encode()
    if key.kind == 4:
        at, value = int.from_bytes(value[:8], "big"), value[8:]
        message = f"cosignature/v1\ntime {at}\n".encode() + message
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(value, message)
    except InvalidSignature:
        raise Fault("a signature in the name of a known key is not that key's") from None
    if len(found) > 1:
        raise Fault("two signatures by one key")
    return at or None


class Policy(NamedTuple):
    """A C2SP tlog-policy file: whose log, which witnesses by name, which groups of them are enough."""

    logs: list[Key]
    witnesses: dict[str, Key]
    groups: list[tuple[str, int, list[str]]]
    quorum: str

    def met(self, names: set[str]) -> bool:
        met = {"none", *names}
        for name, needed, members in self.groups:
            if len(met.intersection(members)) >= needed:
                met.add(name)
        return self.quorum in met


def read_policy(text: str) -> Policy:
    policy, quorums, used, publics = Policy([], {}, [], ""), [], Counter[str](), Counter[bytes]()
    for line in text.split("\n"):
        word, *rest = re.split("[ \t]+", line.strip(" \t"))
        names = {*policy.witnesses, *(name for name, _, _ in policy.groups)}
        if word == "log" and rest:
            policy.logs.append(read_key(rest[0], 1))
            publics[policy.logs[-1].public] += 1
        elif word == "witness" and len(rest) >= 2 and rest[0] not in names | {"none"}:
            policy.witnesses[rest[0]] = read_key(rest[1], 4)
            publics[policy.witnesses[rest[0]].public] += 1
        elif word == "group" and len(rest) >= 3 and rest[0] not in names | {"none"} and names.issuperset(rest[2:]):
            needed = {"any": 1, "all": len(rest) - 2}.get(rest[1]) or decimal(rest[1])
            policy.groups.append((rest[0], needed, rest[2:]))
            used.update(rest[2:])
            if not 1 <= needed <= len(rest) - 2:
                raise Fault(f"policy: {line!a}: the number cannot be met")
        elif word == "quorum" and len(rest) == 1 and rest[0] in names | {"none"}:
            quorums.append(rest[0])
        elif word and not word.startswith("#"):
            raise Fault(f"policy: {line!a} is not understood")
    if len(quorums) != 1 or any(each > 1 for each in (*used.values(), *publics.values())):
        raise Fault("policy: there must be one quorum line, and nobody twice")
    return policy._replace(quorum=quorums[0])


class Chain:
    """Which keys are the log's at one place: those given, and those its `key` entries add under a trusted signature."""

    def __init__(self, given: list[Key]) -> None:
        self.trusted, self.retired, self.changes = given, list[Key](), list[tuple[str, Key]]()

    def change(self, act: str, public: bytes) -> None:
        key = key_of(self.trusted[0].name, 1, public)
        gone = [*self.retired, *(each for said, each in self.changes if said == "retired")]
        held = {*self.trusted, *(each for said, each in self.changes if said == "added")}.difference(gone)
        if act not in ("added", "retired") or (key in gone if act == "added" else key not in held or len(held) == 1):
            raise Fault(f"a change of keys that cannot be: key {key.number.hex()}")
        self.changes.append((act, key))

    def open(self, note: Note, *, kept: bool = True) -> None:
        """Take a checkpoint of what was read so far: by a key trusted before, and not retired unless it is older."""
        gone = [key for act, key in self.changes if act == "retired"]
        if note.origin not in {key.name for key in self.trusted}:
            raise Fault("the checkpoint is another log's")
        able = [key for key in self.trusted if key not in gone] if kept else self.trusted + self.retired
        if not [key for key in able if signed(note, key)]:  # each of them: none may be forged
            by = ", ".join(number.hex() for name, number, _ in note.signatures if name == note.origin)
            raise Fault(f"no key that is trusted here signed the checkpoint of {note.size} entries, but: {by}")
        if not kept:
            return
        self.trusted += [key for act, key in self.changes if act == "added" and key not in self.trusted]
        self.trusted = [key for key in self.trusted if key not in gone]
        self.retired, self.changes = self.retired + gone, []


# ------------------------------------------------------------------------------ 3. The tree, and the export's files
def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def perfect(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [sha256(b"\1" + left + right).digest() for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def parts(hashes: list[bytes]) -> list[bytes]:
    """The perfect subtrees that neighbouring hashes make, the largest first."""
    bits = [1 << bit for bit in reversed(range(len(hashes).bit_length())) if len(hashes) >> bit & 1]
    return [perfect(hashes[at - bit : at]) for bit, at in zip(bits, itertools.accumulate(bits), strict=True)]


def fold(nodes: list[bytes]) -> bytes:
    root = nodes[-1] if nodes else sha256(b"").digest()
    for left in reversed(nodes[:-1]):
        root = node(left, root)
    return root


def tile_path(level: int | str, index: int, width: int = TILE) -> str:
    digits = str(index).rjust(-(-len(str(index)) // 3) * 3, "0")
    groups = re.findall("...", digits)
    return f"tile/{level}/{''.join(f'x{each}/' for each in groups[:-1])}{groups[-1]}" + f".p/{width}" * (width < TILE)


def read(path: Path, most: int = 1 << 28) -> bytes:
    if not path.is_file() or path.stat().st_size > most:  # a pipe would never end
        raise Fault(f"{path}: missing, or not a file of at most {most} bytes")
    return path.read_bytes()


# ------------------------------------------------- 4. A chunk of entries, each by itself: what one process checks
NO_RUN = (0, 0)
ACTS = (b"eras", b"prun", b'key"')


class Chunk(NamedTuple):
    """What is left to check once a chunk's entries are right in themselves."""

    facts: array[int]  # by entry: role + 8 if it has a side row + 16 * the question it speaks of
    parts: dict[int, int]  # answers told in parts, and in how many
    acts: list[tuple[int, dict[str, Any]]]  # erasures, prunings and changes of keys
    newest: str
    tiles: list[bytes]  # the root of each full tile
    nodes: dict[int, list[bytes]]  # by size that somebody signed: the subtrees from the chunk's start to there


def check_chunk(directory: Path, first: int, last: int, sizes: list[int], within: range) -> Chunk:
    """Entries `first` to `last`: each one's form, and its hash against the tile."""
    chunk, body = Chunk(array("q"), {}, [], "", [], {}), b""
    for at in range(first, last, TILE):
        width, place = min(TILE, last - at), 0
        tile = read(directory / tile_path(0, at // TILE, width))
        bundle = read(directory / tile_path("entries", at // TILE, width)) if at in within else bytes(2 * width)
        if len(tile) != 32 * width:
            raise Fault(f"{tile_path(0, at // TILE, width)}: not {width} hashes")
        leaves = [tile[each : each + 32] for each in range(0, 32 * width, 32)]
        for index, leaf in enumerate(leaves, at):
            start = place + 2
            place = start + int.from_bytes(bundle[place:start], "big")
            if start == place <= len(bundle):
                chunk.facts.append(BARE)
                continue
            body = bundle[start:place]
            if sha256(b"\0" + body).digest() != leaf:
                raise Fault(f"entry {index}: its bytes are not those that were logged, or its bundle is cut short")
            form, role = FORMS.get(body[15:19], (None, OTHER))
            match = form.fullmatch(body) if form else None
            if match is None:
                raise Fault(f"entry {index}: not an entry of this format")
            said = match[1] if match.lastindex else b""  # of which question, or the commitment to its side row
            if role in (END, RECORDS):
                chunk.facts.append(role + 16 * int(said))
                if match.lastindex == 2:
                    chunk.parts[index] = int(match[2])
            else:
                chunk.facts.append(role + 8 * bool(said))
                if body[15:19] in ACTS:
                    chunk.acts.append((index, json.loads(body)))
        if place != len(bundle):
            raise Fault(f"{tile_path('entries', at // TILE, width)}: more or fewer than {width} entries")
        chunk.nodes.update(
            {size: parts(chunk.tiles) + parts(leaves[: size - at]) for size in sizes if at < size <= at + width}
        )
        if width == TILE:
            chunk.tiles.append(perfect(leaves))
    return chunk._replace(newest=json.loads(body)["at"] if body else "")


# ------------------------------------------------------------------------------ 5. The chunks, held against each other
class Marks(bytearray):
    """Numbers of entries, a bit each."""

    def mark(self, index: int) -> None:
        self.extend(bytes(max(0, index // 8 + 1 - len(self))))
        self[index >> 3] |= 1 << (index & 7)

    def has(self, index: int) -> bool:
        return 0 <= index >> 3 < len(self) and bool(self[index >> 3] >> (index & 7) & 1)

    def first(self, start: int, but: Marks) -> int | None:
        """The first from `start` on that `but` does not have."""
        places = (at for at in range(start >> 3, len(self)) if self[at])
        found = (each for at in places for each in range(8 * at, 8 * at + 8))
        return next((each for each in found if each >= start and self.has(each) and not but.has(each)), None)


class Walk:
    """The state between two chunks."""

    def __init__(self, directory: Path, chain: Chain, notes: list[tuple[Note, bool]], sides: Iterator[int]) -> None:
        self.directory, self.chain, self.notes, self.vouched = directory, chain, notes, 0
        self.sides, self.side = sides, next(sides, -1)  # the entries that still have text beside them, in order
        self.levels: list[list[bytes]] = []  # by level from 1: the hashes of the tile that is not full yet
        self.open, self.bare, self.missing, self.erased = set[int](), Marks(), Marks(), Marks()
        self.run, self.before, self.newest, self.tiles = NO_RUN, 0, "", 0
        self.ended, self.last_bare = Marks(), -1  # of entries without bytes: those that have an end; the last one

    def take(self, first: int, last: int, chunk: Chunk) -> None:
        self.check_tree(first, last, chunk)
        self.check_entries(first, chunk)
        for index, act in chunk.acts:
            if act["kind"] == "prune":
                self.before = max(self.before, act["before"])
                if act["before"] > index:
                    raise Fault(f"entry {index}: prunes entries that come after it")
            for each in act.get("sides", ()):
                if each >= index or not (self.missing.has(each) or self.bare.has(each)):
                    raise Fault(f"entry {index}: erases text beside entry {each}, which has none or still has it")
                self.erased.mark(each)
        self.newest = chunk.newest or self.newest

    def check_tree(self, first: int, last: int, chunk: Chunk) -> None:
        """Hold every signed checkpoint, and each tile above the entries' own, against what the entries come to."""
        changes = deque((index, act) for index, act in chunk.acts if act["kind"] == "key")
        here = [(note, kept) for note, kept in self.notes if first < note.size <= last]
        for note, kept in [*sorted(here, key=lambda each: each[0].size), (None, True)]:
            size = note.size if note else last
            while changes and changes[0][0] < size:
                act = changes.popleft()[1]
                self.chain.change(act["act"], bytes.fromhex(act["key"]))
            if note is None:
                break
            above = [each for held in reversed(self.levels) for each in parts(held)]
            if fold(above + chunk.nodes[size]) != note.root:
                raise Fault(f"between entries {self.vouched} and {size - 1}: not what was signed")
            self.chain.open(note, kept=kept)
            self.vouched = size
        for root in chunk.tiles:
            self.grow(root)

    def grow(self, carried: bytes) -> None:
        self.tiles += 1
        for level in itertools.count():
            if level == len(self.levels):
                self.levels.append([])
            held = self.levels[level]
            held.append(carried)
            if len(held) < TILE:
                return
            self.check_tile(level, self.tiles // TILE ** (level + 1) - 1)
            carried = perfect(held)
            held.clear()

    def check_tile(self, level: int, index: int) -> None:
        path = tile_path(level + 1, index, len(self.levels[level]))
        if read(self.directory / path) != b"".join(self.levels[level]):
            raise Fault(f"{path}: not the hashes that the entries come to")

    def check_entries(self, first: int, chunk: Chunk) -> None:
        """Hold that every question has exactly one end, that parts stand before their answer, and what is beside."""
        for index, fact in enumerate(chunk.facts, first):
            role, question = fact & 7, fact >> 4
            if index == self.side:
                self.side = next(self.sides, -1)
                if not fact & 8 and role != BARE:
                    raise Fault(f"entry {index}: there is text beside it that it does not speak of")
            elif fact & 8:
                self.missing.mark(index)
            if role == QUESTION:
                self.open.add(index)
            elif role in (END, RECORDS):
                if question not in self.open and (self.ended.has(question) or not self.bare.has(question)):
                    raise Fault(f"entry {index}: of entry {question}, which is not a question still open")
                if role == END and question in self.open:
                    self.open.remove(question)
                elif role == END:
                    self.ended.mark(question)
                elif self.run[0] and self.run[1] != question:
                    raise Fault(f"entry {index}: records of two questions in one answer")
                else:
                    self.run = (self.run[0] + 1, question)
                    continue
            elif role == BARE:
                self.bare.mark(index)
                self.last_bare = index
            claim = (chunk.parts[index], question) if index in chunk.parts else NO_RUN
            more = claim[0] > self.run[0] and (not self.run[0] or self.run[1] == claim[1])  # than are here still
            if self.run != claim and role != BARE and not (more and self.bare.has(index - 1 - self.run[0])):
                raise Fault(f"entry {index}: parts of an answer are missing, or belong to another")
            self.run = NO_RUN

    def finish(self, size: int, until: float, within: range) -> None:
        """What can only be said at the end. `until`: the moment of the export, in seconds."""
        for level, held in enumerate(self.levels):
            if held:
                self.check_tile(level, self.tiles // TILE ** (level + 1))
        if self.run != NO_RUN and size == within.stop:
            raise Fault(f"entry {size - 1}: parts of an answer that is not there")
        for question in sorted(self.open):
            asked = entry_at(self.directory, question, size)["at"]
            if question > self.last_bare and abs(until - seconds(asked)) > OPEN_FOR_MAX:
                raise Fault(f"entry {question}: a question that has had no end for over {OPEN_FOR_MAX // 60} minutes")
        if self.side >= 0:
            raise Fault(f"entry {self.side}: said to have text beside it, but there is no such entry")
        if (index := self.missing.first(0, self.erased)) is not None:
            raise Fault(f"entry {index}: the text beside it is gone, and no later entry says that it was erased")
        if (index := self.bare.first(max(self.before, within.start), Marks())) is not None and index < within.stop:
            raise Fault(f"entry {index}: its bytes are gone, and no later entry says that it was pruned")


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def entry_at(directory: Path, index: int, size: int) -> Any:
    first = index - index % TILE
    data = read(directory / tile_path("entries", index // TILE, min(TILE, size - first)))
    place = 0
    for _ in range(first, index):
        place += 2 + int.from_bytes(data[place : place + 2], "big")
    return json.loads(data[place + 2 : place + 2 + int.from_bytes(data[place : place + 2], "big")] or "{}")


# ---------------------------------------------------------------------------------------- 6. The export as a whole
def read_numbers(path: Path) -> Iterator[int]:
    """The entries with a side row, ascending."""
    before = -1
    *lines, rest = read(path).decode("ascii").split("\n")
    if rest:
        raise Fault(f"{path.name}: a newline at its end is missing")
    for index in map(decimal, lines):
        if index <= before:
            raise Fault(f"{path.name}: not in ascending order")
        yield (before := index)


SIDE_ROW = re.compile(r'\{"index": (0|[1-9][0-9]{0,15}), "salt": "([0-9a-f]{64})", "body": "([A-Za-z0-9+/=]*)"\}\n')


def check_sides(directory: Path, size: int, within: range) -> None:
    """The text beside entries, where the export has it, against the commitments in the entries."""
    if (directory / "sides.jsonl").exists():
        there = read_numbers(directory / "sides.txt")
        with (directory / "sides.jsonl").open(encoding="ascii", newline="\n") as lines:
            for line in lines:
                if not (row := SIDE_ROW.fullmatch(line)):
                    raise Fault("sides.jsonl: a line that is not of its form")
                if (index := int(row[1])) not in there:  # both are ascending
                    raise Fault(f"sides.jsonl: text beside entry {index}, which sides.txt does not name")
                single = directory / f"proofs/{index}.entry"
                said = entry_at(directory, index, size) if index in within else None
                if said is None and single.exists():
                    said = json.loads(read(single))
                text = b"\2" + bytes.fromhex(row[2]) + unbase64(row[3])
                if said and sha256(text).hexdigest() != said.get("side"):
                    raise Fault(f"entry {index}: the text beside it is not what was written then")


def check_proof(path: Path) -> Note:
    """A C2SP tlog-proof: that one entry is in the tree of a checkpoint, which is still to be held against the log."""
    head, _, checkpoint = read(path, 1 << 17).decode().partition("\n\n")
    header, *lines = head.split("\n")
    extra = unbase64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else b""
    leaf = path.with_suffix(".entry")
    said = sha256(b"\0" + read(leaf)).digest() if leaf.exists() else extra
    if header != "c2sp.org/tlog-proof@v1" or not lines or lines[0][:6] != "index " or len(lines) > 64 or said != extra:
        raise Fault(f"{path.name}: not a proof, or not of the entry beside it")
    index, hashes, note = decimal(lines[0][6:]), [unbase64(line) for line in lines[1:]], parse_note(checkpoint.encode())
    position, last = index, note.size - 1
    for each in hashes:
        if last <= 0 or len(each) != 32:
            raise Fault(f"{path.name}: the proof has too many hashes, or one of another length")
        if position & 1 or position == last:
            said = node(each, said)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            said = node(said, each)
        position, last = position >> 1, last >> 1
    if index >= note.size or last or said != note.root or path.name != f"{index}.tlog-proof":
        raise Fault(f"{path.name}: the entry is not in the tree with this root")
    return note


def read_kept(path: Path) -> Note:
    note = parse_note(read(path))
    if path.name != str(note.size):
        raise Fault(f"checkpoints/{path.name}: of another size")
    return note


def digest(path: Path) -> str:
    return sha256(read(path)).hexdigest()


def check_files(directory: Path, manifest: Any, head: Note, pool: Executor) -> None:
    """That the manifest is this export's: all its files are there and no others, each with the digest it has there."""
    if (manifest["format"], manifest["origin"], manifest["size"]) != (FORMAT, head.origin, head.size):
        raise Fault("manifest.json: of another format, log or size")
    there = {str(each.relative_to(directory)) for each in directory.rglob("*") if not each.is_dir()}
    if strange := sorted(there ^ {*manifest["files"], "manifest.json"}):
        raise Fault(f"{strange[0]}: missing, or not part of the export")
    paths = (directory / name for name in manifest["files"])
    for (name, said), found in zip(manifest["files"].items(), pool.map(digest, paths, chunksize=64), strict=True):
        if found != said:
            raise Fault(f"{name}: not the file that was exported")


def verify(options: argparse.Namespace, now: float) -> str:
    """Check it all; what was checked, in words."""
    directory: Path = options.export
    policy = read_policy(options.policy.read_text()) if options.policy else Policy([], {}, [], "none")
    keys = [read_key(line, 1) for path in options.key for line in path.read_text().split()] + policy.logs
    chain, head = Chain(keys), parse_note(read(directory / "checkpoint"))
    for key in keys:
        signed(head, key)  # a forged one is told at once
    times = {name: at for name, key in policy.witnesses.items() if (at := signed(head, key))}
    recent = {name for name, at in times.items() if now - options.age_max <= at <= now + SKEW_MAX}
    if not policy.met(recent):
        raise Fault(f"checkpoint: {len(times)} witnesses cosigned it, {len(recent)} of them recently: no quorum")
    notes = [(parse_note(read(each)), False) for each in options.known]
    notes += [(check_proof(each), False) for each in sorted(directory.glob("proofs/*.tlog-proof"))]
    notes += [(read_kept(each), True) for each in sorted(directory.glob("checkpoints/*"))] + [(head, True)]
    for note, kept in notes:
        if note.size > head.size:
            raise Fault(f"a checkpoint of {note.size} entries is known, the export has {head.size}: it was rolled back")
        if note.size == 0:
            chain.open(note, kept=kept)
    manifest = json.loads(read(directory / "manifest.json"))
    within = range(*manifest["entries"])
    walk = Walk(directory, chain, notes, read_numbers(directory / "sides.txt"))
    with ProcessPoolExecutor(options.jobs) as pool:
        for first, last, chunk in chunks(pool, directory, head.size, [note.size for note, _ in notes], within):
            walk.take(first, last, chunk)
            show(last, head.size)
        check_files(directory, manifest, head, pool)
    made = max([seconds(manifest["made"]), seconds(walk.newest or manifest["made"]), *times.values()])
    walk.finish(head.size, made, within)
    check_sides(directory, head.size, within)
    if within != range(head.size) and not options.partial:
        raise Fault("the bytes of some entries are not in this export; --partial checks the others, and these by hash")
    return f"The export checks out: {head.size} entries, {len(walk.open)} questions still open, {len(times)} witnesses."


def chunks(
    pool: Executor, directory: Path, size: int, sizes: list[int], within: range
) -> Iterator[tuple[int, int, Chunk]]:
    """Each chunk checked, in order; only a few are under way or waiting at one time."""
    under_way: deque[tuple[int, int, Future[Chunk]]] = deque()
    for first in range(0, size, CHUNK):
        last = min(first + CHUNK, size)
        asked = [each for each in sizes if first < each <= last]
        under_way.append((first, last, pool.submit(check_chunk, directory, first, last, asked, within)))
        if len(under_way) > 8:
            yield _done(*under_way.popleft())
    yield from (_done(*each) for each in under_way)


def _done(first: int, last: int, done: Future[Chunk]) -> tuple[int, int, Chunk]:
    return first, last, done.result()


def show(done: int, size: int) -> None:
    if sys.stderr.isatty():
        bar = "#" * (40 * done // size)
        sys.stderr.write(f"\r[{bar:40}] {done} of {size} entries" + "\n" * (done == size))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", type=Path, help="the directory")
    parser.add_argument("--key", type=Path, action="append", default=[], metavar="FILE", help="the log's public key")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="which witnesses must have cosigned (tlog-policy)")
    parser.add_argument("--age-max", type=int, default=86_400, metavar="SECONDS", help="since when (default: a day)")
    parser.add_argument("--known", type=Path, action="append", default=[], metavar="FILE", help="a checkpoint you kept")
    parser.add_argument("--partial", action="store_true", help="accept that some entries are there by hash only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="how many processes")
    options = parser.parse_args()
    if not options.key and not options.policy:
        parser.error("say whose log it must be: --key FILE, which did not come with the export")
    try:
        print(verify(options, time.time()))
    except Fault as fault:
        print(f"THE EXPORT DOES NOT CHECK OUT: {fault}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError, BrokenProcessPool) as fault:
        print(f"THE EXPORT COULD NOT BE CHECKED: {type(fault).__name__}: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
