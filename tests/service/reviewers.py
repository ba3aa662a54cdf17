"""A log with questions of two agencies, and those who review it."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from hub.audit.acts import Officer
from hub.audit.entries import Answer, Asked, Asker, Question
from hub.domain.enquiry import Duty, Searcher
from hub.domain.organisations import Sector
from hub.service.following import Following
from hub.service.reviewing import Reviewer, Reviewing
from hub.service.reviewing_exports import File
from hub.store.appender import Log
from hub.store.sides import AskedInWords, pack
from tests.store.making import answer, question

COUNCIL, POLICE, NHS = "testshire-council", "testshire-police", "testshire-nhs"


@dataclass
class Office:
    """The log, and who works on it."""

    log: Log
    reviewing: Reviewing = field(init=False)
    following: Following = field(init=False)

    def __post_init__(self) -> None:
        self.following = Following(self.log)
        self.reviewing = Reviewing(self.log, self.following)

    async def worker(self, name: str, agency: str = COUNCIL) -> str:
        return await self.log.reference("worker", f"{agency}/{name}")

    async def reviewer(self, agency: str = COUNCIL, name: str = "ig1", *, of_all: bool = False) -> Reviewer:
        officer = Officer("hub-pages", agency, await self.worker(name, agency), "ig_officer")
        return Reviewer.of(searcher(agency, Duty.REVIEW_ALL if of_all else Duty.REVIEW), officer)

    async def ask(
        self,
        who: str = "sw1",
        agency: str = COUNCIL,
        whom: str = "nhs:9990000018",
        *of: str,
        answered: bool = True,
        **more: Any,
    ) -> int:
        """A question with its answer; the question's number."""
        asked = tuple(Asked(each, ("incident",)) for each in of)
        asker = Asker(f"{agency}-mash", agency, await self.worker(who, agency), "mash_social_worker", "bearer")
        case = await self.log.reference("case", f"{agency}/CASE-1")
        side = self.log.sealed(pack(AskedInWords("{ child { name } }", {"nhsNumber": "9990000018"})))
        subject = await self.log.reference("subject", whom)
        made = question(self.log, asker=asker, subject=subject, case=case, asked=asked, side=side.commitment, **more)
        index = (await self.log.append(made, side=side)).index
        if answered:
            await self.log.append(answer(self.log, index))
        return index

    async def entry(self, index: int) -> Any:
        stored = await self.log.entry(index)
        assert stored is not None
        return stored.entry

    async def newest(self) -> Any:
        return await self.entry(await self.size() - 1)

    async def size(self) -> int:
        return int((await self.log.checkpoint()).split("\n")[1])


def searcher(agency: str, *duties: Duty) -> Searcher:
    return Searcher(
        "hub-pages", agency, agency, Sector.COUNCIL, "w", "ig_officer", frozenset(), duties=frozenset(duties)
    )


def checked(file: File, log: Log, place: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """An export as its receiver unpacks and checks it, with a verifier and a key of their own."""
    if not (place / "export").exists():
        with zipfile.ZipFile(file.path) as archive:
            archive.extractall(place)
    (place / "trusted.pub").write_text(f"{log.verifier}\n")
    program = str(files("hub.audit") / "offline" / "verify.py")
    command = [sys.executable, "-I", program, str(place / "export"), "--key", str(place / "trusted.pub"), "--jobs", "1"]
    return subprocess.run([*command, "--partial", *options], capture_output=True, text=True, timeout=60)


def kinds(*entries: Any) -> list[str]:
    return [re.sub(r"(?<!^)(?=[A-Z])", "_", type(each).__name__).lower() for each in entries]


__all__ = ["COUNCIL", "NHS", "POLICE", "Answer", "Office", "Question", "checked", "kinds", "searcher"]
