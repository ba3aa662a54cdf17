"""``verify.py``, the file that agencies run: what only an export can have wrong, proofs, witnesses, its exit status."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.audit.acts import KINDS
from hub.audit.cosignature import WitnessKey, cosign
from hub.audit.encoding import decode, encode
from hub.audit.entries import Entry
from hub.audit.merkle import Frontier, leaf_hash
from hub.audit.note import SignerKey, encode_base64
from hub.audit.tiles import bundle, perfect_root
from hub.audit.words import EntryInvalid
from tests.audit.samples import refused
from tests.audit.strategies import entries
from tests.audit.tampering import NOW, OFFLINE, SIGNER, STORY, World, note, offline, side, write_export
from tests.audit.test_merkle import LEAVES as PUBLISHED
from tests.audit.test_merkle import ROOTS
from tests.audit.test_verify_tampering import flipped

PROGRAM = Path(OFFLINE.__file__ or "")
GOOD = World.of()
LONG = World.of((*STORY, *(refused() for _ in range(590))))
TILE_0 = b"".join(LONG.leaves[:256])
LAST = "tile/0/000.p/12"
BUNDLE = "tile/entries/000.p/12"


def line(key: SignerKey, text: str, at: int) -> str:
    """A cosignature, also one at no time, which ours never makes."""
    if at:
        return cosign(key, text, at)
    value = bytes(8) + key.sign_bytes(f"cosignature/v1\ntime 0\n{text}".encode())
    return f"\u2014 {key.name} {encode_base64(WitnessKey.of(key).key_id + value)}\n"


def texts(*numbers: int) -> bytes:
    """The rows of ``sides.jsonl``, as they would be if nothing had been erased."""
    rows = ((number, side(number)) for number in numbers)
    lines = ({"index": at, "salt": row.salt.hex(), "body": base64.b64encode(row.body).decode()} for at, row in rows)
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def manifest(**wrong: object) -> bytes:
    """The manifest of the good export, but for ``wrong``."""
    with TemporaryDirectory() as place:
        right = json.loads((write_export(GOOD, Path(place)) / "manifest.json").read_bytes())
    return json.dumps(right | wrong).encode()


DIGESTS = json.loads(manifest())["files"]


def matches(body: bytes) -> bool:
    form, _ = OFFLINE.FORMS.get(body[15:19], (None, 0))
    return form is not None and form.fullmatch(body) is not None


@given(entries)
@settings(max_examples=300)
def test_every_entry_there_can_be(entry: Entry) -> None:
    assert matches(encode(entry))


@given(entries, st.data())
@settings(max_examples=300)
def test_an_entry_with_something_changed(entry: Entry, data: st.DataObject) -> None:
    body = bytearray(encode(entry))
    at = data.draw(st.integers(0, len(body)))
    body[at : at + data.draw(st.integers(0, 2))] = bytes(
        data.draw(st.lists(st.sampled_from(b'0aA"{[],: n\n\xff'), max_size=2))
    )
    try:
        decode(bytes(body))
    except EntryInvalid:
        assert not matches(bytes(body))
    else:
        assert matches(bytes(body))


def test_it_knows_every_kind_of_entry() -> None:
    own = {"question", "answer", "records", "refused", "abandoned"}
    assert set(OFFLINE.KINDS) == own | set(KINDS)
    assert len(OFFLINE.FORMS) == len(OFFLINE.KINDS), "the first four letters tell the kinds apart"


SPOILT_FILES = [
    pytest.param(GOOD, {BUNDLE: bundle(GOOD.bodies)[:-1]}, "entry 11: its bytes are not those", id="a bundle cut short"),
    pytest.param(GOOD, {BUNDLE: bundle(GOOD.bodies)[:-300]}, "cut short", id="a bundle cut in an entry"),
    pytest.param(GOOD, {BUNDLE: bundle(GOOD.bodies) + b"\0\0"}, "more or fewer than 12 entries", id="a bundle with one more"),
    pytest.param(GOOD, {BUNDLE: bundle(GOOD.bodies) + b"\0"}, "more or fewer than 12 entries", id="a bundle with a byte more"),
    pytest.param(GOOD, {BUNDLE: bundle(GOOD.bodies[:11])}, "", id="a bundle with one less"),
    pytest.param(GOOD, {BUNDLE: b""}, "", id="an empty bundle"),
    pytest.param(GOOD, {BUNDLE: None}, f"{BUNDLE}: missing", id="a bundle gone"),
    pytest.param(GOOD, {LAST: None}, f"{LAST}: missing", id="a tile gone"),
    pytest.param(GOOD, {LAST: b"".join(GOOD.leaves[:11])}, "not 12 hashes", id="a tile cut short"),
    pytest.param(GOOD, {LAST: b"".join(GOOD.leaves) + b"x"}, "not 12 hashes", id="a tile with a byte more"),
    pytest.param(GOOD, {LAST: b"".join([*GOOD.leaves[:5], GOOD.leaves[6], *GOOD.leaves[6:]])}, "entry 5: its bytes are not those", id="a tile wrong, the bundle right"),
    pytest.param(LONG, {"tile/1/000.p/2": perfect_root(LONG.leaves[:256]) + b"x" * 32}, "tile/1/000.p/2: not the hashes", id="a tile of level 1 wrong, all below right"),
    pytest.param(LONG, {"tile/1/000.p/2": None}, "tile/1/000.p/2: missing", id="a tile of level 1 gone"),
    pytest.param(LONG, {"tile/0/000": TILE_0[:-32]}, "tile/0/000: not 256 hashes", id="a full tile cut short"),
    pytest.param(GOOD, {"checkpoint": note(GOOD.leaves, 9).encode()}, "it was rolled back", id="an older checkpoint as the head"),
    pytest.param(GOOD, {"checkpoint": None}, "checkpoint: missing", id="no checkpoint"),
    pytest.param(GOOD, {"checkpoint": (GOOD.head + "".join(line(SignerKey(f"x{number}", bytes(32)), "x\n", 1) for number in range(64))).encode()}, "an origin, a size", id="65 signatures"),
    pytest.param(GOOD, {"checkpoint": b"\xff"}, "UTF-8", id="a checkpoint in no text"),
    pytest.param(GOOD, {"sides.txt": b"9\n0\n"}, "not in ascending order", id="numbers out of order"),
    pytest.param(GOOD, {"sides.txt": b"0\n0\n"}, "not in ascending order", id="a number twice"),
    pytest.param(GOOD, {"sides.txt": b"0\n9"}, "a newline at its end", id="no newline at the end"),
    pytest.param(GOOD, {"sides.txt": b"0\r\n9\r\n"}, "without leading zeros", id="carriage returns"),
    pytest.param(GOOD, {"sides.jsonl": texts(0, 9) + b"x"}, "not of its form", id="something after the last text"),
    pytest.param(GOOD, {"sides.txt": b"00\n"}, "without leading zeros", id="a number with a leading zero"),
    pytest.param(GOOD, {"sides.txt": b"0\n9\n12\n"}, "entry 12: ", id="text beside no entry"),
    pytest.param(GOOD, {"sides.txt": None}, "sides.txt: missing", id="no list of texts"),
    pytest.param(GOOD, {"sides.jsonl": texts(0, 3, 9)}, "text beside entry 3, which sides.txt", id="a text that was erased"),
    pytest.param(GOOD, {"sides.jsonl": texts(9, 0)}, "text beside entry 0, which sides.txt", id="texts out of order"),
    pytest.param(GOOD, {"sides.jsonl": texts(0, 9, 9)}, "text beside entry 9, which sides.txt", id="a text twice"),
    pytest.param(GOOD, {"sides.jsonl": texts(0, 9)[:-1]}, "not of its form", id="the last text without its newline"),
    pytest.param(GOOD, {"sides.jsonl": texts(0).replace(b" 0,", b' "0",')}, "not of its form", id="a text beside no number"),
    pytest.param(GOOD, {"manifest.json": manifest(files=DIGESTS | {BUNDLE: "ab" * 32})}, f"{BUNDLE}: not the file", id="a manifest of another bundle"),
    pytest.param(GOOD, {"manifest.json": manifest(size=11)}, "manifest.json: of another", id="a manifest of another size"),
    pytest.param(GOOD, {"manifest.json": manifest(origin="x")}, "manifest.json: of another", id="a manifest of another log"),
    pytest.param(GOOD, {"manifest.json": manifest(format="x")}, "manifest.json: of another", id="a manifest of another format"),
    pytest.param(GOOD, {"checkpoints/9": SIGNER.sign(note(GOOD.leaves, 9).partition("\n\n")[0].replace("testshire", "x") + "\n").encode()}, "another log's", id="an older checkpoint signed for another log"),
    pytest.param(GOOD, {"checkpoints/7": note(GOOD.leaves, 6).encode()}, "checkpoints/7: of another size", id="an older checkpoint under another number"),
    pytest.param(GOOD, {"checkpoints/7": note(GOOD.leaves, 7, SignerKey("x", bytes(32))).encode()}, "another log's", id="an older checkpoint of another log"),
]  # fmt: skip


@pytest.mark.parametrize(("world", "files", "says"), SPOILT_FILES)
def test_what_only_an_export_can_have_wrong(
    world: World, files: dict[str, bytes | None], says: str, tmp_path: Path
) -> None:
    spoilt = world.copy()
    spoilt.files = files
    found = offline(spoilt, tmp_path)
    assert found != ""
    assert says in found


def test_a_long_export(tmp_path: Path) -> None:
    assert offline(LONG, tmp_path, jobs=2) == ""


def spoil(place: Path, name: str, data: bytes | None) -> None:
    (place / name).parent.mkdir(exist_ok=True)
    if data is None:
        (place / name).unlink()
    else:
        (place / name).write_bytes(data)


SPOILT_AFTERWARDS = [
    pytest.param("more.txt", b"hello", "more.txt: missing, or not part of the export", id="a file too many"),
    pytest.param("tile/0/001", b"", "tile/0/001: missing, or not part", id="a tile too many"),
    pytest.param(LAST, b"".join(GOOD.leaves) + b"x", "not 12 hashes", id="a tile changed"),
    pytest.param("sides.jsonl", None, "sides.jsonl: missing, or not part", id="a file gone"),
    pytest.param("sides.txt", b"0\n", "sides.txt: not the file that was exported", id="a file changed"),
    pytest.param("manifest.json", b"{}", "", id="a manifest of nothing"),
    pytest.param("manifest.json", b"[", "", id="a manifest that is none"),
    pytest.param("manifest.json", None, "manifest.json: missing", id="no manifest"),
]


@pytest.mark.parametrize(("name", "data", "says"), SPOILT_AFTERWARDS)
def test_files_and_manifest(name: str, data: bytes | None, says: str, tmp_path: Path) -> None:
    export = write_export(GOOD, tmp_path)
    spoil(export, name, data)
    status, said = run(tmp_path, str(export))
    assert status == 1
    assert says in said


def without_first_bundle(export: Path) -> None:
    """Make a part of a long export."""
    (export / "tile/entries/000").unlink()
    manifest = re.sub(r' "tile/entries/000": "\w+",\n', "", (export / "manifest.json").read_text())
    (export / "manifest.json").write_text(manifest.replace('"entries": [\n  0,', '"entries": [\n  256,'))


def run(place: Path, *arguments: str, key: bool = True) -> tuple[int, str]:
    """Run the file as an agency does."""
    (place / "log.pub").write_text(f"{SIGNER.verifier}\n")
    more = ("--key", str(place / "log.pub")) if key else ()
    done = subprocess.run(
        [sys.executable, "-I", PROGRAM, *arguments, *more], capture_output=True, text=True, timeout=60, cwd=place
    )
    return done.returncode, done.stdout + done.stderr


class TestAsACommand:
    def world(self) -> World:
        """Its manifest says when it was made; nothing in it is open."""
        return GOOD

    def test_a_good_export(self, tmp_path: Path) -> None:
        status, said = run(tmp_path, str(write_export(GOOD, tmp_path)))
        assert (status, said) == (0, "The export checks out: 12 entries, 0 questions still open, 0 witnesses.\n")

    def test_a_bad_one(self, tmp_path: Path) -> None:
        world = GOOD.copy()
        world.bodies[5] = world.bodies[5].replace(b"2026", b"2025", 1)
        status, said = run(tmp_path, str(write_export(world, tmp_path)))
        assert (status, said.startswith("THE EXPORT DOES NOT CHECK OUT: entry 5: ")) == (1, True)

    def test_without_a_key_it_does_not_start(self, tmp_path: Path) -> None:
        status, said = run(tmp_path, str(write_export(GOOD, tmp_path)), key=False)
        assert status == 2
        assert "say whose log it must be" in said

    def test_no_export_there(self, tmp_path: Path) -> None:
        status, said = run(tmp_path, str(tmp_path / "nothing"))
        assert status == 1
        assert "missing" in said

    def test_a_pipe_in_place_of_a_file_does_not_hang_it(self, tmp_path: Path) -> None:
        export = write_export(GOOD, tmp_path)
        (export / BUNDLE).unlink()
        os.mkfifo(export / BUNDLE)
        status, said = run(tmp_path, str(export))
        assert status == 1
        assert "missing, or not a file" in said

    @pytest.mark.parametrize(("partial", "status"), [((), 1), (("--partial",), 0)], ids=["asked for all", "for a part"])
    def test_a_part_of_the_log_is_never_taken_for_all(
        self, partial: tuple[str, ...], status: int, tmp_path: Path
    ) -> None:
        export = write_export(LONG, tmp_path)
        without_first_bundle(export)
        ended, said = run(tmp_path, str(export), *partial)
        assert ended == status, said
        assert ("--partial" in said) == (status == 1)

    def test_help(self, tmp_path: Path) -> None:
        status, said = run(tmp_path, "--help", key=False)
        assert status == 0
        assert "--policy" in said


WITNESSES = {
    name: SignerKey(f"witness.{name}.example", bytes([number]) * 32)
    for number, name in enumerate(("council", "police", "nhs"), 50)
}
POLICY = (
    "# who must have cosigned\n"
    f"log {SIGNER.verifier}\n"
    + "".join(f"witness {name} {WitnessKey.of(key)} https://{key.name}\n" for name, key in WITNESSES.items())
    + "group agencies 2 council police nhs\nquorum agencies\n"
)
AT = int(NOW.timestamp())


def cosigned(*by: tuple[str, int]) -> str:
    """The head with cosignatures: whose, and how many seconds ago."""
    text = GOOD.head.rpartition("\n\n")[0] + "\n"
    return GOOD.head + "".join(line(WITNESSES[name], text, AT - ago) for name, ago in by)


WITNESSED = [
    pytest.param(cosigned(("council", 60), ("nhs", 60)), POLICY, "", id="two of three"),
    pytest.param(cosigned(("council", 60), ("police", 9), ("nhs", 60)), POLICY, "", id="all"),
    pytest.param(cosigned(("council", 60), ("police", 0), ("nhs", 90_000)), POLICY, "", id="one of them old"),
    pytest.param(GOOD.head, POLICY, "no quorum", id="none: signed anew by whoever has the log's key"),
    pytest.param(cosigned(("council", 60)), POLICY, "no quorum", id="one"),
    pytest.param(cosigned(("council", 60), ("nhs", 86_401)), POLICY, "no quorum", id="one too old"),
    pytest.param(cosigned(("council", 60), ("nhs", -301)), POLICY, "no quorum", id="one of the future"),
    pytest.param(cosigned(("council", 60), ("nhs", AT)), POLICY, "no quorum", id="one at no time"),
    pytest.param(cosigned(("council", 60), ("council", 60)), POLICY, "two signatures by one key", id="one twice"),
    pytest.param(cosigned(("council", 60), ("nhs", 60)).replace("\n12\n", "\n11\n"), POLICY, "not that key's", id="of another size"),
    pytest.param(GOOD.head, POLICY.replace("quorum agencies", "quorum none"), "", id="nobody needs to"),
    pytest.param(flipped(cosigned(("council", 60), ("nhs", 60))), POLICY, "not that key's", id="one that is not its"),
    pytest.param(GOOD.head, POLICY.replace("agencies 2", "agencies 0"), "cannot be met", id="none of three"),
    pytest.param(cosigned(("council", 60)), POLICY.replace(str(WitnessKey.of(WITNESSES["nhs"])), str(WitnessKey.of(WITNESSES["council"]))), "nobody twice", id="one under two names"),
    pytest.param(GOOD.head, POLICY + "quorum none\n", "one quorum line", id="two quorums"),
    pytest.param(GOOD.head, POLICY.replace("quorum agencies\n", ""), "one quorum line", id="no quorum"),
    pytest.param(GOOD.head, POLICY.replace("agencies 2", "agencies 4"), "cannot be met", id="four of three"),
    pytest.param(GOOD.head, POLICY.replace("agencies 2", "agencies 02"), "leading zeros", id="a leading zero"),
    pytest.param(GOOD.head, POLICY.replace("council police nhs", "council council nhs"), "nobody twice", id="one counted twice"),
    pytest.param(GOOD.head, POLICY.replace("council police nhs", "council mayor nhs"), "not understood", id="a stranger in the group"),
    pytest.param(GOOD.head, POLICY.replace("witness police", "witness council"), "not understood", id="a name twice"),
    pytest.param(GOOD.head, "hello\n" + POLICY, "not understood", id="another word"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "policy", "says"), WITNESSED)
def test_witnesses(head: str, policy: str, says: str, tmp_path: Path) -> None:
    world = GOOD.copy()
    world.head, world.policy = head, policy
    found = offline(world, tmp_path)
    assert bool(found) == bool(says)
    assert says in found


def test_its_tree_is_ours() -> None:
    for size in range(60):
        leaves = [leaf_hash(bytes([number])) for number in range(size)]
        assert OFFLINE.fold(OFFLINE.parts(leaves)) == Frontier().extend(leaves).root


@pytest.mark.parametrize("size", range(9))
def test_its_tree_has_the_published_roots(size: int) -> None:
    """RFC 6962's, from the tests of Certificate Transparency."""
    leaves = [OFFLINE.sha256(b"\0" + body).digest() for body in PUBLISHED[:size]]
    assert OFFLINE.fold(OFFLINE.parts(leaves)).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (("entries", 1_234_067), "tile/entries/x001/x234/067"),
        ((0, 273, 112), "tile/0/273.p/112"),
        ((1, 1, 17), "tile/1/001.p/17"),
        ((2, 0, 1), "tile/2/000.p/1"),
    ],
)
def test_its_paths_are_the_specifications(place: tuple[int | str, int], path: str) -> None:
    """The examples of C2SP tlog-tiles."""
    assert OFFLINE.tile_path(*place) == path
