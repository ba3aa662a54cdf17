"""The verifier in another language, written from ``docs/log-format.md`` alone, against all that the others are tried on.

Where the two disagree, one of them is wrong, or the page lets somebody guess.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.audit.note import SignerKey
from tests.audit.tampering import Change, World, offline, write_export
from tests.audit.test_verify_offline import SPOILT_AFTERWARDS, SPOILT_FILES, WITNESSED, spoil
from tests.audit.test_verify_offline_proof import BAD_PROOFS, OTHER_PROOFS, proof_of, with_proof
from tests.audit.test_verify_tampering import CASES, GOOD, TAKEN
from tests.npm import NODE

HERE = Path(__file__).parent / "other_language"
Said = tuple[str | None, int | None]
"""What is wrong, and with which entry."""
Ask = Callable[..., Said]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """One process that is told of one export after another."""
    if NODE is None:
        pytest.skip("node is not installed, so the verifier in another language cannot run")
    with subprocess.Popen(
        [NODE, str(HERE / "batch.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        assert node.stderr is not None

        def ask(world: World, export: Path, **more: Any) -> Said:
            told = {
                "directory": str(export), "keys": [str(key) for key in world.keys], "known": world.known,
                "policy": world.policy, "now": world.now.timestamp() * 1000, **more,
            }  # fmt: skip
            print(json.dumps(told), file=node.stdin, flush=True)
            answer = node.stdout.readline()
            assert answer, node.stderr.read()
            said = json.loads(answer)
            return said["wrong"], said.get("entry")

        yield ask
        node.stdin.close()


def same_place(ours: str, theirs: Said) -> bool:
    """Whether both name the same entry, or the same entries, where ours names any."""
    wrong, entry = theirs
    if between := re.match(r"between entries (\d+) and (\d+)", ours):
        return f"from {between[1]} to {between[2]}" in str(wrong)
    named = re.match(r"entry (\d+): ", ours)
    return named is None or entry == int(named[1])


def agree(ask: Ask, world: World, place: Path) -> Said:
    """What it says, once it is known that ``verify.py`` says the same of the same files."""
    ours = offline(world, place)
    theirs = ask(world, place / "export")
    assert bool(ours) == bool(theirs[0]), (ours, theirs)
    assert same_place(ours, theirs), (ours, theirs)
    return theirs


@pytest.mark.parametrize("change", [pytest.param(case.values[0], id=str(case.id)) for case in TAKEN])
def test_what_it_takes(change: Change, ask: Ask, tmp_path: Path) -> None:
    world = GOOD.copy()
    change(world)
    assert agree(ask, world, tmp_path) == (None, None)


@pytest.mark.parametrize("change", [pytest.param(case.values[0], id=str(case.id)) for case in CASES])
def test_it_refuses_what_the_others_refuse(change: Change, ask: Ask, tmp_path: Path) -> None:
    world = GOOD.copy()
    change(world)
    assert agree(ask, world, tmp_path)[0]


@pytest.mark.parametrize(("world", "files"), [pytest.param(*case.values[:2], id=str(case.id)) for case in SPOILT_FILES])
def test_what_only_an_export_can_have_wrong(
    world: World, files: dict[str, bytes | None], ask: Ask, tmp_path: Path
) -> None:
    spoilt = world.copy()
    spoilt.files = files
    assert agree(ask, spoilt, tmp_path)[0]


@pytest.mark.parametrize(
    ("name", "data"), [pytest.param(*case.values[:2], id=str(case.id)) for case in SPOILT_AFTERWARDS]
)
def test_files_and_manifest(name: str, data: bytes | None, ask: Ask, tmp_path: Path) -> None:
    export = write_export(GOOD, tmp_path)
    spoil(export, name, data)
    assert ask(GOOD, export)[0]


@pytest.mark.parametrize(("head", "policy"), [pytest.param(*case.values[:2], id=str(case.id)) for case in WITNESSED])
def test_witnesses(head: str, policy: str, ask: Ask, tmp_path: Path) -> None:
    world = GOOD.copy()
    world.head, world.policy = head, policy
    agree(ask, world, tmp_path)


@pytest.mark.parametrize(("name", "proof"), BAD_PROOFS)
def test_bad_proofs(name: str, proof: str, ask: Ask, tmp_path: Path) -> None:
    world = GOOD.copy()
    world.files = {f"proofs/{name}.tlog-proof": proof.encode()}
    assert agree(ask, world, tmp_path)[0]


@pytest.mark.parametrize(("signer", "leaves"), OTHER_PROOFS)
def test_proofs_that_are_right_by_themselves(signer: SignerKey, leaves: list[bytes], ask: Ask, tmp_path: Path) -> None:
    assert agree(ask, with_proof(signer, leaves), tmp_path)[0]


def test_good_proofs(ask: Ask, tmp_path: Path) -> None:
    world = GOOD.copy()
    for index in range(12):
        world.files[f"proofs/{index}.tlog-proof"] = str(proof_of(index)).encode()
        world.files[f"proofs/{index}.entry"] = GOOD.bodies[index]
    world.files["proofs/2.tlog-proof"] = str(proof_of(2, 9)).encode()
    assert agree(ask, world, tmp_path) == (None, None)
    world.files["proofs/3.entry"] = GOOD.bodies[4]
    assert agree(ask, world, tmp_path / "again")[1] == 3
