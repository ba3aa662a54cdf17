"""The policies in force in a running hub: read, checked, compiled and swapped whole; the last good set is kept.

A set that cannot be used never stops the sharing that the set before it allows. It is an alarm instead: one ERROR line
with a stable code and the faults, and a state that ``/health/ready`` shows until a good set loads. At start-up there is
no set to fall back on, so there the same fault stops the start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from hub.errors import ConfigurationError
from hub.policy.bundle import Bundle
from hub.policy.engine import Policy
from hub.policy.load import load_bundle
from hub.service import policy_signature
from hub.service.policy_signature import Signers
from hub.telemetry.lines import Digest, Id, LogLine, say

SETTLE_SECONDS = 1.0
"""How long files must lie still before they are read: somebody may be copying them, one after another."""

_LINES = {line.name: line for line in (LogLine.POLICY_UNSIGNED, LogLine.POLICY_NEEDS_RESTART)}

Seen = tuple[tuple[object, ...], ...]
"""What a look at a directory shows: name, size, times and inode of each file. No file is opened for it."""


class NeedsRestart(ConfigurationError):
    """A set is good, and what a running hub was built from differs in it."""

    default_code = "POLICY_NEEDS_RESTART"


class _Moving(Exception):
    """The files changed while they were read: nothing is known of them yet."""


@dataclass(frozen=True, slots=True)
class State:
    """What set is in force, and since when.

    Attributes:
        digest, loaded_at: of the set in force.
        since: when this state began.
        kept: the code of the fault for which a newer set was not taken; None when the set in force is the newest.
    """

    digest: str
    loaded_at: datetime
    since: datetime
    kept: str | None = None

    def shown(self) -> dict[str, str]:
        """The state as ``/health/ready`` shows it."""
        shown = {
            "digest": self.digest,
            "loaded_at": _moment(self.loaded_at),
            "state": "kept" if self.kept else "current",
            "since": _moment(self.since),
        }
        return {**shown, "code": self.kept} if self.kept else shown


def _utc_now() -> datetime:
    return datetime.now(UTC)


class PolicySet:
    """The policies of one directory. A question takes :attr:`current` once and keeps it to its end.

    Args:
        directory: the policies.
        signers: who must have signed them; None when nobody must.
        settle_seconds: see ``SETTLE_SECONDS``.
        clock: the time (aware, UTC); the law in force is that of its day.

    Raises:
        ConfigurationError: the policies cannot be used: ``POLICY_INVALID`` or ``POLICY_UNSIGNED``.
    """

    def __init__(
        self,
        directory: Path,
        signers: Signers | None = None,
        *,
        settle_seconds: float = SETTLE_SECONDS,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._directory = directory
        self.signers = signers
        self._settle_seconds = settle_seconds
        self._clock = clock
        self._told = asyncio.Event()
        self._lock = asyncio.Lock()
        now = clock()
        self._tried: tuple[Seen, date] | None = (_look(directory), now.date())
        self._policy = self._load(now.date())
        self._built = built_from(self._policy.bundle)
        self._state = State(self._policy.digest, now, now)
        _say_overdue(self._policy.bundle)

    @property
    def current(self) -> Policy:
        """The policies in force now."""
        return self._policy

    @property
    def state(self) -> State:
        """Which they are, and whether a newer set was refused."""
        return self._state

    def tell(self) -> None:
        """Have :meth:`watch` read the policies now, whatever the files look like. To be called in its event loop."""
        self._told.set()

    async def watch(self, every_seconds: float) -> None:
        """Read the policies again whenever the files or the day change, or :meth:`tell` is called; runs for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(every_seconds):
                    await self._told.wait()
            if self._told.is_set():
                self._told.clear()
                await self.reload()
            else:
                await self.look()

    async def look(self) -> None:
        """Reload when the files or the day are not those last tried, once the files lie still."""
        seen = await asyncio.to_thread(_look, self._directory)
        if (seen, self._clock().date()) == self._tried:
            return
        await asyncio.sleep(self._settle_seconds)
        if await asyncio.to_thread(_look, self._directory) == seen:
            await self.reload()

    async def reload(self) -> bool:
        """Read the policies and put them in force if they are good; whether what is in force is now the newest.

        Never raises: on any fault the last good set is kept and the alarm raised. Files that change while they are
        read are left for the next look.
        """
        async with self._lock:
            on = self._clock().date()
            try:
                seen, found = await asyncio.to_thread(self._try, on)
            except _Moving:
                self._tried = None  # whatever the next look shows is news
                return False
            self._tried = (seen, on)
            if isinstance(found, ConfigurationError):
                self._keep(found)
                return False
            self._take(found)
            return True

    def _try(self, on: date) -> tuple[Seen, Policy | ConfigurationError]:
        """The directory as it was seen, and the policies in it or why they cannot be used. Runs in a thread."""
        seen = _look(self._directory)
        found: Policy | ConfigurationError
        try:
            found = self._load(on)
            _require_built_from(self._built, found.bundle)
        except ConfigurationError as fault:
            found = fault
        except Exception as fault:  # whatever is wrong with a new set, or with its reader, the old one is still good
            found = ConfigurationError(f"They cannot be read: {type(fault).__name__}.", code="POLICY_INVALID")
        if _look(self._directory) != seen:
            raise _Moving
        return seen, found

    def _load(self, on: date) -> Policy:
        try:
            bundle = load_bundle(self._directory, on)
        except OSError as fault:
            raise ConfigurationError(
                f"The policies in {self._directory} cannot be read ({fault.strerror}).", code="POLICY_INVALID"
            ) from None
        if self.signers is not None:
            policy_signature.verify(self._directory, bundle.digest, self.signers)
        return Policy(bundle)

    def _keep(self, fault: ConfigurationError) -> None:
        now = self._clock()
        since = self._state.since if self._state.kept else now
        self._state = State(self._policy.digest, self._state.loaded_at, since, fault.code)
        say(_LINES.get(fault.code, LogLine.POLICY_INVALID), digest=Digest(self._policy.digest), fault=fault)

    def _take(self, policy: Policy) -> None:
        now, before = self._clock(), self._policy.bundle
        if (policy.digest, policy.bundle.on) != (before.digest, before.on):  # else what was decided is still good
            self._policy = policy
            self._state = State(policy.digest, now, now)
            digests = {"digest": Digest(policy.digest), "before": Digest(before.digest)}
            say(LogLine.POLICIES_IN_FORCE, day=policy.bundle.on, **digests)
            _say_overdue(policy.bundle)
        elif self._state.kept:
            self._state = State(before.digest, self._state.loaded_at, now)
            say(LogLine.POLICIES_BACK, digest=Digest(before.digest))


