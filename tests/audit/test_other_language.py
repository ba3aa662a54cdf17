"""The verifier in another language, written from ``docs/log-format.md`` alone, against all that the others are tried on.

Where the two disagree, one of them is wrong, or the page lets somebody guess.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.audit.cosignature import WitnessKey
from hub.audit.encoding import decode, encode
from hub.audit.entries import Entry
from hub.audit.note import SignerKey
from hub.audit.words import EntryInvalid
from tests.audit import samples
from tests.audit.strategies import entries
from tests.audit.tampering import SIGNER, Change, World, offline, write_export
from tests.audit.test_verify_offline import (
    LONG,
    SPOILT_AFTERWARDS,
    SPOILT_FILES,
    WITNESSED,
    matches,
    spoil,
    without_first_bundle,
)
from tests.audit.test_verify_offline_proof import BAD_PROOFS, OTHER_PROOFS, proof_of, with_proof
from tests.audit.test_verify_page import BODIES, NOTE, PROOF
from tests.audit.test_verify_page import KEY as PAGE_KEY
from tests.audit.test_verify_tampering import CASES, GOOD, TAKEN
from tests.npm import NODE

HERE = Path(__file__).parent / "other_language"
Said = tuple[str | None, int | None]
"""What is wrong, and with which entry."""


class Node:
    """One process that is told of one export, or entry, after another."""

    def __init__(self, node: subprocess.Popen[str]) -> None:
        self._node = node

    def _ask(self, told: dict[str, Any]) -> Any:
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        assert self._node.stderr is not None
        print(json.dumps(told), file=self._node.stdin, flush=True)
        answer = self._node.stdout.readline()
        assert answer, self._node.stderr.read()
        return json.loads(answer)

    def export(self, world: World, export: Path, **more: Any) -> Said:
        """What it says of an export."""
        said = self._ask({
            "directory": str(export), "keys": [str(key) for key in world.keys], "known": world.known,
            "policy": world.policy, "now": world.now.timestamp() * 1000, **more,
        })  # fmt: skip
        return said["wrong"], said.get("entry")

    def takes(self, entry: bytes) -> bool:
        """Whether these bytes are an entry."""
        taken: bool = self._ask({"entry": base64.b64encode(entry).decode()})
        return taken


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    if NODE is None:
        pytest.skip("node is not installed, so the verifier in another language cannot run")
    program = [NODE, str(HERE / "batch.mjs")]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as running:
        yield Node(running)
        running.communicate(timeout=60)


def same_place(ours: str, theirs: Said) -> bool:
    """Whether both name the same entry, or the same entries, where ours names any."""
    wrong, entry = theirs
    if between := re.match(r"between entries (\d+) and (\d+)", ours):
        return f"from {between[1]} to {between[2]}" in str(wrong)
    named = re.match(r"entry (\d+): ", ours)
    return named is None or entry == int(named[1])


def agree(node: Node, world: World, place: Path) -> Said:
    """What it says, once it is known that ``verify.py`` says the same of the same files."""
    ours = offline(world, place)
    theirs = node.export(world, place / "export")
    assert bool(ours) == bool(theirs[0]), (ours, theirs)
    assert same_place(ours, theirs), (ours, theirs)
    return theirs


@pytest.mark.parametrize("change", [pytest.param(case.values[0], id=str(case.id)) for case in TAKEN])
def test_what_it_takes(change: Change, node: Node, tmp_path: Path) -> None:
    world = GOOD.copy()
    change(world)
    assert agree(node, world, tmp_path) == (None, None)


@pytest.mark.parametrize("change", [pytest.param(case.values[0], id=str(case.id)) for case in CASES])
def test_it_refuses_what_the_others_refuse(change: Change, node: Node, tmp_path: Path) -> None:
    world = GOOD.copy()
    change(world)
    assert agree(node, world, tmp_path)[0]


@pytest.mark.parametrize(("world", "files"), [pytest.param(*case.values[:2], id=str(case.id)) for case in SPOILT_FILES])
def test_what_only_an_export_can_have_wrong(
    world: World, files: dict[str, bytes | None], node: Node, tmp_path: Path
) -> None:
    spoilt = world.copy()
    spoilt.files = files
    assert agree(node, spoilt, tmp_path)[0]


@pytest.mark.parametrize(
    ("name", "data"), [pytest.param(*case.values[:2], id=str(case.id)) for case in SPOILT_AFTERWARDS]
)
def test_files_and_manifest(name: str, data: bytes | None, node: Node, tmp_path: Path) -> None:
    export = write_export(GOOD, tmp_path)
    spoil(export, name, data)
    assert node.export(GOOD, export)[0]


@pytest.mark.parametrize(("head", "policy"), [pytest.param(*case.values[:2], id=str(case.id)) for case in WITNESSED])
def test_witnesses(head: str, policy: str, node: Node, tmp_path: Path) -> None:
    world = GOOD.copy()
    world.head, world.policy = head, policy
    agree(node, world, tmp_path)


@pytest.mark.parametrize(("name", "proof"), BAD_PROOFS)
def test_bad_proofs(name: str, proof: str, node: Node, tmp_path: Path) -> None:
    world = GOOD.copy()
    world.files = {f"proofs/{name}.tlog-proof": proof.encode()}
    assert agree(node, world, tmp_path)[0]


@pytest.mark.parametrize(("signer", "leaves"), OTHER_PROOFS)
def test_proofs_that_are_right_by_themselves(
    signer: SignerKey, leaves: list[bytes], node: Node, tmp_path: Path
) -> None:
    assert agree(node, with_proof(signer, leaves), tmp_path)[0]


def test_good_proofs(node: Node, tmp_path: Path) -> None:
    world = GOOD.copy()
    for index in range(12):
        world.files[f"proofs/{index}.tlog-proof"] = str(proof_of(index)).encode()
        world.files[f"proofs/{index}.entry"] = GOOD.bodies[index]
    world.files["proofs/2.tlog-proof"] = str(proof_of(2, 9)).encode()
    assert agree(node, world, tmp_path) == (None, None)
    world.files["proofs/3.entry"] = GOOD.bodies[4]
    assert agree(node, world, tmp_path / "again")[1] == 3


@given(entry=entries)
@settings(max_examples=200)
def test_every_entry_there_can_be(entry: Entry, node: Node) -> None:
    assert node.takes(encode(entry))


@given(entry=entries, data=st.data())
@settings(max_examples=300)
def test_an_entry_with_something_changed(entry: Entry, data: st.DataObject, node: Node) -> None:
    body = bytearray(encode(entry))
    at = data.draw(st.integers(0, len(body)))
    body[at : at + data.draw(st.integers(0, 2))] = bytes(
        data.draw(st.lists(st.sampled_from(b'0159aA"{[],: n\n\xff'), max_size=2))
    )
    try:
        decode(bytes(body))
    except EntryInvalid:
        assert not node.takes(bytes(body))
    else:
        assert node.takes(bytes(body))


@pytest.mark.parametrize(
    ("old", "new", "right"),
    [
        pytest.param('"status":403', '"status":9007199254740991', True, id="the largest count"),
        pytest.param('"status":403', '"status":9007199254740992', False, id="a count too large"),
        pytest.param('"status":403', '"status":-0', False, id="a count with a sign"),
        pytest.param("2026-11-20", "2024-02-29", True, id="a leap day"),
        pytest.param("2026-11-20", "2026-02-29", False, id="a leap day of no leap year"),
        pytest.param("2026-11-20", "1900-02-29", False, id="a leap day of a century"),
        pytest.param("2026-11-20", "2026-11-31", False, id="a day that is not"),
        pytest.param("2026-11-20", "0000-11-20", False, id="the year 0"),
        pytest.param("16:41:07", "24:00:00", False, id="an hour that is not"),
        pytest.param("16:41:07", "23:59:60", False, id="a leap second"),
    ],
)
def test_the_edges_of_values(old: str, new: str, right: bool, node: Node) -> None:
    body = encode(samples.refused()).decode().replace(old, new, 1)
    assert new in body
    assert node.takes(body.encode()) == right
    assert matches(body.encode()) == right


def run(place: Path, *arguments: str) -> tuple[int, str]:
    """Run it as somebody with an export does."""
    if NODE is None:
        pytest.skip("node is not installed, so the verifier in another language cannot run")
    (place / "log.pub").write_text(f"{SIGNER.verifier}\n")
    done = subprocess.run(
        [NODE, str(HERE / "verify.mjs"), *arguments], capture_output=True, text=True, timeout=60, cwd=place, check=False
    )
    return done.returncode, done.stdout + done.stderr


KEY = ("--key", "log.pub")


@pytest.mark.parametrize(
    ("arguments", "ends"),
    [
        pytest.param(("export", *KEY), (0, "The export is right: 12 entries, 0 questions still open, 0 witnesses."), id="good"),
        pytest.param(("spoilt/export", *KEY), (1, "Entry 5: it is not what was hashed"), id="spoilt"),
        pytest.param(("export",), (2, "--key FILE is needed"), id="no key"),
        pytest.param(("export", "--key", "nothing"), (2, "nothing cannot be read"), id="a key that is not there"),
        pytest.param(("nothing", *KEY), (2, "one directory is needed"), id="no export"),
        pytest.param(("export", *KEY, "--so"), (2, "--so"), id="another option"),
        pytest.param(("export", *KEY, "--known", "export/checkpoints/9"), (0, "is right"), id="known"),
        pytest.param(("--proof", "5.tlog-proof", "--entry", "5.entry", *KEY), (0, "entry 5 is in the log of 12"), id="a proof"),
        pytest.param(("--proof", "5.tlog-proof", "--entry", "log.pub", *KEY), (1, "of another entry"), id="a proof of another"),
    ],
)  # fmt: skip
def test_as_a_command(arguments: tuple[str, ...], ends: tuple[int, str], tmp_path: Path) -> None:
    write_export(GOOD, tmp_path)
    spoilt = GOOD.copy()
    spoilt.bodies[5] = spoilt.bodies[5].replace(b"2026", b"2025", 1)
    (tmp_path / "spoilt").mkdir()
    write_export(spoilt, tmp_path / "spoilt")
    (tmp_path / "5.tlog-proof").write_text(str(proof_of(5)))
    (tmp_path / "5.entry").write_bytes(GOOD.bodies[5])
    status, said = run(tmp_path, *arguments)
    assert status == ends[0], said
    assert ends[1] in said


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(str(SIGNER.verifier)[:-4], id="cut short"),
        pytest.param(re.sub(r"\+[0-9a-f]{8}\+", "+00000000+", str(SIGNER.verifier)), id="with another id"),
        pytest.param(str(WitnessKey.of(SIGNER)), id="a witness's"),
        pytest.param("hello", id="none"),
    ],
)
def test_keys_that_were_not_copied_whole(key: str, tmp_path: Path) -> None:
    write_export(GOOD, tmp_path)
    (tmp_path / "bad.pub").write_text(f"{key}\n")
    status, said = run(tmp_path, "export", "--key", "bad.pub")
    assert status == 1
    assert re.search(r"\bkey\b", said)


@pytest.mark.parametrize(("partial", "status"), [((), 1), (("--partial",), 0)], ids=["asked for all", "for a part"])
def test_a_part_of_the_log_is_never_taken_for_all(partial: tuple[str, ...], status: int, tmp_path: Path) -> None:
    without_first_bundle(write_export(LONG, tmp_path))
    assert run(tmp_path, "export", *KEY, *partial)[0] == status


def test_the_example_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "page.pub").write_text(PAGE_KEY)
    (tmp_path / "proof").write_text(f"{PROOF}\n{NOTE}")
    (tmp_path / "entry").write_bytes(BODIES[1])
    status, said = run(tmp_path, "--proof", "proof", "--entry", "entry", "--key", "page.pub")
    assert (status, said) == (0, "The proof is right: entry 1 is in the log of 3.\n")
