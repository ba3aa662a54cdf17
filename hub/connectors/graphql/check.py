"""Is a GraphQL mapping file true to the field catalogue, to its own operations, and to itself? All mistakes at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from hub.connectors.graphql.document import TYPENAME, BadDocument, Document, Part, read
from hub.connectors.graphql.file import Fault, FetchFile, FindFile, GraphqlFile, ListFile, MatchFile, OperationFile
from hub.connectors.rest_check import kind_faults, label_faults, zone_faults
from hub.connectors.rest_file import EVERY_KIND, full
from hub.domain.catalogue import Catalogue

ENTITIES = "_entities"
REPRESENTATIONS = "representations"
"""Apollo Federation subgraph specification: the field and argument by which a subgraph is asked for entities."""

_NAMED = frozenset({"given_name", "family_name"})
_ASKED = (
    {"nhs_number"},
    _NAMED | {"birth_date"},
    _NAMED | {"birth_date_earliest", "birth_date_latest"},
    _NAMED | {"birth_date", "nhs_number"},
)
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


def faults_in(
    file: GraphqlFile, catalogue: Catalogue, vocabulary: AbstractSet[str] | None
) -> tuple[dict[str, Document], list[Fault]]:
    """The operations of ``file`` by key (``match[0]``, ``find``, ``fetch``), and all that is wrong with it."""
    documents: dict[str, Document] = {}
    faults: list[Fault] = []
    operations: dict[str, OperationFile] = {f"match[{place}]": each for place, each in enumerate(file.match)}
    for key, operation in (operations | {"find": file.find, "fetch": file.fetch}).items():
        try:
            document = read(operation.operation)
        except BadDocument as fault:
            faults.append((f"{key}.operation", str(fault)))
            continue
        documents[key] = document
        faults += _operation_faults(key, operation, document)
    shared = [*zone_faults(file.system.timezone), *label_faults(file, vocabulary), *kind_faults(file, catalogue)]
    faults += [_split(each) for each in shared]
    faults += _match_faults(file, documents)
    faults += _answer_faults(file, documents)
    faults += _redacted_faults(file, documents, vocabulary)
    return documents, faults


def _split(sentence: str) -> Fault:
    """A sentence that begins with its key. ``labels[1] (path).words`` counts from one; the file's keys, from none."""
    key, _, what = sentence.partition(": ")
    found = re.match(r"labels\[(\d+)\] \((.*?)\)(.*)", key)
    return (f"labels[{int(found[1]) - 1}]{found[3]}", f"{what} ({found[2]})") if found else (key, what)


def _operation_faults(key: str, file: OperationFile, document: Document) -> Iterator[Fault]:
    given = set(_plain_variables(file)) | ({REPRESENTATIONS} if file.entity else set())
    for name in sorted(document.variables - given):
        yield f"{key}.operation", f"nothing in the file says what ${name} is given"
    for name in sorted(given - document.variables):
        yield f"{key}.operation", f"it does not declare ${name}, which the file gives a value"
    if (ENTITIES in document.data.types.get(None, {})) is not bool(file.entity):
        yield f"{key}.entity", f"name the entity's type where, and only where, the operation asks for {ENTITIES}"
    if file.entity and set(document.data.types.get(None, {})) != {ENTITIES}:
        yield f"{key}.operation", f"beside {ENTITIES} it asks for more: one operation, one question"
    is_digest = file.persisted is not None and file.persisted.startswith("sha256:")
    if is_digest and (_SHA256.fullmatch(file.persisted or "") is None or file.persisted != f"sha256:{document.sha256}"):
        yield f"{key}.persisted", f"not the digest of this text: review it, then write sha256:{document.sha256}"


def _plain_variables(file: OperationFile) -> Iterator[str]:
    """The variables that are not part of a representation."""
    if isinstance(file, MatchFile):
        yield from () if file.entity else file.ask
    elif isinstance(file, FindFile | FetchFile):
        yield from () if file.entity else (file.person,)
        if isinstance(file, FetchFile):
            yield file.ids
        else:
            yield from (file.types,) if file.types else ()
            yield from (file.pages.variable,) if file.pages else ()


