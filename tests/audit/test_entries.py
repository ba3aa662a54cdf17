"""Entry bytes: one documented form, one reading, and nothing in them that could hurt or name anybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit import encoding, words
from hub.audit.encoding import BODY_MAX, decode, encode
from hub.audit.entries import Asker, DecisionTaken, Entry, FieldGroup, LookBack, MatchLine, RecordLine, SourceLine, ends
from hub.audit.words import CODE_MAX, COUNT_MAX, EntryInvalid, code
from hub.domain.disclosure import Outcome
from hub.domain.sources import SourceState
from tests.audit.samples import AT, NONCE, REF, abandoned, answer, question, refused, rewritten
from tests.audit.strategies import entries

QUESTION = (
    '{"v":1,"kind":"question","at":"2026-11-20T16:41:07.113Z","nonce":"000102030405060708090a0b0c0d0e0f",'
    '"client":"testshire-mash","organisation":"testshire-council","worker":"5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c",'
    '"role":"mash_social_worker","token":"bearer","purpose":"ca1989-s47","gateway":"ca1989-s47",'
    '"decision":["91aa91aa91aa91aa91aa91aa91aa91aa","2026-11-20T15:41:07.113Z"],'
    '"case":"c3d2c3d2c3d2c3d2c3d2c3d2c3d2c3d2","subject":"0b440b440b440b440b440b440b440b44",'
    '"policy":"7e1f7e1f7e1f7e1f7e1f7e1f7e1f7e1f7e1f7e1f7e1f7e1f7e1f7e1f7e1f7e1f",'
    '"document":"0b440b440b440b440b440b440b440b440b440b440b440b440b440b440b440b44",'
    '"asked":[["testshire-council",["cp_plan","assessment"]],["testshire-police",["incident"]]],'
    '"trace":"4bf94bf94bf94bf94bf94bf94bf94bf9"}'
)
ANSWER = (
    '{"v":1,"kind":"answer","at":"2026-11-20T16:41:07.113Z","nonce":"000102030405060708090a0b0c0d0e0f",'
    '"question":18441,"outcome":"joined_view","sources":[["testshire-council","answered",null,38,6],'
    '["testshire-nhs","no_answer","slow",4000,null],["testshire-police","not_asked","not_selected",null,null]],'
    '"matches":[["testshire-council","same",2,[["date_of_birth","agree"]]]],'
    '"records":[["testshire-council","case_document",1,[["shared",["title"],[],false,null],'
    '["withheld",["summary","date"],["imp-adoption-s57"],true,4]]]]}'
)
REFUSED = (
    '{"v":1,"kind":"refused","at":"2026-11-20T16:41:07.113Z","nonce":"000102030405060708090a0b0c0d0e0f",'
    '"code":"PURPOSE_NOT_ALLOWED","status":403,"client":"nhs-portal","organisation":null,'
    '"worker":"5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c","purpose":null,"trace":null}'
)
ABANDONED = (
    '{"v":1,"kind":"abandoned","at":"2026-11-20T16:41:07.113Z","nonce":"000102030405060708090a0b0c0d0e0f",'
    '"question":18441,"reason":"internal_failure"}'
)


@pytest.mark.parametrize(
    ("entry", "text"),
    [(question(), QUESTION), (answer(18441), ANSWER), (refused(), REFUSED), (abandoned(18441), ABANDONED)],
    ids=["question", "answer", "refused", "abandoned"],
)
def test_the_documented_bytes(entry: Entry, text: str) -> None:
    """A log written today is read for decades: this text may never change, only a new version be added."""
    assert encode(entry).decode() == text
    assert decode(text.encode()) == entry


@given(entries)
def test_reading_is_the_inverse_of_writing(entry: Entry) -> None:
    body = encode(entry)
    assert decode(body) == entry
    assert encode(decode(body)) == body


@given(entries)
def test_every_byte_is_printable_ascii_without_escapes(entry: Entry) -> None:
    body = encode(entry)
    assert all(0x20 <= byte < 0x7F for byte in body)
    assert b"\\" not in body


@given(st.binary(max_size=200) | st.integers(0, 400).map(lambda at: QUESTION.encode()[:at]))
def test_other_bytes_are_refused_and_not_quoted(body: bytes) -> None:
    with pytest.raises(EntryInvalid) as caught:
        decode(body)
    assert len(str(caught.value)) < 120


@given(st.integers(0, len(ANSWER) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused_or_is_another_entry(at: int, change: int) -> None:
    body = bytearray(ANSWER.encode())
    body[at] ^= change
    try:
        entry = decode(bytes(body))
    except EntryInvalid:
        return
    assert entry != answer(18441)
    assert encode(entry) == bytes(body)


def on_question(**changes: Any) -> bytes:
    return rewritten(QUESTION.encode(), **changes)


def on_answer(**changes: Any) -> bytes:
    return rewritten(ANSWER.encode(), **changes)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="no version"),
        pytest.param(b"[" * 100_000, id="deep nesting"),
        pytest.param(on_question(v=2), id="a later version"),
        pytest.param(on_question(v=True), id="true is not 1"),
        pytest.param(on_question(v=1.0), id="1.0 is not 1"),
        pytest.param(on_question(v="1"), id="version as text"),
        pytest.param(on_question(kind="query"), id="unknown kind"),
        pytest.param(on_question(kind=["question"]), id="kind is a list"),
        pytest.param(on_question(kind=...), id="no kind"),
        pytest.param(on_question(kind="answer"), id="a question called an answer"),
        pytest.param(on_question(extra=1), id="surplus key"),
        pytest.param(on_question(trace=...), id="missing key"),
        pytest.param(QUESTION.replace('"role"', '"role":"x","role"').encode(), id="duplicate key"),
        pytest.param(QUESTION.replace('"v":1,', "").replace("}", ',"v":1}').encode(), id="another order"),
        pytest.param((QUESTION + " ").encode(), id="space after"),
        pytest.param((QUESTION + "\n").encode(), id="newline after"),
        pytest.param(QUESTION.replace(":1,", ": 1,").encode(), id="space inside"),
        pytest.param(("\ufeff" + QUESTION).encode(), id="byte order mark"),
        pytest.param(QUESTION.replace("bearer", "be\\u0061rer").encode(), id="escaped letter"),
        pytest.param(QUESTION.replace("bearer", "be\\u202erer").encode(), id="escaped bidi override"),
        pytest.param(QUESTION.replace("bearer", "be\\ud800rer").encode(), id="escaped half surrogate"),
        pytest.param(QUESTION.replace("bearer", "be\u202erer").encode(), id="bidi override"),
        pytest.param(QUESTION.replace("bearer", "be\nrer").encode(), id="control character"),
        pytest.param(QUESTION.encode().replace(b"bearer", b"be\xc0\xafrer"), id="overlong UTF-8"),
        pytest.param(QUESTION.encode().replace(b"bearer", b"be\xed\xa0\x80rer"), id="UTF-8 surrogate"),
        pytest.param(on_question(role="a role"), id="a space in a code"),
        pytest.param(on_question(role=""), id="an empty code"),
        pytest.param(on_question(role="x" * (CODE_MAX + 1)), id="an overlong code"),
        pytest.param(on_question(role=5), id="a number for a code"),
        pytest.param(on_question(role=None), id="null for a code"),
        pytest.param(on_question(worker="Jane Smith"), id="a name for a reference"),
        pytest.param(on_question(worker=REF[:-1]), id="a short reference"),
        pytest.param(on_question(worker=REF.upper()), id="an upper-case reference"),
        pytest.param(on_question(case=None), id="no case"),
        pytest.param(on_question(subject=None), id="no subject"),
        pytest.param(on_question(trace=None), id="no trace"),
        pytest.param(on_answer(question=None), id="ends nothing"),
        pytest.param(on_answer(matches=[["x", "same", None, []]]), id="candidates unknown"),
        pytest.param(on_answer(records=[["x", "y", None, []]]), id="no ordinal"),
        pytest.param(on_question(policy=REF), id="a short digest"),
        pytest.param(on_question(nonce="00" * 15), id="a short nonce"),
        pytest.param(on_question(nonce="0A" * 16), id="an upper-case nonce"),
        pytest.param(on_question(nonce=None), id="no nonce"),
        pytest.param(on_question(at="2026-11-20T16:41:07Z"), id="no milliseconds"),
        pytest.param(on_question(at="2026-11-20T16:41:07.113456Z"), id="microseconds"),
        pytest.param(on_question(at="2026-11-20T16:41:07.113+00:00"), id="an offset"),
        pytest.param(on_question(at="2026-11-31T16:41:07.113Z"), id="no such day"),
        pytest.param(on_question(at=1763656867), id="a moment as a number"),
        pytest.param(on_question(decision=REF), id="decision is text"),
        pytest.param(on_question(decision=[REF]), id="decision without a moment"),
        pytest.param(on_question(asked=[["x", "ab"]]), id="kinds as text"),
        pytest.param(on_question(asked=[["x"]]), id="asked without kinds"),
        pytest.param(on_question(asked=None), id="asked is null"),
        pytest.param(on_question(asked={"x": ["y"]}), id="asked is an object"),
        pytest.param(on_answer(question=-1), id="negative count"),
        pytest.param(on_answer(question=COUNT_MAX + 1), id="count too large"),
        pytest.param(on_answer(question=1.5), id="fraction"),
        pytest.param(on_answer(question=True), id="true for a count"),
        pytest.param(on_answer(question="1"), id="count as text"),
        pytest.param(on_answer(outcome="shrug"), id="unknown outcome"),
        pytest.param(on_answer(sources=[["x", "asleep", None, None, None]]), id="unknown source state"),
        pytest.param(on_answer(sources=[["x", "answered", None, None]]), id="a source line cut short"),
        pytest.param(on_answer(sources=[["x", "answered", None, None, None, None]]), id="a source line too long"),
        pytest.param(on_answer(matches=[["x", "same", 1, [["dob"]]]]), id="compared without outcome"),
        pytest.param(on_answer(matches=[["x", "twin", 1, []]]), id="unknown match"),
        pytest.param(
            on_answer(records=[["x", "y", 1, [["lost", ["*"], [], False, None]]]]), id="unknown field outcome"
        ),
        pytest.param(on_answer(records=[["x", "y", 1, [["gap", ["*"], [], 0, None]]]]), id="veiled as a number"),
        pytest.param(on_answer(records=[["x", "y", 1, [["gap", "*", [], False, None]]]]), id="fields as text"),
        pytest.param(on_answer(records=[["x", "y", 1, [["gap", ["*"], "a", False, None]]]]), id="grounds as text"),
        pytest.param(on_answer(records=[["x", "y", 1, [["gap", ["*"], [], False]]]]), id="a group cut short"),
    ],
)
def test_what_is_not_exactly_an_entry_is_refused(body: bytes) -> None:
    with pytest.raises(EntryInvalid) as caught:
        decode(body)
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "was", "now"),
    [
        pytest.param(question(side="ab" * 32), '"}', f'","side":"{"ab" * 32}"}}', id="text beside it"),
        pytest.param(question(look_back=LookBack(None, "exploitation")), '"}', '","look_back":[null,"exploitation"]}',
                     id="the whole life"),
        pytest.param(question(look_back=LookBack(25, "exploitation"), side="ab" * 32), '"}',
                     f'","look_back":[25,"exploitation"],"side":"{"ab" * 32}"}}', id="both"),
        pytest.param(question(decision=None), f'["{"91aa" * 8}","2026-11-20T15:41:07.113Z"]', "null", id="no decision"),
    ],
)  # fmt: skip
def test_what_a_question_may_have_and_not(entry: Entry, was: str, now: str) -> None:
    """A log written today is read for decades: what is added is last, and what is not there is not written."""
    body = QUESTION.replace(was, now)
    assert encode(entry).decode() == body
    assert decode(body.encode()) == entry


MOMENT = "a moment such as 2026-11-20T16:41:07.113Z belongs here"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"hello", "entry: not JSON", id="no JSON"),
        pytest.param(b"[]", "v: only version 1 of the format is known", id="no object"),
        pytest.param(on_question(v=2), "v: only version 1 of the format is known", id="a later version"),
        pytest.param(on_question(kind="gossip"), "kind: not a kind of entry", id="another kind"),
        pytest.param(on_question(trace=...), "entry: a part is missing or malformed (KeyError)", id="a part missing"),
        pytest.param(on_question(nonce=7), "entry: a part is missing or malformed (TypeError)", id="a part malformed"),
        pytest.param(QUESTION.encode() + b" ", "entry: not written the one way this format allows", id="a space"),
        pytest.param(on_question(decision=[REF, "yesterday"]), f"decision: {MOMENT}", id="a decision made yesterday"),
        pytest.param(on_question(at="yesterday"), f"at: {MOMENT}", id="yesterday"),
        pytest.param(on_question(asked=[["x", "ab"]]), "entry: a list belongs here", id="kinds as text"),
        pytest.param(on_answer(outcome="shrug"), "AnswerOutcome: not one of its words", id="another outcome"),
        pytest.param(
            on_answer(records=[["x", "y", 1, [["gap", ["*"], [], 0, None]]]]),
            "veiled: true or false belongs here",
            id="veiled as a number",
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_of_what_was_read(body: bytes, message: str) -> None:
    with pytest.raises(EntryInvalid) as refused:
        decode(body)
    assert str(refused.value) == message


@pytest.mark.parametrize("surplus", [0, 1])
def test_length_limit(surplus: int) -> None:
    def record(pad: int) -> RecordLine:
        return RecordLine("x" * pad, "y", 1, ())

    start = len(encode(answer(1, records=())))
    each = len(encode(answer(1, records=(record(76), record(76))))) - len(encode(answer(1, records=(record(76),))))
    count, rest = divmod(BODY_MAX + surplus - start + 1, each)
    pads = [76] * count
    while rest:  # widen some, to hit the limit exactly
        pads[rest % count] += min(4, rest)
        rest -= min(4, rest)
    entry = answer(1, records=tuple(record(pad) for pad in pads))
    if surplus:
        with pytest.raises(EntryInvalid, match="at most"):
            encode(entry)
        with pytest.raises(EntryInvalid, match="at most"):
            decode(b" " * (BODY_MAX + 1))
    else:
        body = encode(entry)
        assert len(body) == BODY_MAX
        assert decode(body) == entry


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("imp-family-proceedings", "imp-family-proceedings"),
        ("*", "*"),
        ("https://issuer.example/a_b:c", "https://issuer.example/a_b:c"),
        ("date of birth", "date_of_birth"),
        ("jane@testshire.example", "jane_testshire.example"),
        ("", "x"),
        ("_private", "x_private"),
        (".", "x."),
        ("a\nb\x00c", "a_b_c"),
        ("a\u202eb", "a_b"),
        ("a\ud800b", "a_b"),
        ("\u00e9t\u00e9", "x_t_"),
        ('a"b\\c', "a_b_c"),
        ("\u0661", "x_"),
        ("x" * CODE_MAX, "x" * CODE_MAX),
        ("x" * (CODE_MAX + 1), "x" * CODE_MAX),
        (" " * (CODE_MAX + 1), "x" + "_" * (CODE_MAX - 1)),
    ],
)
def test_words_from_outside_become_codes(text: str, written: str) -> None:
    assert code(text) == written
    assert code(written) == written


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(lambda: question(nonce=b"short"), "nonce", id="short nonce"),
        pytest.param(lambda: question(nonce=b"x" * 17), "nonce", id="long nonce"),
        pytest.param(lambda: question(nonce="x" * 16), "nonce", id="text nonce"),
        pytest.param(lambda: question(at=datetime(2026, 1, 1)), "at: .*zone", id="no time zone"),
        pytest.param(lambda: question(case="MASH-2026-1182"), "case", id="the case itself"),
        pytest.param(lambda: question(subject="9990004021"), "subject", id="the NHS number itself"),
        pytest.param(lambda: question(policy="sha256:" + "0" * 64), "policy", id="a digest with its name"),
        pytest.param(lambda: question(document="0" * 63), "document", id="a short digest"),
        pytest.param(lambda: question(trace="0" * 33), "trace", id="a long trace"),
        pytest.param(lambda: Asker("c", "o", "jane.smith", "r", "t"), "worker", id="the worker's own name"),
        pytest.param(lambda: DecisionTaken("Team manager", AT), "decision", id="the post itself"),
        pytest.param(lambda: DecisionTaken(REF, datetime(2026, 1, 1)), "decision", id="a local moment"),
        pytest.param(lambda: answer(-1), "question", id="a negative index"),
        pytest.param(lambda: abandoned(True), "question", id="true for an index"),
        pytest.param(lambda: abandoned(COUNT_MAX + 1), "question", id="too large an index"),
        pytest.param(lambda: SourceLine("x", SourceState.ANSWERED, ms=-1), "ms", id="negative time"),
        pytest.param(lambda: SourceLine("x", SourceState.ANSWERED, records=-1), "records", id="negative records"),
        pytest.param(lambda: MatchLine("x", None, -1), "candidates", id="negative candidates"),  # type: ignore[arg-type]
        pytest.param(lambda: RecordLine("x", "y", -1, ()), "ordinal", id="negative ordinal"),
        pytest.param(lambda: FieldGroup(Outcome.GAP, ("*",), line=-1), "line", id="negative line"),
        pytest.param(lambda: refused(status=-1), "status", id="negative status"),
        pytest.param(lambda: refused(worker="jane"), "worker", id="a refused worker's name"),
        pytest.param(lambda: refused(trace="x"), "trace", id="a bad trace"),
    ],
)
def test_an_entry_that_would_break_the_rules_is_never_built(build: Callable[[], object], message: str) -> None:
    with pytest.raises(EntryInvalid, match=f"^{message}") as caught:
        build()
    assert not any(secret in str(caught.value) for secret in ("MASH", "9990004021", "jane", "manager"))


@pytest.mark.parametrize(("value", "fits"), [(0, True), (COUNT_MAX, True), (COUNT_MAX + 1, False), (-1, False)])
def test_count_limit(value: int, fits: bool) -> None:
    if fits:
        assert abandoned(value).question == value
    else:
        with pytest.raises(EntryInvalid):
            abandoned(value)


def test_moments_are_cut_to_the_millisecond_in_utc() -> None:
    local = datetime(2026, 11, 20, 18, 41, 7, 113_999, tzinfo=timezone(timedelta(hours=2)))
    assert question(at=local).at == AT
    assert question(at=local).at.tzinfo is UTC
    assert words.format_moment(datetime(7, 1, 2, 3, 4, 5, 6_000, tzinfo=UTC)) == "0007-01-02T03:04:05.006Z"


def test_only_ends_end_a_question() -> None:
    assert [ends(each) for each in (question(), refused(), answer(7), abandoned(8))] == [None, None, 7, 8]


def test_version_and_nonce_are_what_the_format_says() -> None:
    assert (encoding.VERSION, words.NONCE_BYTES, len(NONCE)) == (1, 16, 16)
