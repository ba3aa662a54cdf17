"""Limits on what one document may ask, checked in one linear pass over its text, before it is parsed.

What a fragment holds is added up once and remembered: a limiter that walks into every spread anew can be made to work
exponentially long by a short query.
"""

from __future__ import annotations

from collections.abc import Callable

from graphql import DocumentNode, GraphQLSyntaxError, OperationDefinitionNode, OperationType, parse

from hub.errors import BadRequest
from hub.schema.scan import Definition, Size, measure

CHARACTERS_MAX = 16_384
"""Of a document; more than the parser reads in a millisecond or two, whatever they are."""

TOKENS_MAX = 800
TOKEN_LENGTH_MAX = 512
"""Of a name, a number or a text written into the document; what is longer belongs in a variable, or nowhere."""

NESTING_MAX = 40
"""Brackets of any kind inside each other, for the parser's recursion; :data:`DEPTH_MAX` is stricter for fields."""

DEPTH_MAX = 12
ALIASES_MAX = 30
FIELDS_MAX = 1_500
"""Fields once every fragment stands where it is spread."""

MERGES_MAX = 1_000
"""Pairs of fields at one place under one name: GraphQL's rule on merging them compares each with each."""

FRAGMENTS_MAX = 16
SPREADS_MAX = 80
ROOT_FIELDS_MAX = 5
"""Each root field may be a child, and each child is a question to every custodian."""


def parse_guarded(text: str) -> tuple[DocumentNode, OperationDefinitionNode]:
    """Parse one operation within the limits.

    Raises:
        BadRequest: ``QUERY_SYNTAX``, ``QUERY_TOO_LARGE``, ``ONE_OPERATION``, ``QUERIES_ONLY``, ``QUERY_TOO_DEEP``,
            ``QUERY_TOO_WIDE``. No message repeats what was sent.
    """
    check_size(text)
    try:
        document = parse(text, max_tokens=TOKENS_MAX)
    except GraphQLSyntaxError as fault:
        place = fault.locations[0] if fault.locations else None
        where = f" at line {place.line}, column {place.column}" if place else ""
        raise BadRequest(f"The document is not GraphQL{where}.", code="QUERY_SYNTAX") from None
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1:
        raise BadRequest("Send exactly one operation in a document.", code="ONE_OPERATION")
    if operations[0].operation is not OperationType.QUERY:
        raise BadRequest("The hub answers queries only.", code="QUERIES_ONLY")
    return document, operations[0]


def check_size(text: str) -> None:
    """Refuse what is over a limit; it may still be no GraphQL.

    Raises:
        BadRequest: ``QUERY_TOO_LARGE``, ``QUERY_TOO_DEEP`` or ``QUERY_TOO_WIDE``.
    """
    if len(text) > CHARACTERS_MAX:
        raise _large(f"has more than {CHARACTERS_MAX} characters")
    size = measure(text, tokens_max=TOKENS_MAX)
    if size.tokens > TOKENS_MAX:
        raise _large(f"has more than {TOKENS_MAX} tokens")
    if size.token_length > TOKEN_LENGTH_MAX:
        raise _large(f"has a text, a name or a number of more than {TOKEN_LENGTH_MAX} characters")
    if size.nesting > NESTING_MAX:
        raise BadRequest(f"The document is nested more than {NESTING_MAX} brackets deep.", code="QUERY_TOO_DEEP")
    if size.aliases > ALIASES_MAX:
        raise _wide(f"has more than {ALIASES_MAX} aliases")
    _check_fragments(size)
    if size.merges > MERGES_MAX:
        raise _wide("selects the same fields again and again in one place")


def _check_fragments(size: Size) -> None:
    spreads = sum(len(each.spreads) for each in (*size.operations, *size.fragments.values()))
    if size.defined > FRAGMENTS_MAX or spreads > SPREADS_MAX:
        raise _wide(f"has more than {FRAGMENTS_MAX} fragments, or spreads them more than {SPREADS_MAX} times")
    depth = _Sum(size, DEPTH_MAX, lambda each: each.depth, max, lambda above, inside: above + inside)
    width = _Sum(size, ROOT_FIELDS_MAX, lambda each: each.width, _add, lambda above, inside: 0 if above else inside)
    fields = _Sum(size, FIELDS_MAX, lambda each: each.fields, _add, lambda _, inside: inside)
    for operation in size.operations:
        if depth.of(operation) > DEPTH_MAX:
            raise BadRequest(f"The document is nested more than {DEPTH_MAX} levels deep.", code="QUERY_TOO_DEEP")
        if width.of(operation) > ROOT_FIELDS_MAX:
            raise _wide(f"asks for more than {ROOT_FIELDS_MAX} things at its root", "Ask about one child at a time.")
        if fields.of(operation) > FIELDS_MAX:
            raise _wide(f"asks for more than {FIELDS_MAX} fields")


def _add(one: int, other: int) -> int:
    return one + other


class _Sum:
    """One measure of a definition with every fragment where it is spread; a cycle counts as over the limit.

    Args:
        size: where the fragments are.
        limit: what the measure may be at most; it is not followed further than one over.
        own: the measure of a definition alone.
        join: adds up what stands beside each other.
        below: the measure of a fragment (second) that is spread under so many fields (first).
    """

    def __init__(
        self,
        size: Size,
        limit: int,
        own: Callable[[Definition], int],
        join: Callable[[int, int], int],
        below: Callable[[int, int], int],
    ) -> None:
        self._fragments = size.fragments
        self._limit = limit
        self._own = own
        self._join = join
        self._below = below
        self._known: dict[str, int] = {}

    def of(self, definition: Definition) -> int:
        """The measure, at most one over the limit."""
        total = self._own(definition)
        for above, name in definition.spreads:
            total = self._join(total, self._below(above, self._fragment(name)))
        return min(total, self._limit + 1)

    def _fragment(self, name: str) -> int:
        if name not in self._known and name in self._fragments:
            self._known[name] = self._limit + 1  # what a cycle would find
            self._known[name] = self.of(self._fragments[name])
        return self._known.get(name, 0)


def _large(what: str) -> BadRequest:
    return BadRequest(f"The document {what}. Ask for less at once.", code="QUERY_TOO_LARGE")


def _wide(what: str, do: str = "Ask for less at once.") -> BadRequest:
    return BadRequest(f"The document {what}. {do}", code="QUERY_TOO_WIDE")
