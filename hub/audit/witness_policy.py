"""Which witnesses must have cosigned: the policy file of C2SP tlog-policy, read strictly.

::

    log testshire.example/log+6a9d8b2f+AS...
    witness council witness.council.example+0f1e2d3c+BC... https://witness.council.example
    witness police witness.police.example+1b2c3d4e+BA... https://witness.police.example
    witness nhs witness.nhs.example+5f6a7b8c+BM... https://witness.nhs.example
    group agencies 2 council police nhs
    quorum agencies

One file has one reading: what could be read two ways is refused, with the number of its line.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from hub.audit.checkpoint import parse_decimal
from hub.audit.cosignature import WitnessKey
from hub.audit.note import NoteInvalid, NoteKey, VerifierKey

POLICY_MAX = 262_144
"""The longest policy file, in bytes."""

LOGS_MAX = WITNESSES_MAX = GROUPS_MAX = 32
"""What the specification asks implementations to support, and the most that is read here."""

NO_QUORUM = "none"
"""The quorum that every checkpoint meets."""

_SPACE = re.compile(r"[ \t]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class WitnessPolicyInvalid(Exception):
    """A policy file does not follow tlog-policy. The message says in which line and how to put it right."""


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A log whose checkpoints are accepted. ``url`` is the file's, unread."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness. ``name`` is the file's own, not the key's; ``url`` is its submission prefix, unread."""

    name: str
    key: WitnessKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Counts as having cosigned when ``needed`` of its ``members`` have, witnesses or groups above it in the file."""

    name: str
    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    """What a policy file says, in the order of its lines."""

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def is_met(self, names: Collection[str]) -> bool:
        """Whether cosignatures by the witnesses of these ``names`` (the file's) are enough; others count nothing."""
        known = {each.name for each in self.witnesses}
        met = {NO_QUORUM, *known.intersection(names)}
        for group in self.groups:
            if len(met.intersection(group.members)) >= group.needed:
                met.add(group.name)
        return self.quorum in met

    @property
    def asks_for_witnesses(self) -> bool:
        """Whether any cosignature is needed at all."""
        return self.quorum != NO_QUORUM


def parse_policy(raw: str | bytes) -> WitnessPolicy:
    """Read a policy file.

    Bytes that are not ASCII mean nothing and are only compared, as the specification says; they need not be UTF-8.

    Raises:
        WitnessPolicyInvalid: anything the specification does not allow, an ML-DSA key, or a file over a limit.
    """
    text = raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else raw
    if len(raw) > POLICY_MAX:
        raise WitnessPolicyInvalid(f"a policy file has at most {POLICY_MAX} bytes")
    if not text.endswith("\n"):
        raise WitnessPolicyInvalid("the last line does not end in a newline: the file may have been cut short")
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        try:
            reader.read(line)
        except (NoteInvalid, WitnessPolicyInvalid) as fault:
            raise WitnessPolicyInvalid(f"line {number}: {fault}") from None
    return reader.policy()


@dataclass(slots=True)
class _Reader:
    """A policy file as far as it has been read."""

    logs: list[PolicyLog] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: str | None = None
    names: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    publics: set[bytes] = field(default_factory=set)

    def read(self, line: str) -> None:
        if (bad := _FORBIDDEN.search(line)) is not None:
            raise WitnessPolicyInvalid(f"the character 0x{ord(bad.group()):02x} is not allowed: save it as plain text")
        words = _SPACE.split(line.strip(" \t"))
        if words == [""] or words[0].startswith("#"):
            return
        readers = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}
        if words[0] not in readers:
            raise WitnessPolicyInvalid("a line begins with log, witness, group or quorum, or with # for a comment")
        readers[words[0]](words[1:])

    def policy(self) -> WitnessPolicy:
        if self.quorum is None:
            raise WitnessPolicyInvalid("there is no quorum line: say whose cosignatures are needed, or `quorum none`")
        return WitnessPolicy(tuple(self.logs), tuple(self.witnesses), tuple(self.groups), self.quorum)

    def _log(self, words: list[str]) -> None:
        if not 1 <= len(words) <= 2:
            raise WitnessPolicyInvalid("a log line is: log KEY [URL]")
        _room(self.logs, LOGS_MAX, "logs")
        key = VerifierKey.parse(words[0])
        self._new_key(key)
        self.logs.append(PolicyLog(key, *words[1:]))

    def _witness(self, words: list[str]) -> None:
        if not 2 <= len(words) <= 3:
            raise WitnessPolicyInvalid("a witness line is: witness NAME KEY [URL]")
        _room(self.witnesses, WITNESSES_MAX, "witnesses")
        key = WitnessKey.parse(words[1])
        self._new_key(key)
        self._new_name(words[0])
        self.witnesses.append(Witness(words[0], key, *words[2:]))

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise WitnessPolicyInvalid("a group line is: group NAME all|any|NUMBER MEMBER...")
        _room(self.groups, GROUPS_MAX, "groups")
        name, needed, *members = words
        for member in members:
            if member not in self.names:
                raise WitnessPolicyInvalid(f"{member!a} is not the name of a witness or group on a line above")
            if member in self.members:
                raise WitnessPolicyInvalid(f"{member!a} is a member already: each counts once")
            self.members.add(member)
        self._new_name(name)
        count = {"any": 1, "all": len(members)}.get(needed)
        self.groups.append(Group(name, _threshold(needed, len(members)) if count is None else count, tuple(members)))

    def _quorum(self, words: list[str]) -> None:
        if len(words) != 1:
            raise WitnessPolicyInvalid("a quorum line is: quorum NAME")
        if self.quorum is not None:
            raise WitnessPolicyInvalid("there is a quorum line already")
        if words[0] != NO_QUORUM and words[0] not in self.names:
            raise WitnessPolicyInvalid(f"{words[0]!a} is not the name of a witness or group on a line above")
        self.quorum = words[0]

    def _new_name(self, name: str) -> None:
        if name == NO_QUORUM:
            raise WitnessPolicyInvalid("the name none is taken: it means that nobody need cosign")
        if name in self.names:
            raise WitnessPolicyInvalid(f"{name!a} is the name of another witness or group already")
        self.names.add(name)

    def _new_key(self, key: NoteKey) -> None:
        """Refuse a key that is there already, whatever its name: one key is one party.

        That a log's key is no witness's either is this hub's rule: a log cannot witness itself.
        """
        if key.public in self.publics:
            raise WitnessPolicyInvalid("this key is in the file already, perhaps under another name")
        self.publics.add(key.public)


def _threshold(text: str, members: int) -> int:
    try:
        needed = parse_decimal(text)
    except NoteInvalid:
        needed = 0
    if not 1 <= needed <= members:
        raise WitnessPolicyInvalid(f"how many must cosign is all, any, or a number from 1 to {members}")
    return needed


def _room(have: Collection[object], most: int, what: str) -> None:
    if len(have) >= most:
        raise WitnessPolicyInvalid(f"at most {most} {what} are read")
