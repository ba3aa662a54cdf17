"""The scope matrix: how much of which kind of record each purpose reaches, read from the gateways' ``[scope]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hub.domain.catalogue import Section
from hub.policy.bundle import Detail
from hub.policy.files import GatewayFile, KindFile, PolicyFault, ScopeFile
from hub.policy.hints import meant

_OUT = "out"


def reach(file: str, scope: ScopeFile, kinds: Mapping[str, KindFile], faults: list[PolicyFault]) -> dict[str, Detail]:
    """The level of detail for each kind in scope, in the catalogue's order.

    A kind named by itself comes before its section; one named as ``out`` is left out of a section that is in.
    """
    named: dict[str, str] = {}
    for level, word in _mentions(scope):
        if word in named:
            faults.append(PolicyFault(file, f"scope.{level}", f"{word!r} is in `{named[word]}` too: give it one level"))
        elif word not in kinds and word not in set(Section):
            problem = f"{word!r} is neither a kind of record nor a section{meant(word, (*kinds, *Section))}"
            faults.append(PolicyFault(file, f"scope.{level}", problem))
        elif level == _OUT and (word not in kinds or kinds[word].section not in dict(_inverted(scope))):
            faults.append(PolicyFault(file, "scope.out", f"{word!r} is not a kind of a section that is in scope"))
        named[word] = level
    found = {kind_id: named.get(kind_id, named.get(kind.section, _OUT)) for kind_id, kind in kinds.items()}
    detail = {kind_id: Detail(level) for kind_id, level in found.items() if level != _OUT}
    if not detail:
        faults.append(PolicyFault(file, "scope", "reaches no kind of record: say `not_asked_under` if that is meant"))
    return detail


def gateway_faults(file: str, gateway: GatewayFile) -> Iterator[PolicyFault]:
    """A purpose that is asked under has a scope; law that only supports others has none and says why."""
    if (gateway.scope is None) == (gateway.not_asked_under is None):
        yield PolicyFault(file, "scope", "give a [scope], or `not_asked_under` saying why nobody asks under it")
    if gateway.not_asked_under is not None and gateway.needs_decision is not None:
        yield PolicyFault(file, "needs_decision", "nobody asks under this, so no decision is needed")


def _mentions(scope: ScopeFile) -> Iterator[tuple[str, str]]:
    for level in (*Detail, _OUT):
        for word in getattr(scope, level):
            yield str(level), word


def _inverted(scope: ScopeFile) -> Iterator[tuple[str, str]]:
    for level, word in _mentions(scope):
        if level != _OUT:
            yield word, level
