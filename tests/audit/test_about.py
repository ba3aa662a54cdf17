"""Which entries are about a child: by what each kind points to, and one pass over a log against reading it slowly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.audit.about import About, ended, kind_in, pointed_to
from hub.audit.acts import KINDS
from hub.audit.encoding import encode
from hub.audit.entries import Records
from tests.audit import samples
from tests.audit.samples import AT, NONCE, REF, SUBJECT

OTHER = "77" * 16
BEHIND = encode(samples.act("review", entry=8))


def records(of: int) -> Records:
    return Records(AT, NONCE, of, samples.answer(of).records)


@pytest.mark.parametrize(
    ("body", "points", "ends", "kind"),
    [
        pytest.param(encode(samples.question()), None, None, "question", id="a question"),
        pytest.param(encode(samples.answer(30)), 30, 30, "answer", id="an answer"),
        pytest.param(encode(samples.answer(0)), 0, 0, "answer", id="an answer to the first entry"),
        pytest.param(encode(records(30)), 30, 30, "records", id="a part of an answer"),
        pytest.param(encode(samples.abandoned(30)), 30, 30, "abandoned", id="an abandonment"),
        pytest.param(encode(samples.refused()), None, None, "refused", id="a refusal"),
        pytest.param(encode(samples.act("review", entry=30)), 30, None, "review", id="a review"),
        pytest.param(encode(samples.act("release_request")), 4, None, "release_request", id="a release request"),
        pytest.param(encode(samples.act("reveal")), None, None, "reveal", id="a reveal is about its reference alone"),
        pytest.param(encode(samples.act("consultation")), None, None, "consultation", id="a look at an entry"),
        pytest.param(encode(samples.act("hold")), None, None, "hold", id="a hold"),
        pytest.param(b"", None, None, None, id="dropped"),
        pytest.param(b'{"v":1,"kind":"answer"}', None, None, None, id="no moment, no nonce"),
        pytest.param(encode(samples.answer(3)).replace(b'"v":1', b'"v":2'), None, None, None, id="another version"),
        pytest.param(
            samples.rewritten(encode(samples.answer(3)), question=None), None, None, "answer", id="of nothing"
        ),
        pytest.param(samples.rewritten(BEHIND, entry=None), None, None, "review", id="a review of nothing"),
        pytest.param(samples.rewritten(BEHIND, kind=""), None, None, None, id="no kind"),
        pytest.param(b" " + encode(samples.answer(3)), None, None, None, id="a space before it"),
        pytest.param(b"x" + BEHIND + BEHIND, None, None, None, id="entries that stand behind something"),
    ],
)
def test_what_an_entry_points_to(body: bytes, points: int | None, ends: int | None, kind: str | None) -> None:
    assert (pointed_to(body), ended(body), kind_in(body)) == (points, ends, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_act_says_its_kind(kind: str) -> None:
    assert kind_in(encode(samples.act(kind))) == kind


@pytest.mark.parametrize(
    ("bodies", "found"),
    [
        pytest.param([samples.question(), samples.question(subject=OTHER)], {0}, id="her question, and no other's"),
        pytest.param([samples.question(), samples.answer(0)], {0, 1}, id="the end of her question"),
        pytest.param([samples.question(), records(0), samples.answer(0, parts=1)], {0, 1, 2}, id="a long answer"),
        pytest.param([samples.question(), samples.abandoned(0)], {0, 1}, id="no answer came of it"),
        pytest.param([samples.question(subject=OTHER), samples.answer(0)], set(), id="another child's answer"),
        pytest.param(
            [samples.question(), samples.answer(0), samples.act("review", entry=1)], {0, 1, 2}, id="a review of the end"
        ),
        pytest.param(
            [samples.question(), samples.answer(0), samples.act("release_request", answer=1)],
            {0, 1, 2},
            id="a request to lift a refusal",
        ),
        pytest.param([samples.act("erasure", references=(OTHER, SUBJECT))], {0}, id="an erasure that names her last"),
        pytest.param([samples.act("reveal", reference=SUBJECT)], {0}, id="who looked up her name"),
        pytest.param([samples.answer(1), samples.question()], {1}, id="nothing points forward"),
        pytest.param([samples.question(), None, samples.answer(1)], {0}, id="a dropped entry is about nobody"),
        pytest.param([samples.answer(5), samples.question()], {1}, id="before anything of hers"),
    ],
)
def test_one_pass_finds_what_is_about_her(bodies: list[Any], found: set[int]) -> None:
    about = About([SUBJECT])
    said = {index for index, entry in enumerate(bodies) if about.step(index, b"" if entry is None else encode(entry))}
    assert said == about.found == found


def test_several_references_are_one_child_and_none_is_nobody() -> None:
    two, none = About([OTHER, SUBJECT, OTHER]), About([])
    bodies = [encode(samples.question(subject=each)) for each in (SUBJECT, REF, OTHER)]
    assert [two.step(index, body) for index, body in enumerate(bodies)] == [True, False, True]
    assert [none.step(index, body) for index, body in enumerate(bodies)] == [False] * 3
    assert not none.step(3, b'""'), "not even bytes that are no entry"
    assert none.found == set()


def test_a_reference_is_found_whole_and_not_inside_another_word() -> None:
    about = About(["0b44"])
    assert not about.step(0, encode(samples.question()))
    assert not About(["."]).step(0, encode(samples.question(purpose="p"))), "a reference is text and no expression"


_INDEXES = st.integers(0, 12)
_ANY = st.one_of(
    st.sampled_from([SUBJECT, OTHER]).map(lambda subject: samples.question(subject=subject)),
    _INDEXES.map(samples.answer),
    _INDEXES.map(samples.abandoned),
    _INDEXES.map(records),
    _INDEXES.map(lambda entry: samples.act("review", entry=entry)),
    _INDEXES.map(lambda entry: samples.act("release_request", answer=entry)),
    st.sampled_from([SUBJECT, OTHER]).map(lambda subject: samples.act("hold", subject=subject)),
    st.just(samples.refused()),
)


@settings(max_examples=200)
@given(st.lists(_ANY, max_size=12))
def test_one_pass_is_what_reading_each_entry_says(log: list[Any]) -> None:
    about, hers = About([SUBJECT]), set[int]()
    for index, entry in enumerate(log):
        to = [getattr(entry, name, None) for name in ("question", "entry", "answer")]
        if getattr(entry, "subject", None) == SUBJECT or hers.intersection(each for each in to if each is not None):
            hers.add(index)
        assert about.step(index, encode(entry)) is (index in hers)
    assert about.found == hers
