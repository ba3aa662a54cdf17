"""What entries say of each other, entry by entry: each contradiction, its words and the entry it names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from hub.audit import verify_story
from hub.audit.verify_found import Fault, Stop
from hub.audit.verify_story import OPEN_FOR_MAX, Role, Story
from tests.audit.samples import AT

LATE = AT + OPEN_FOR_MAX + timedelta(microseconds=1)


def told(*roles: Role | tuple[Role, int] | tuple[Role, int, int], missing: tuple[int, ...] = ()) -> Story:
    """A story of entries: each what it is, of which question, in how many parts; questions are all asked at ``AT``."""
    story = Story()
    for index, each in enumerate(roles):
        role, *rest = each if isinstance(each, tuple) else (each,)
        at = AT if role is Role.QUESTION else None
        story.take(index, Role(role), *(int(number) for number in rest), missing=index in missing, at=at)
    return story


Q, END, PART, BARE, OTHER = Role.QUESTION, Role.END, Role.RECORDS, Role.BARE, Role.OTHER


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param([], id="nothing"),
        pytest.param([Q, (END, 0)], id="a question and its end"),
        pytest.param([Q, Q, OTHER, (END, 0), (END, 1)], id="two at a time"),
        pytest.param([Q, (PART, 0), (PART, 0), (END, 0, 2)], id="an answer in parts"),
        pytest.param([Q, (PART, 0), (END, 0, 1), Q, (PART, 3), (END, 3, 1)], id="and another"),
        pytest.param([BARE, (PART, 0), (END, 0, 1)], id="of a question that was pruned"),
        pytest.param([BARE, (END, 0)], id="the end of one"),
        pytest.param([Q, BARE, (PART, 0), (END, 0, 2)], id="the first part was pruned"),
        pytest.param([Q, (PART, 0), BARE, OTHER], id="and the answer"),
    ],
)
def test_these_are_stories(roles: list[Role | tuple[Role, int] | tuple[Role, int, int]]) -> None:
    story = told(*roles)
    story.pruned(len(roles), len(roles))
    story.end(len(roles), LATE, sides=True)


@pytest.mark.parametrize(
    ("roles", "reason", "index"),
    [
        pytest.param([(END, 0)], "ends entry 0, which is not a question still open", 0, id="an end of nothing"),
        pytest.param([Q, OTHER, (END, 1)], "ends entry 1, which is not a question still open", 2, id="of no question"),
        pytest.param([Q, (END, 0), (END, 0)], "ends entry 0, which is not a question still open", 2, id="a second end"),
        pytest.param(
            [OTHER, (PART, 0)], "records of entry 0, which is not the question being answered here", 1, id="of nothing"
        ),
        pytest.param(
            [Q, Q, (PART, 0), (PART, 1)],
            "records of entry 1, which is not the question being answered here",
            3,
            id="of two questions",
        ),
        pytest.param(
            [Q, (END, 0), (PART, 0)],
            "records of entry 0, which is not the question being answered here",
            2,
            id="after the end",
        ),
        pytest.param(
            [Q, (PART, 0), OTHER], "parts of an answer are missing, or belong to another", 2, id="something between"
        ),
        pytest.param([Q, (PART, 0), (END, 0, 2)], "parts of an answer are missing, or belong to another", 2, id="few"),
        pytest.param([Q, (PART, 0), (END, 0)], "parts of an answer are missing, or belong to another", 2, id="many"),
        pytest.param([Q, (END, 0, 1)], "parts of an answer are missing, or belong to another", 1, id="none"),
        pytest.param(
            [Q, Q, (PART, 0), (END, 1, 1)], "parts of an answer are missing, or belong to another", 3, id="another's"
        ),
        pytest.param(
            [BARE, Q, (PART, 1), (PART, 1), (END, 1, 3)],
            "parts of an answer are missing, or belong to another",
            4,
            id="something was pruned, but not a part",
        ),
    ],
)
def test_these_are_not(roles: list[Role | tuple[Role, int] | tuple[Role, int, int]], reason: str, index: int) -> None:
    with pytest.raises(Stop) as stop:
        told(*roles)
    assert stop.value.fault == Fault(reason, index)


def test_so_many_questions_at_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_story, "OPEN_MAX", 2)
    told(Q, Q, (END, 0), Q)
    with pytest.raises(Stop) as stop:
        told(OTHER, Q, Q, Q)
    assert stop.value.fault == Fault("more than 2 questions without an end", 3)


def _erased(*sides: int) -> Callable[[], None]:
    """Entry 4 says so; beside 1 the text is missing, 2 is bare, 3 has none or still has it, 5 comes after."""
    story = told(OTHER, OTHER, BARE, OTHER, OTHER, OTHER, missing=(1, 5))
    return lambda: story.erased(4, sides)


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        pytest.param(_erased(), None, id="nothing erased"),
        pytest.param(_erased(1, 2), None, id="what is gone is erased"),
        pytest.param(
            _erased(1, 3), Fault("erases the text beside entry 3, which has none or still has it", 4), id="still there"
        ),
        pytest.param(
            _erased(4), Fault("erases the text beside entry 4, which has none or still has it", 4), id="its own"
        ),
        pytest.param(
            _erased(5), Fault("erases the text beside entry 5, which has none or still has it", 4), id="a later one's"
        ),
        pytest.param(lambda: Story().pruned(3, 3), None, id="all before it are pruned"),
        pytest.param(lambda: Story().pruned(3, 4), Fault("prunes entries that come after it", 3), id="itself pruned"),
    ],
)
def test_what_an_entry_may_say_was_dropped(act: Callable[[], None], fault: Fault | None) -> None:
    if fault is None:
        act()
        return
    with pytest.raises(Stop) as stop:
        act()
    assert stop.value.fault == fault


def _parts() -> Story:
    return told(Q, (PART, 0))


def _gone(*sides: int) -> Story:
    """Text is missing beside 1 and 2."""
    story = told(OTHER, OTHER, OTHER, OTHER, missing=(1, 2))
    story.erased(3, sides)
    return story


def _pruned(*before: int) -> Story:
    """The bytes of 0 and 1 are gone; each of ``before`` is said in turn."""
    story = told(BARE, BARE, OTHER, OTHER)
    for each in before:
        story.pruned(3, each)
    return story


def _open(*, pruned: int = 0, at: bool = True, gone: int | None = None) -> Story:
    """Entry 1 is a question without an end; the bytes of entry ``gone`` are gone."""
    story = Story()
    story.take(0, BARE if gone == 0 else OTHER)
    story.take(1, Q, at=AT if at else None)
    story.take(2, BARE if gone == 2 else OTHER)
    story.take(3, OTHER)
    if pruned:
        story.pruned(3, pruned)
    return story


NO_ERASURE = "the text beside it is gone, and no later entry says that it was erased"
NO_PRUNING = "its bytes are gone, and no later entry says that it was pruned"
NO_END = "a question that has had no end for over 10 minutes"


@pytest.mark.parametrize(
    ("story", "late", "sides", "fault"),
    [
        pytest.param(_parts(), 0, False, Fault("parts of an answer that is not there", 1), id="parts, no answer"),
        pytest.param(_gone(), 0, True, Fault(NO_ERASURE, 1), id="text is gone"),
        pytest.param(_gone(1), 0, True, Fault(NO_ERASURE, 2), id="one was erased, another is gone"),
        pytest.param(_gone(2, 1), 0, True, None, id="all of it was erased"),
        pytest.param(_gone(), 0, False, None, id="nobody looked for the text"),
        pytest.param(_pruned(), 0, True, Fault(NO_PRUNING, 0), id="bytes are gone"),
        pytest.param(_pruned(1), 0, False, Fault(NO_PRUNING, 1), id="one was pruned, another is gone"),
        pytest.param(_pruned(2), 0, True, None, id="both were pruned"),
        pytest.param(_pruned(2, 1), 0, True, None, id="the furthest pruning counts"),
        pytest.param(_open(), 600, True, None, id="a question of ten minutes"),
        pytest.param(_open(), 601, True, Fault(NO_END, 1), id="older"),
        pytest.param(_open(), -600, True, None, id="a clock that is slow"),
        pytest.param(_open(), -601, True, Fault(NO_END, 1), id="a question of the future"),
        pytest.param(_open(at=False), 0, True, Fault(NO_END, 1), id="nobody knows since when"),
        pytest.param(_open(pruned=3, gone=2), 601, True, None, id="its end may have been pruned"),
        pytest.param(_open(pruned=3), 601, True, Fault(NO_END, 1), id="nothing was pruned, whatever is said"),
        pytest.param(_open(pruned=1, gone=0), 601, True, Fault(NO_END, 1), id="others were pruned, its end was not"),
    ],
)
def test_what_is_wrong_at_the_end(story: Story, late: int, sides: bool, fault: Fault | None) -> None:
    """``late``: how many seconds after the questions. The size matters to parts alone, and there it is two."""
    now = AT + timedelta(seconds=late)
    if fault is None:
        story.end(2, now, sides=sides)
        return
    with pytest.raises(Stop) as stop:
        story.end(2, now, sides=sides)
    assert stop.value.fault == fault
