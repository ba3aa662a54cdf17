"""``docs/log-format.md`` against the code: its worked example, and every kind of entry with its keys."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

from hub.audit.acts import KINDS, forms
from hub.audit.checkpoint import open_checkpoint
from hub.audit.encoding import decode
from hub.audit.entries import AnswerOutcome, MatchResult, side
from hub.audit.merkle import leaf_hash, node_hash
from hub.audit.note import SignerKey, VerifierKey
from hub.audit.proof import verify_proof
from hub.audit.side import Side
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState
from tests.audit.tampering import OFFLINE

PAGE = (Path(__file__).parents[2] / "docs" / "log-format.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.partition("## An example")[2].partition("## In the hub's database")[0]
ENTRIES, SIDE, NODES, KEY, NOTE, PROOF = re.findall(r"```\n(.*?)```", EXAMPLE, re.DOTALL)
ROWS = dict(re.findall(r"^\| `(\w+)`[^|]*\| (?:\*by\*, )?(.*) \|$", PAGE.partition("## Tree")[0], re.MULTILINE))
BODIES = [line.encode() for line in ENTRIES.splitlines()[::2]]
LEAVES = [bytes.fromhex(line) for line in ENTRIES.splitlines()[1::2]]


def test_the_entries_and_their_hashes() -> None:
    for body, leaf in zip(BODIES, LEAVES, strict=True):
        decode(body)
        assert leaf_hash(body) == leaf == sha256(b"\0" + body).digest()


def test_the_text_beside_one() -> None:
    salt, commitment = SIDE.split()
    (text,) = re.findall(r"The text beside entry 1 is `(.*?)`", EXAMPLE)
    assert Side(bytes.fromhex(salt), text.encode()).commitment == commitment == side(decode(BODIES[1]))
    assert sha256(b"\2" + bytes.fromhex(salt) + text.encode()).hexdigest() == commitment


def test_the_nodes() -> None:
    left, root = map(bytes.fromhex, NODES.split())
    assert node_hash(LEAVES[0], LEAVES[1]) == left == sha256(b"\1" + LEAVES[0] + LEAVES[1]).digest()
    assert node_hash(left, LEAVES[2]) == root
    assert open_checkpoint(NOTE.encode(), VerifierKey.parse(KEY.strip())).root == root


def test_the_key_and_the_checkpoint() -> None:
    signer = SignerKey("hub.testshire.example/log", bytes(range(32)))
    assert str(signer.verifier) == KEY.strip()
    assert signer.sign(NOTE.partition("\n\n")[0] + "\n") == NOTE
    name, number, _ = KEY.strip().split("+", 2)
    raw = b"\x01" + signer.verifier.public
    assert sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == number


def test_the_proof() -> None:
    assert verify_proof(f"{PROOF}\n{NOTE}".encode(), VerifierKey.parse(KEY.strip()), body=BODIES[1])[0] == 1


def written(kind: str) -> list[tuple[str, str]]:
    """The keys of a kind and their types, as its row has them."""
    return re.findall(r"`(\w+)` (code|references|reference|digest|counts|count|moment|64 hex)(\??)", ROWS[kind])  # type: ignore[return-value]


@pytest.mark.parametrize("kind", KINDS)
def test_every_act(kind: str) -> None:
    own = [(name, form.value, "?" if optional else "") for name, form, optional in forms(KINDS[kind])]
    told = [(name, "digest" if of == "64 hex" else of, optional) for name, of, optional in written(kind)]  # type: ignore[misc]
    assert told == own


@pytest.mark.parametrize("kind", OFFLINE.KINDS)
def test_every_kind_is_there_with_its_keys_in_order(kind: str) -> None:
    told = re.findall(
        r"`(\w+)` (?=code|reference|digest|count|moment|\[|32|64)|`(sources|matches|records|outcome)`", ROWS[kind]
    )
    keys = [one or other for one, other in told]
    expected = re.findall(r"(\w+):", OFFLINE.KINDS[kind])
    if kind in KINDS:
        expected = expected[4:]
    assert keys[: len(expected)] == expected
    assert set(keys[len(expected) :]) <= {"look_back", "side", "parts"}


@pytest.mark.parametrize("words", [AnswerOutcome, MatchResult, Outcome, SourceState])
def test_every_word(words: type[AnswerOutcome]) -> None:
    assert [word for word in words if f"`{word}`" not in PAGE] == []
