"""Is an object an AuditEvent of FHIR R4? By the published definitions, read in the small part of JSON Schema they use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PUBLISHED = json.loads((Path(__file__).parent / "data" / "fhir-r4-audit-event.json").read_text(encoding="utf-8"))
_DEFINITIONS = _PUBLISHED["definitions"]
_CODES = _PUBLISHED["codes"]
_KNOWN = {"$ref", "type", "properties", "required", "additionalProperties", "items", "pattern", "const", "enum"}
_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float)}
_CODED = {"action": "http://hl7.org/fhir/audit-event-action", "outcome": "http://hl7.org/fhir/audit-event-outcome"}


def faults(resource: Any) -> list[str]:
    """What is wrong with ``resource``, each with where it is; nothing when it is an AuditEvent."""
    return [
        *_schema("AuditEvent", {"$ref": "#/definitions/AuditEvent"}, resource),
        *_rules(resource),
        *_codes("", resource),
    ]


def _schema(place: str, schema: dict[str, Any], value: Any) -> Iterator[str]:
    schema = {key: each for key, each in schema.items() if key != "description"}
    assert schema.keys() <= _KNOWN, schema.keys()
    if "$ref" in schema:
        yield from _schema(place, _DEFINITIONS[schema["$ref"].rpartition("/")[2]], value)
        return
    if "const" in schema and value != schema["const"]:
        yield f"{place}: not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: not one of its words"
    kind = schema.get("type", "object" if "properties" in schema else None)
    if kind and not isinstance(value, _TYPES[kind]):
        yield f"{place}: not of type {kind}"
        return
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{place}: not of its form"
    if isinstance(value, list):
        if not value:
            yield f"{place}: an empty list"
        for number, each in enumerate(value):
            yield from _schema(f"{place}[{number}]", schema["items"], each)
    if isinstance(value, dict):
        if not value:
            yield f"{place}: an empty object"
        for missing in set(schema.get("required", ())) - value.keys():
            yield f"{place}.{missing}: missing"
        for name, each in value.items():
            if name in schema["properties"]:
                yield from _schema(f"{place}.{name}", schema["properties"][name], each)
            else:
                yield f"{place}.{name}: not a part of it"


def _rules(resource: dict[str, Any]) -> Iterator[str]:
    """What the JSON schema leaves out: elements that must be there, and the one invariant."""
    if "recorded" not in resource:
        yield "recorded: missing"
    for agent in resource.get("agent", ()):
        if not isinstance(agent.get("requestor"), bool):
            yield "agent.requestor: missing"
    if sum(agent.get("requestor") is True for agent in resource.get("agent", ())) > 1:
        yield "agent.requestor: more than one"
    for entity in resource.get("entity", ()):
        if "name" in entity and "query" in entity:
            yield "entity: a name or a query, not both (sev-1)"
        for detail in entity.get("detail", ()):
            if len(detail.keys() & {"valueString", "valueBase64Binary"}) != 1 or not detail.get("valueString", "x"):
                yield "entity.detail: one value"


def _codes(place: str, value: Any) -> Iterator[str]:
    """Each coding of a published system is a code of it with its display; codes without a system are of their list."""
    if isinstance(value, list):
        for each in value:
            yield from _codes(place, each)
    if isinstance(value, dict):
        system = value.get("system")
        if system in _CODES and "code" in value:
            if value["code"] not in _CODES[system]:
                yield f"{place}: {value['code']} is no code of {system}"
            elif "display" in value and value["display"].casefold() != _CODES[system][value["code"]].casefold():
                yield f"{place}: {value['code']} is not {value['display']}"
        elif system is not None and re.match(r"https?://(hl7|terminology|dicom)", system):
            yield f"{place}: {system} is not looked up"
        for name, each in value.items():
            if name in _CODED and isinstance(each, str) and each not in _CODES[_CODED[name]]:
                yield f"{name}: {each} is no code"
            yield from _codes(f"{place}.{name}", each)
