"""What tells others that the child was looked up is read where a question really names it, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLSchema, execute, parse

from hub.domain.catalogue import READ_WHEN_NAMED
from hub.domain.enquiry import Searcher
from hub.domain.organisations import Sector
from hub.domain.view import JoinedView
from hub.schema.query import Context
from hub.service.question import Question, Words
from tests.domain.samples import view

ASK = '(find: {nhsNumber: "9990004021"}, enquiry: {purpose: CA2004_S16LA, caseReference: "A-1"})'
NAMED = "cpisInformation { answer }"
HEALTH = "health { ... on HealthRecord { attendances { on } %s } }"
CPIS = {"cpis_information"}


async def read(schema: GraphQLSchema, inside: str, fragments: str = "", **variables: bool) -> set[str]:
    """The kinds that tell others and that a question with this selection reads."""
    asked: list[Question] = []

    async def use_case(question: Question) -> JoinedView:
        asked.append(question)
        return view()

    searcher = Searcher("c", "o", "O", Sector.COUNCIL, "w", "mash_social_worker", frozenset({"ca2004-s16la"}))
    context: Any = Context(searcher, use_case, "0" * 64, "0" * 32, Words("", {}))  # type: ignore[arg-type]
    document = f"query($with: Boolean = false) {{ child{ASK} {{ ... on JoinedView {{ {inside} }} }} }} {fragments}"
    result: Any = execute(schema, parse(document), context_value=context, variable_values=variables)
    result = await result
    assert result.errors is None, result.errors
    (question,) = asked
    assert "attendance" in question.read
    assert question.look >= READ_WHEN_NAMED, "that there is such a system is looked for with the section"
    return set(question.read & READ_WHEN_NAMED)


PART = f"fragment Part on HealthRecord {{ {NAMED} }}"


@pytest.mark.parametrize(
    ("inside", "fragments", "variables", "expected"),
    [
        pytest.param(HEALTH % NAMED, "", {}, CPIS, id="named"),
        pytest.param(HEALTH % f"a: {NAMED} b: {NAMED}", "", {}, CPIS, id="twice is one read"),
        pytest.param(HEALTH % f"other: {NAMED}", "", {}, CPIS, id="under another name"),
        pytest.param(HEALTH % "cpisInformation: attendances { on }", "", {}, set(), id="another list under its name"),
        pytest.param(HEALTH % "", "", {}, set(), id="not named"),
        pytest.param(HEALTH % "cpisInformation @skip(if: true) { answer }", "", {}, set(), id="skipped"),
        pytest.param(HEALTH % "cpisInformation @include(if: $with) { answer }", "", {}, set(), id="a default leaves it out"),
        pytest.param(HEALTH % "cpisInformation @include(if: $with) { answer }", "", {"with": True}, CPIS, id="included"),
        pytest.param(HEALTH % "cpisInformation @skip(if: $with) { answer }", "", {"with": True}, set(), id="a variable leaves it out"),
        pytest.param(HEALTH % "" + f" h: health @skip(if: true) {{ ... on HealthRecord {{ {NAMED} }} }}", "", {}, set(), id="its section skipped"),
        pytest.param(HEALTH % f"... @include(if: $with) {{ {NAMED} }}", "", {}, set(), id="its fragment left out"),
        pytest.param(HEALTH % "...Part @include(if: $with)", PART, {}, set(), id="its named fragment left out"),
        pytest.param(HEALTH % "...Part @include(if: $with) ...Part", PART, {}, CPIS, id="left out in one place of two"),
        pytest.param(HEALTH % "" + " timeline { total } alerts { kind } identity { names { value } }", "", {}, set(), id="everything else"),
    ],
)  # fmt: skip
async def test_what_is_read(
    schema: GraphQLSchema, inside: str, fragments: str, variables: dict[str, bool], expected: set[str]
) -> None:
    assert await read(schema, inside, fragments, **variables) == expected
