"""A copy of the project's policies to edit under a running set, and keys to sign it with."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hub.audit.note import SignerKey
from hub.policy.load import default_policies_directory, load_bundle
from hub.service.policies import PolicySet
from hub.service.policy_signature import Signers, sign

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
OFFICER, LAWYER, STRANGER = (SignerKey(name, name[:1].encode() * 32) for name in ("ig-officer", "lawyer", "stranger"))
LPP = "impediments/imp-lpp.toml"


def copied(to: Path) -> Path:
    """The policies, copied to ``to``/policies."""
    return Path(shutil.copytree(default_policies_directory(), to / "policies"))


def titled(directory: Path, title: str, file: str = LPP) -> None:
    """A harmless edit that shows in the next answer: the rule in ``file`` is called ``title``."""
    edit(directory / file, r'(?m)^title = ".*"$', f'title = "{title}"')


def broken(directory: Path) -> None:
    """An edit that no loader accepts."""
    edit(directory / LPP, r"\A", "strenght = 1\n")


def edit(file: Path, pattern: str, by: str) -> None:
    text, count = re.subn(pattern, lambda _: by, file.read_text(encoding="utf-8"), count=1)
    assert count == 1, f"nothing to edit in {file.name}"
    file.write_text(text, encoding="utf-8")


@dataclass
class Clock:
    """A clock that stands where it is put."""

    at: datetime = AT

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Running:
    """A policy set over a directory to edit."""

    directory: Path
    clock: Clock = field(default_factory=Clock)
    signers: Signers | None = None

    def start(self) -> PolicySet:
        return PolicySet(self.directory, self.signers, settle_seconds=0, clock=self.clock)

    def sign(self, *, by: SignerKey = OFFICER) -> None:
        sign(self.directory, load_bundle(self.directory, self.clock.at.date()).digest, by, AT.date())


def lpp(policies: PolicySet) -> str:
    """What the rule on privilege is called in the set in force: shows which set that is."""
    return policies.current.bundle.impediments["imp-lpp"].title


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.sleep(0.01)