def built_from(bundle: Bundle) -> Mapping[str, object]:
    """What a hub is built from at its start, by what a person calls it: the GraphQL schema and the connectors.

    Rules, exceptions, scopes, what sort of information a field is, and words for people are not among it: those are
    read for each question.
    """
    kinds = bundle.catalogue.kinds.values()
    fields = [(kind, each) for kind in kinds for each in kind.fields]
    return {
        "kinds of record": [replace(kind, fields=(), labels=frozenset()) for kind in kinds],
        "fields": [(kind.id, replace(each, classification="", needed_for=frozenset())) for kind, each in fields],
        "purposes": [(purpose.id, purpose.title) for purpose in bundle.purposes.values()],
        "words for records": frozenset(bundle.vocabulary.labels),
        "reasons to look further back": list(bundle.vocabulary.look_back_reasons.items()),
    }


def _require_built_from(built: Mapping[str, object], bundle: Bundle) -> None:
    new = built_from(bundle)
    if changed := [name for name, value in built.items() if new[name] != value]:
        raise NeedsRestart(
            f"The policies {bundle.digest} are good, and need a restart: other {', other '.join(changed)} than the hub "
            "was started with."
        )


def _look(directory: Path) -> Seen:
    """See ``Seen``. Times of change are seen too, so that a file put back with its old date is noticed."""
    found: list[tuple[object, ...]] = []
    with suppress(OSError):
        for path in (*sorted(directory.rglob("*.toml")), directory / policy_signature.FILE):
            with suppress(OSError):
                file = path.stat()
                name = path.relative_to(directory).as_posix()
                found.append((name, file.st_size, file.st_mtime_ns, file.st_ctime_ns, file.st_ino))
    return tuple(found)


def _say_overdue(bundle: Bundle) -> None:
    for each in bundle.overdue:
        say(LogLine.POLICY_OVERDUE, policy=Id(each))


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