def _match_faults(file: GraphqlFile, documents: Mapping[str, Document]) -> Iterator[Fault]:
    candidate = file.candidate
    row: dict[str, str] = {"candidate.id": candidate.id, "candidate.birth_date": candidate.birth_date}
    row |= {f"candidate.given_names[{place}]": path for place, path in enumerate(candidate.given_names)}
    row |= {f"candidate.family_names[{place}]": path for place, path in enumerate(candidate.family_names)}
    for name in ("postcode", "nhs_number", "nhs_number_verified"):
        if (path := getattr(candidate, name)) is not None:
            row[f"candidate.{name}"] = path
    if candidate.sex is not None:
        row["candidate.sex"] = full(candidate.sex).path
        words = full(candidate.sex).words
        if words is not None and words not in file.words:
            yield "candidate.sex", f"there is no table words.{words}"
    for place, search in enumerate(file.match):
        key = f"match[{place}]"
        asked = set(search.ask.values())
        if asked not in _ASKED or len(asked) != len(search.ask):
            yield (
                f"{key}.ask",
                (
                    "a search is asked with nhs_number, or with family_name, given_name and either birth_date or "
                    "both of birth_date_earliest and birth_date_latest, each once"
                ),
            )
        if "nhs_number" in asked and candidate.nhs_number is None:
            yield "candidate.nhs_number", "missing: who is searched by number is compared by number again"
        if (search.candidates is None) is not bool(search.entity):
            yield f"{key}.candidates", "the path of the list; left out where, and only where, an entity is asked for"
        if key in documents:
            yield from _paths(_root(documents[key], search), {f"{key}.more": search.more})
            rows = _below(_root(documents[key], search), search.candidates, f"{key}.candidates")
            yield from rows[1]
            yield from _paths(_not_redacted(rows[0], file), row)


def _answer_faults(file: GraphqlFile, documents: Mapping[str, Document]) -> Iterator[Fault]:
    for key, answers in (("find", file.find), ("fetch", file.fetch)):
        if (answers.as_of is None) is not file.system.live:
            yield (
                f"{key}.as_of",
                "the path of the time the answer is current at; left out only where system.live is true",
            )
        if key not in documents:
            continue
        root = _root(documents[key], answers)
        about = answers.about
        yield from _paths(
            root,
            {
                f"{key}.about.id": about.id,
                f"{key}.about.nhs_number": about.nhs_number,
                f"{key}.about.birth_date": about.birth_date,
                f"{key}.as_of": answers.as_of,
            },
        )
        if isinstance(answers, FindFile):
            yield from _find_faults(file, root)
        every: list[Part] = []
        for place, each in enumerate(answers.records):
            path = each.path if isinstance(each, ListFile) else each
            rows, faults = _below(root, path, f"{key}.records[{place}]")
            every += rows
            yield from faults
            yield from _row_faults(
                file, rows, with_fields=key == "fetch", labelled=key == "find" or file.fetch.repeats_labels
            )
        yield from _type_faults(key, file, every)


def _type_faults(key: str, file: GraphqlFile, rows: Sequence[Part]) -> Iterator[Fault]:
    """Types that are mapped and not asked for, and the other way round: neither could ever be read."""
    asked = {type_ for part in _not_redacted(rows, file) for type_ in part.types}
    if file.record.type != TYPENAME or None in asked:
        return
    mapped = {type_: kind for kind, each in file.kinds.items() for type_ in each.types}
    for type_ in sorted(mapped.keys() - asked):
        yield f"kinds.{mapped[type_]}.types", f"{key} has no `... on {type_}`"
    for type_ in sorted(str(type_) for type_ in asked - mapped.keys()):
        yield f"{key}.operation", f"it asks for {type_}, which no kind is mapped to"


def _find_faults(file: GraphqlFile, root: Sequence[Part]) -> Iterator[Fault]:
    find = file.find
    pages = find.pages
    yield from _paths(root, {"find.more": find.more})
    if pages is not None:
        yield from _paths(root, {"find.pages.next": pages.next, "find.pages.more": pages.more})
        if pages.of not in [each.path if isinstance(each, ListFile) else each for each in find.records]:
            yield "find.pages.of", "it is the path of one of find.records"
    for place, each in enumerate(find.records):
        if isinstance(each, ListFile) and each.kind is not None and each.kind not in file.kinds:
            yield f"find.records[{place}]", f"{each.kind} is not mapped in this file"


