"""Every answer of tlog-witness, one row each; and the published requests of another implementation's tests."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from hub.audit.cosignature import WitnessKey, verify_cosignature
from hub.audit.merkle import SIZE_MAX
from hub.audit.note import NoteInvalid, SignerKey, VerifierKey, encode_base64, parse_note
from hub.witness.protocol import (
    BODY_MAX,
    PROOF_LINES_MAX,
    Malformed,
    Seen,
    Submission,
    check_continues,
    parse_submission,
)
from hub.witness.state import State
from tests.witness.conftest import AT, Posting, client_of
from tests.witness.logs import LOG_KEY, ORIGIN, OTHER_LOG, WITNESS_KEY, MemoryLog

LOG = MemoryLog()
FORK = MemoryLog(fork=5)
TEXT, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"
HASH = b"h" * 32


def cosigned(answer: tuple[int, str, str], size: int, log: MemoryLog = LOG) -> bool:
    status, kind, line = answer
    assert (status, kind) == (200, TEXT), line
    return verify_cosignature(line, str(log.checkpoint(size)), WitnessKey.of(WITNESS_KEY)) == AT


def test_a_log_grows(post: Posting, state: State) -> None:
    sizes = [0, 0, 1, 1, 2, 3, 7, 8, 9, 16, 31, 32, 100]
    for old, size in itertools.pairwise(sizes):
        assert cosigned(post(LOG.request(old, size)), size)
    (seen,) = state.seen()
    assert seen == Seen(ORIGIN, 100, LOG.checkpoint(100).root, LOG.note(100), AT)


@pytest.mark.parametrize("old", range(1, 20))
def test_every_proof_between_small_trees(old: int) -> None:
    last = Seen(ORIGIN, old, LOG.checkpoint(old).root, "", AT)
    for size in range(old, 40):
        check_continues(parse_submission(LOG.request(old, size)), last)


def with_head(head: bytes) -> bytes:
    return head + b"\n\n" + LOG.note(10).encode()


ONE_HASH = encode_base64(HASH).encode()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        pytest.param(LOG.request(8, 20), 200, "\u2014 ", id="200 it continues"),
        pytest.param(LOG.request(8, 8), 200, "\u2014 ", id="200 the same again"),
        pytest.param(b"", 400, "blank line", id="400 nothing"),
        pytest.param(b"\n\n", 400, "old", id="400 two newlines"),
        pytest.param(LOG.note(10).encode(), 400, "old", id="400 a note alone"),
        pytest.param(with_head(b"size 8"), 400, "begins with `old`", id="400 another word"),
        pytest.param(with_head(b"old"), 400, "begins with `old`", id="400 no size"),
        pytest.param(with_head(b"old  8"), 400, "decimal", id="400 two spaces"),
        pytest.param(with_head(b"old 08"), 400, "decimal", id="400 a leading zero"),
        pytest.param(with_head(b"old -8"), 400, "decimal", id="400 negative"),
        pytest.param(with_head(b"old +8"), 400, "decimal", id="400 a plus"),
        pytest.param(with_head(b"old 8 "), 400, "decimal", id="400 a space after it"),
        pytest.param(with_head(b"old 8.0"), 400, "decimal", id="400 a fraction"),
        pytest.param(with_head(b"old %d" % (SIZE_MAX + 1)), 400, "decimal", id="400 over 2^63 - 1"),
        pytest.param(with_head("old \u0668".encode()), 400, "ASCII", id="400 an Arabic digit"),
        pytest.param(with_head(b"old 8\r"), 400, "decimal", id="400 CR"),
        pytest.param(with_head(b"old 8\nnot a hash"), 400, "base64", id="400 no base64"),
        pytest.param(with_head(b"old 8\n" + encode_base64(b"h" * 31).encode()), 400, "32 bytes", id="400 a short hash"),
        pytest.param(with_head(b"old 8\n" + encode_base64(b"h" * 33).encode()), 400, "32 bytes", id="400 a long hash"),
        pytest.param(with_head(b"old 8\n" + ONE_HASH[:-2] + b"B="), 400, "canonical", id="400 stray bits"),
        pytest.param(with_head(b"old 8" + (b"\n" + ONE_HASH) * 64), 400, "at most 63", id="400 64 hashes"),
        pytest.param(LOG.request(8, 20)[:-1], 400, "newline", id="400 cut short by a byte"),
        pytest.param(LOG.request(8, 20) + b"\n", 400, "newline", id="400 a blank line after it"),
        pytest.param(LOG.request(8, 20) + b"more\n", 400, "em dash", id="400 something after it"),
        pytest.param(LOG.request(8, 20).replace(b"\n", b"\r\n"), 400, "blank line", id="400 CRLF"),
        pytest.param(LOG.request(8, 20).replace(b"testshire", b"\xff"), 400, "UTF-8", id="400 not UTF-8"),
        pytest.param(LOG.request(8, 20, note=LOG_KEY.sign("text\n")), 400, "origin, a size", id="400 no checkpoint"),
        pytest.param(LOG.request(20, 8), 400, "larger than the checkpoint's", id="400 the old size is larger"),
        pytest.param(LOG.request(9, 8), 400, "larger than the checkpoint's", id="400 the old size is larger by one"),
        pytest.param(
            LOG.request(8, 20, note=MemoryLog(SignerKey("nowhere.example/log", LOG_KEY.seed)).note(20)),
            404, "does not watch", id="404 another log",
        ),
        pytest.param(
            LOG.request(8, 20, note=SignerKey(ORIGIN, b"x" * 32).sign(str(LOG.checkpoint(20)))),
            403, "no key", id="403 another key of that name",
        ),
        pytest.param(
            LOG.request(8, 20, note=OTHER_LOG.sign(str(LOG.checkpoint(20)))),
            403, "no key", id="403 signed by another log that is watched",
        ),
        pytest.param(
            LOG.request(8, 20, note=LOG.note(20).replace("\n20\n", "\n21\n")), 403, "no key", id="403 changed after it was signed"
        ),
        pytest.param(LOG.request(0, 20), 409, "8\n", id="409 the log has lost the size"),
        pytest.param(LOG.request(7, 20), 409, "8\n", id="409 behind by one"),
        pytest.param(LOG.request(9, 20), 409, "8\n", id="409 ahead by one"),
        pytest.param(LOG.request(5, 5), 409, "8\n", id="409 rolled back"),
        pytest.param(LOG.request(0, 5), 409, "8\n", id="409 rolled back, from nothing"),
        pytest.param(LOG.request(0, 0), 409, "8\n", id="409 begun again"),
        pytest.param(FORK.request(8, 8), 409, "another tree", id="409 a fork of that size"),
        pytest.param(FORK.request(8, 8, proof=[HASH]), 409, "another tree", id="409 a fork, with a proof"),
        pytest.param(FORK.request(8, 20), 422, "not the beginning", id="422 rewritten"),
        pytest.param(LOG.request(8, 20, proof=[]), 422, "too few", id="422 no proof"),
        pytest.param(LOG.request(8, 20, proof=LOG.proof(8, 20)[:-1]), 422, "too few", id="422 a hash short"),
        pytest.param(LOG.request(8, 20, proof=[*LOG.proof(8, 20), HASH]), 422, "too many", id="422 a hash over"),
        pytest.param(LOG.request(8, 20, proof=[HASH] * 63), 422, "too many", id="422 63 hashes of garbage"),
        pytest.param(LOG.request(8, 20, proof=LOG.proof(8, 20)[::-1]), 422, "not the beginning", id="422 out of order"),
        pytest.param(LOG.request(8, 20, proof=LOG.proof(7, 20)), 422, "too|not the", id="422 the proof of another size"),
        pytest.param(LOG.request(8, 8, proof=[HASH]), 422, "not the beginning", id="422 a proof where none is due"),
        pytest.param(b"x" * (BODY_MAX + 1), 413, "at most", id="413 too long"),
    ],
)  # fmt: skip
def test_every_answer_after_eight_entries(
    body: bytes, status: int, said: str, post: Posting, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cosigned(post(LOG.request(0, 8)), 8)
    before = state.seen()
    answered, kind, text = post(body)
    assert answered == status
    assert said.removesuffix("\n") in text or any(each in text for each in said.split("|"))
    assert kind == (SIZE if text == "8\n" else TEXT)
    assert text.endswith("\n")
    if status != 200:
        assert state.seen() == before, "nothing but a cosigned checkpoint moves the witness on"
        assert "\u2014" not in text, "and no signature leaves"
        assert cosigned(post(LOG.request(8, 20)), 20), "the log itself goes on"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(LOG.request(0, 20, proof=[HASH]), 422, id="a proof from nothing"),
        pytest.param(LOG.request(1, 20), 409, id="a size that was never cosigned"),
        pytest.param(LOG.request(20, 20), 409, id="the same again, at first sight"),
    ],
)
def test_before_anything_was_seen(body: bytes, status: int, post: Posting, state: State) -> None:
    answered, _, text = post(body)
    assert (answered, state.seen()) == (status, [])
    assert status == 422 or text == "0\n"


def test_logs_do_not_touch_each_other(post: Posting, state: State) -> None:
    other = MemoryLog(OTHER_LOG, fork=0)
    assert cosigned(post(LOG.request(0, 8)), 8)
    assert cosigned(post(other.request(0, 3)), 3, other)
    assert cosigned(post(LOG.request(8, 9)), 9)
    assert [(each.origin, each.size) for each in state.seen()] == [(OTHER_LOG.name, 3), (ORIGIN, 9)]


def test_only_the_log_s_signatures_are_kept_and_a_rotated_key_is_one_of_them(state: State) -> None:
    new = SignerKey(ORIGIN, b"n" * 32)
    text = str(LOG.checkpoint(4))
    by_new = str(parse_note(new.sign(text).encode()).signatures[0])
    by_stranger = str(parse_note(SignerKey("w.example", b"s" * 32).sign(text).encode()).signatures[0])
    with client_of(state, (LOG_KEY.verifier, new.verifier)) as client:
        both = LOG.request(0, 4, note=LOG.note(4) + by_stranger + by_new)
        assert client.post("/add-checkpoint", content=both).status_code == 200
        assert state.seen()[0].note == LOG.note(4) + by_new
        alone = LOG.request(4, 5, note=new.sign(str(LOG.checkpoint(5))))
        assert client.post("/add-checkpoint", content=alone).status_code == 200
        forged = LOG.request(5, 6, note=LOG.note(6) + by_new)
        assert client.post("/add-checkpoint", content=forged).status_code == 403


def test_lines_that_a_log_adds_are_cosigned_with_it(post: Posting) -> None:
    text = str(LOG.checkpoint(4)) + "an extension\n"
    status, _, line = post(LOG.request(0, 4, note=LOG_KEY.sign(text)))
    assert status == 200
    assert verify_cosignature(line, text, WitnessKey.of(WITNESS_KEY)) == AT
    with pytest.raises(NoteInvalid):
        verify_cosignature(line, str(LOG.checkpoint(4)), WitnessKey.of(WITNESS_KEY))


# Requests, roots and proofs as the tests of litewitness have them (BSD-3-Clause, filippo.io/torchwood); the log is a
# Sigsum log, and its entries are not known here.
SIGSUM = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
SIGSUM_KEY = VerifierKey.parse(f"{SIGSUM}+5202289b+Af/cLU2Y5BJNP+r3iMDC+av9eWCD0fBJVDfzAux5zxAP")
SIGNATURES = {
    1: ("KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY="),
    3: ("RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=", "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go="),
    5: ("QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=", "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww="),
}  # fmt: skip
PROOF_1_3 = ["2a01" + "00" * 30, "2a02" + "00" * 30]
PROOF_3_5 = [
    "2a02" + "00" * 30,
    "2a03" + "00" * 30,
    "c2088815d65f60dbfa594d4e96504ab169cb6084bf0c132ab7c521fd2e0eba41",
    "2a04" + "00" * 30,
]


@pytest.mark.parametrize(
    ("steps", "status", "said"),
    [
        pytest.param([(0, 1, [])], 200, "\u2014 ", id="first"),
        pytest.param([(0, 1, []), (1, 3, PROOF_1_3)], 200, "\u2014 ", id="1 to 3"),
        pytest.param([(0, 1, []), (1, 3, PROOF_1_3), (3, 5, PROOF_3_5)], 200, "\u2014 ", id="3 to 5"),
        pytest.param([(0, 1, []), (1, 3, [])], 422, "too few", id="without a proof"),
        pytest.param([(0, 1, []), (1, 3, [PROOF_1_3[0], "2a02" + "00" * 29 + "01"])], 422, "not the beginning", id="a wrong hash"),
        pytest.param([(0, 1, []), (1, 3, PROOF_1_3), (1, 5, PROOF_3_5)], 409, "3\n", id="from too far back"),
    ],
)  # fmt: skip
def test_requests_of_another_implementation(
    steps: list[tuple[int, int, list[str]]], status: int, said: str, state: State
) -> None:
    with client_of(state, (SIGSUM_KEY,)) as client:
        for old, size, proof in steps:
            root, signature = SIGNATURES[size]
            lines = [f"old {old}", *(encode_base64(bytes.fromhex(each)) for each in proof), "", SIGSUM, str(size), root]
            body = "\n".join([*lines, "", f"\u2014 {SIGSUM} {signature}", ""])
            answer = client.post("/add-checkpoint", content=body.encode())
    assert answer.status_code == status
    assert said in answer.text


@given(st.binary(max_size=300) | st.binary(max_size=40).map(with_head))
def test_any_bytes_are_a_request_or_are_refused(body: bytes) -> None:
    try:
        parsed = parse_submission(body)
    except Malformed:
        return
    assert isinstance(parsed, Submission)
    assert len(parsed.proof) <= PROOF_LINES_MAX
    head = "\n".join([f"old {parsed.old}", *(encode_base64(each) for each in parsed.proof)])
    assert f"{head}\n\n{parsed.note}".encode() == body, "a request has one reading"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_only_post(method: str, client: TestClient) -> None:
    assert client.request(method, "/add-checkpoint").status_code == 405
