"""Documents: parsed, limited, validated and hashed once, then remembered by their text.

Parsing and validating cost more than answering; both depend only on the text. Nothing of anybody's is remembered: a
document with a text written into it may name somebody and is prepared anew each time, as is one that was refused
(whose error holds on to all that was being done), and comments are dropped.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    StringValueNode,
    is_enum_type,
    strip_ignored_characters,
    validate,
)
from graphql.language.ast import QUERY_DOCUMENT_KEYS
from graphql.validation import (
    FieldsOnCorrectTypeRule,
    KnownArgumentNamesRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    specified_rules,
)
from graphql.validation.rules.custom.no_schema_introspection import NoSchemaIntrospectionCustomRule

from hub.domain.catalogue import Catalogue
from hub.errors import BadRequest
from hub.schema.compiled import Plans
from hub.schema.guard import parse_guarded
from hub.schema.selection import children_asked, shape_of
from hub.schema.silence import NoAmbiguousSilence

DOCUMENTS_MAX = 512
"""Documents remembered; the one least recently used is forgotten."""

ERRORS_MAX = 5
"""Validation stops at so many errors."""

_NAMING_RULES = (
    FieldsOnCorrectTypeRule,
    KnownArgumentNamesRule,
    KnownFragmentNamesRule,
    KnownTypeNamesRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
)
"""Rules whose messages hold only names of the schema and of the document, never a value."""


class Invalid(BadRequest):
    """A document that does not fit the schema, or could misread silence: one or more errors, safe to show."""

    default_code = "QUERY_INVALID"

    def __init__(self, errors: list[dict[str, object]]) -> None:
        extensions = errors[0]["extensions"]
        assert isinstance(extensions, dict)
        super().__init__(str(errors[0]["message"]), code=str(extensions["code"]))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to run.

    Attributes:
        document: its tree.
        sha256: digest of its shape without literals.
        plans: its compiled selections.
        operation: the name of its operation, if it has one.
        children: for each child it asks about, the kinds of record it looks for.
    """

    document: DocumentNode
    sha256: str
    plans: Plans
    operation: str | None = None
    children: tuple[frozenset[str], ...] = ()


class Documents:
    """Prepares documents against one schema.

    Args:
        schema: the schema.
        is_development: whether introspection is allowed and messages name fields and types.
        catalogue: the kinds of record there are, for what a document costs; without it, it costs nothing.
    """

    def __init__(self, schema: GraphQLSchema, *, is_development: bool, catalogue: Catalogue | None = None) -> None:
        self._schema = schema
        self._catalogue = catalogue
        self._is_development = is_development
        self._known: OrderedDict[str, Prepared] = OrderedDict()
        secrecy = () if is_development else (NoSchemaIntrospectionCustomRule,)
        self._rules = (*specified_rules, *secrecy)

    def prepare(self, text: str) -> Prepared:
        """The document in ``text``.

        Raises:
            BadRequest: over a limit, not GraphQL, or :class:`Invalid`.
        """
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            return found
        prepared = self._prepare(text)
        if not _has_texts(prepared.document):
            self._known[key] = prepared
            if len(self._known) > DOCUMENTS_MAX:
                self._known.popitem(last=False)
        return prepared

    def _prepare(self, text: str) -> Prepared:
        document, operation = parse_guarded(text)
        errors = validate(self._schema, document, self._rules, max_errors=ERRORS_MAX, hide_suggestions=True)
        if not errors:  # what does not fit the schema cannot be judged for silence
            errors = validate(self._schema, document, (NoAmbiguousSilence,), max_errors=ERRORS_MAX)
        if errors:
            raise Invalid([self._shown(error, document) for error in errors[:ERRORS_MAX]])
        if "#" in text:  # its tree holds on to the text, and so to its comments
            document, operation = parse_guarded(strip_ignored_characters(text))
        sha256 = hashlib.sha256(shape_of(document).encode()).hexdigest()
        name = operation.name.value if operation.name else None
        children = children_asked(document, operation, self._catalogue) if self._catalogue else ()
        return Prepared(document, sha256, Plans(self._schema, document), name, children)

    def _shown(self, error: GraphQLError, document: DocumentNode) -> dict[str, object]:
        """A validation error as it may be shown: ours as they are, names only in development, values never."""
        places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
        if error.extensions and "code" in error.extensions:
            return {"message": error.message, "locations": places, "extensions": dict(error.extensions)}
        if "'Purpose' enum" in error.message:
            unknown = purpose_unknown(self._schema)
            return {"message": unknown.message, "locations": places, "extensions": {"code": unknown.code}}
        where = f" at line {places[0]['line']}, column {places[0]['column']}" if places else ""
        message = f"The document does not fit the schema{where}. Compare it with docs/schema.graphql."
        if self._is_development and self._is_about_names(error, document):
            message = error.message
        return {"message": message, "locations": places, "extensions": {"code": "QUERY_INVALID"}}

    def _is_about_names(self, error: GraphQLError, document: DocumentNode) -> bool:
        named = validate(self._schema, document, _NAMING_RULES, max_errors=ERRORS_MAX, hide_suggestions=True)
        return error.message in {each.message for each in named}


def _has_texts(document: DocumentNode) -> bool:
    waiting: list[Node] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, StringValueNode):
            return True
        for key in QUERY_DOCUMENT_KEYS.get(node.kind, ()):
            inside = getattr(node, key, None)
            waiting += inside if isinstance(inside, list | tuple) else [inside] if inside is not None else []
    return False


def purpose_unknown(schema: GraphQLSchema) -> BadRequest:
    """What is said of a purpose the schema does not know: those it does."""
    known = schema.get_type("Purpose")
    assert is_enum_type(known)
    return BadRequest(f"That is not a purpose known here. Known: {', '.join(known.values)}.", code="PURPOSE_UNKNOWN")