def _row_faults(file: GraphqlFile, rows: Sequence[Part], *, with_fields: bool, labelled: bool) -> Iterator[Fault]:
    """Whether every record that is not redacted states what is read of it: its fields, where it states any.

    A marking must be asked of every type, or a bar would go unseen; where it is required for named kinds, of theirs.
    """
    for part in _not_redacted(rows, file):
        for type_, fields in part.types.items():
            one = [Part({type_: fields})]
            kinds = _kinds_of(type_, file)
            places = {f"record.{name}": getattr(file.record, name) for name in ("id", "person", "type")}
            for place, label in enumerate(file.labels) if labelled else ():
                if set(label.required_for) & {EVERY_KIND, *kinds} or not label.required_for:
                    places[f"labels[{place}].path"] = label.path
            for kind in kinds if with_fields else ():
                for name, where in file.kinds[kind].fields.items():
                    places[f"kinds.{kind}.fields.{name}"] = full(where).path
            yield from _paths(one, places)


def _kinds_of(type_: str | None, file: GraphqlFile) -> list[str]:
    """The kinds that objects of a type may be: all of them, where the type is not what tells the kind."""
    if type_ is None or file.record.type != TYPENAME:
        return list(file.kinds)
    return [kind for kind, mapped in file.kinds.items() if type_ in mapped.types]


def _redacted_faults(
    file: GraphqlFile, documents: Mapping[str, Document], vocabulary: AbstractSet[str] | None
) -> Iterator[Fault]:
    redacted = file.redacted
    if redacted is None:
        return
    if redacted.words and redacted.reason is None:
        yield "redacted.words", "without redacted.reason there is nothing to read them from"
    for word in sorted(set(redacted.words.values()) - vocabulary) if vocabulary is not None else ():
        yield "redacted.words", f"{word} is not in the policies' vocabulary"
    seen: set[str] = set()
    for key, document in documents.items():
        for part in _every_part(document.data):
            for type_ in redacted.types:
                if type_ in part.types:
                    seen.add(type_)
                    if redacted.reason is not None:
                        yield from _paths([Part({type_: part.types[type_]})], {f"{key}.operation": redacted.reason})
    for type_ in redacted.types:
        if type_ not in seen and len(documents) == len(file.match) + 2:
            yield "redacted.types", f"no operation asks `... on {type_}`, so that none could ever be told from nothing"


def _every_part(part: Part) -> Iterator[Part]:
    yield part
    for fields in part.types.values():
        for below in fields.values():
            if below is not None:
                yield from _every_part(below)


def _root(document: Document, file: OperationFile) -> list[Part]:
    """What paths start from: the answer's ``data``, or the one entity."""
    if not file.entity:
        return [document.data]
    return [part for part in document.data.child(ENTITIES) if part is not None]


def _below(root: Sequence[Part], path: str | None, key: str) -> tuple[list[Part], list[Fault]]:
    if path is None:
        return list(root), []
    found = _walk(root, path)
    rows = [part for part in found if part is not None]
    return rows, [] if rows else [(key, f"its operation selects nothing below {path}")]


def _not_redacted(parts: Sequence[Part], file: GraphqlFile) -> list[Part]:
    hidden = set(file.redacted.types) if file.redacted else set()
    return [Part(types) for part in parts if (types := {t: f for t, f in part.types.items() if t not in hidden})]


def _walk(root: Sequence[Part], path: str) -> list[Part | None]:
    here: list[Part | None] = list(root)
    for key in path.split("."):
        here = [below for part in here if part is not None for below in part.child(key)]
    return here


def _paths(root: Sequence[Part], places: Mapping[str, str | None]) -> Iterator[Fault]:
    """A fault for every path that the operation does not select a value at."""
    for key, path in places.items():
        if path is None or not root:
            continue
        found = _walk(root, path)
        if not found:
            yield key, f"its operation does not select {path}"
        elif any(part is not None for part in found):
            yield key, f"its operation selects an object at {path}: say which value of it"
