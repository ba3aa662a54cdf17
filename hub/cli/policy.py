"""``hub policy``: check the policy files, and explain a decision in English."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping
from pathlib import Path

from hub.app import load_policies
from hub.cli import policy_check, policy_diff, policy_past, policy_show, policy_sign
from hub.domain.records import RecordPointer
from hub.errors import BadRequest
from hub.policy.bundle import Bundle
from hub.policy.engine import Policy
from hub.policy.explain import explain
from hub.policy.facts import Judged, RequestFacts
from hub.policy.hints import meant


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions and options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    checking = actions.add_parser(
        "check",
        help="is everything under policies/ as it should be?",
        epilog="Exit status 0: all is well. 1: something is not, and each fault says its file, line and what to write.",
    )
    policy_check.add_options(checking)
    comparing = actions.add_parser(
        "diff",
        help="which answers would flip between two policies directories?",
        epilog="Exit status 0: none would. 1: some would, and each is printed.",
    )
    policy_diff.add_options(comparing)
    explaining = actions.add_parser(
        "explain",
        help="why a kind of record is shared or withheld",
        epilog="Example: hub policy explain --kind attendance --label yp_objection --purpose ca1989-s17",
    )
    explaining.add_argument("--kind", required=True, help="kind of record, such as case_document")
    explaining.add_argument("--label", action="append", default=[], help="what the record is labelled; may be repeated")
    explaining.add_argument("--unknown", action="append", default=[], metavar="LABEL", help="a label nobody has stated")
    explaining.add_argument(
        "--judged", action="append", default=[], metavar="LABEL", help="a label that a recorded judgement makes true"
    )
    explaining.add_argument(
        "--stale", action="append", default=[], metavar="LABEL", help="a label whose judgement is overdue for review"
    )
    explaining.add_argument("--purpose", default="ca2004-s16la", help="default: %(default)s")
    explaining.add_argument("--role", default="mash_social_worker", help="the searcher's role (default: %(default)s)")
    explaining.add_argument("--decision", action="store_true", help="the decision the purpose rests on is recorded")
    explaining.add_argument("--restricted", choices=("yes", "no", "unknown"), default="no", help="PDS label R or V")
    explaining.set_defaults(run=explain_one)
    policy_sign.add_parser(actions)
    policy_show.add_parser(actions)
    policy_past.add_parser(actions)
    for action in (checking, explaining):
        action.add_argument("--policies", type=Path, help="another policies directory")


def explain_one(options: argparse.Namespace) -> int:
    """Explain one decision, for the searcher and for the reviewer."""
    policy = Policy(load_policies(options.policies))
    vocabulary = policy.bundle.vocabulary
    _known("kind", options.kind, policy.bundle.catalogue.kinds)
    _known("purpose", options.purpose, policy.bundle.purposes, _waiting(policy.bundle))
    _known("role", options.role, vocabulary.roles)
    for label in (*options.label, *options.unknown, *options.judged, *options.stale):
        _known("label", label, vocabulary.labels, _no_labels(policy.bundle))
    restricted = frozenset({"restricted_location"})
    facts = RequestFacts(
        purpose=options.purpose,
        role=options.role,
        recipient_sector=vocabulary.roles[options.role],
        decision_recorded=options.decision,
        subject_facts=restricted if options.restricted == "yes" else frozenset(),
        subject_unknown=restricted if options.restricted == "unknown" else frozenset(),
    )
    pointer = RecordPointer("example", options.kind, "example", frozenset(options.label), frozenset(options.unknown))
    judged = Judged(words=frozenset(options.judged), stale=frozenset(options.stale))
    explanation = explain(facts, pointer, policy, judged)
    for title, lines in (("For the searcher", explanation.searcher), ("For the reviewer", explanation.reviewer)):
        print(title)
        for line in lines:
            print(f"  {line}")
    return 0


def _known(what: str, name: str, known: Collection[str], elsewhere: Mapping[str, str] | None = None) -> None:
    """Refuse a word that is none of ``known``; ``elsewhere`` says what else is called so, and what to do instead."""
    if name in known:
        return
    if elsewhere and name in elsewhere:
        raise BadRequest(f"{name!r} is {elsewhere[name]}", code="USAGE")
    hint = meant(name, known) or f". There are: {', '.join(sorted(known))}."
    raise BadRequest(f"There is no {what} {name!r}{hint}", code="USAGE")


def _waiting(bundle: Bundle) -> dict[str, str]:
    """Law that is written down and that nobody can ask under, by id: why."""
    return {
        **{name: f"law that is not in force: {each.because}" for name, each in bundle.inactive.items()},
        **{name: f"law under which nobody asks. {each.because}" for name, each in bundle.supporting.items()},
    }


def _no_labels(bundle: Bundle) -> dict[str, str]:
    """Words that are taken for labels, by word: what they are."""
    rules = (*bundle.rules, *bundle.limiting_rules)
    return {
        **{
            each.id: "a rule and no label: it decides by labels, such as " + ", ".join(each.applies_when.record_has)
            for each in rules
            if each.applies_when.record_has
        },
        **dict.fromkeys(bundle.vocabulary.subject_facts, "a fact of the child and no label: use --restricted yes"),
    }
