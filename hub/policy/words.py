"""Reads ``vocabulary.toml``: the only words policies may use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from hub.domain.disclosure import Confidence
from hub.domain.organisations import Sector
from hub.policy.bundle import Detail, JudgementKind, Silent, Telling, Vocabulary, Word
from hub.policy.files import PolicyFault, Strict, shaped
from hub.policy.hints import meant

NAME = "vocabulary.toml"
REPLY_DAYS_MAX = 28
JUDGEMENT_HOURS_MAX = 24 * 366
"""No decision by a person stands longer than a year without being made again."""


class TellingFile(Strict, frozen=True, kw_only=True):
    """Fixed words."""

    veiled_next_step: str
    veiled_reply_days: int
    gap_next_step: str
    gap_named_next_step: str
    out_of_scope_next_step: str


class LabelFile(Strict, frozen=True, kw_only=True):
    """A word about a record."""

    meaning: str
    owner: str
    when_unknown: str | None = None


class ClassificationFile(Strict, frozen=True, kw_only=True):
    """A sort of information, and the level of detail from which on it is reached.

    ``requires_label``: kinds with such a field must carry the label by their nature.
    """

    meaning: str
    level: Detail
    requires_label: str | None = None


class RoleFile(Strict, frozen=True, kw_only=True):
    """A role of the register."""

    meaning: str
    sector: Sector


class RecipientFile(Strict, frozen=True, kw_only=True):
    """A word of the law for who receives; ``not_derived`` says why no role gives it."""

    meaning: str
    roles: tuple[str, ...]
    not_derived: str | None = None


class DecisionFile(Strict, frozen=True, kw_only=True):
    """A decision a purpose depends on."""

    meaning: str
    when_unknown: str


class MeaningFile(Strict, frozen=True, kw_only=True):
    """A word and its meaning."""

    meaning: str


class SilentFile(Strict, frozen=True, kw_only=True):
    """A class that is never connected."""

    meaning: str
    law: str
    confidence: Confidence
    citation: str = ""


class JudgementFile(Strict, frozen=True, kw_only=True):
    """A decision that a named person may record."""

    meaning: str
    gives: str
    made_by: tuple[str, ...]
    hours_max: Annotated[int, msgspec.Meta(ge=1, le=JUDGEMENT_HOURS_MAX)]
    one_request: bool = False
    parts: bool = False


class ChoiceFile(Strict, frozen=True, kw_only=True):
    """A record that carries ``when`` must carry one of ``one_of``."""

    when: str
    one_of: tuple[str, ...]


class VocabularyFile(Strict, frozen=True, kw_only=True):
    """The whole file."""

    rules: tuple[str, ...]
    purposes: tuple[str, ...]
    tell: TellingFile
    labels: dict[str, LabelFile]
    choices: tuple[ChoiceFile, ...] = ()
    classifications: dict[str, ClassificationFile]
    roles: dict[str, RoleFile]
    recipients: dict[str, RecipientFile]
    decisions: dict[str, DecisionFile]
    subject_facts: dict[str, LabelFile]
    transforms: dict[str, MeaningFile]
    posts: dict[str, MeaningFile]
    silent: dict[str, SilentFile]
    judgements: dict[str, JudgementFile] = msgspec.field(default_factory=dict)
    look_back_reasons: dict[str, MeaningFile] = msgspec.field(default_factory=dict)


def vocabulary(tables: Mapping[str, Mapping[str, Any]]) -> VocabularyFile:
    """The file as its shape; :class:`PolicyFault` when it does not fit."""
    return shaped(NAME, "", tables[NAME], VocabularyFile)


def faults(words: VocabularyFile) -> list[PolicyFault]:
    """What is wrong inside the vocabulary itself."""
    found: list[PolicyFault] = []

    def refuse(key: str, problem: str) -> None:
        found.append(PolicyFault(NAME, key, problem))

    for section, entries in (("labels", words.labels), ("subject_facts", words.subject_facts)):
        for name, entry in entries.items():
            if entry.owner not in words.posts:
                refuse(
                    f"{section}.{name}.owner", f"{entry.owner!r} is not one of [posts]{meant(entry.owner, words.posts)}"
                )
    known = {
        "labels": set(words.labels),
        "classifications": set(words.classifications),
        "subject_facts": set(words.subject_facts),
    }
    for section, names in known.items():
        for name in sorted(names & words.silent.keys()):
            refuse(f"{section}.{name}", "a silent class is never connected, so it has no word")
    for name, kept in words.classifications.items():
        if kept.requires_label is not None and kept.requires_label not in words.labels:
            say = f"{kept.requires_label!r} is not one of [labels]{meant(kept.requires_label, words.labels)}"
            refuse(f"classifications.{name}.requires_label", say)
    for name, recipient in words.recipients.items():
        for role in recipient.roles:
            if role not in words.roles:
                refuse(f"recipients.{name}.roles", f"{role!r} is not one of [roles]{meant(role, words.roles)}")
        if bool(recipient.roles) == (recipient.not_derived is not None):
            refuse(f"recipients.{name}", "give roles, or an empty list and `not_derived` saying why")
    for number, choice in enumerate(words.choices):
        for key, word in (("when", choice.when), *(("one_of", each) for each in choice.one_of)):
            if word not in words.labels:
                refuse(f"choices[{number}].{key}", f"{word!r} is not one of [labels]{meant(word, words.labels)}")
    for name, judgement in words.judgements.items():
        if judgement.gives not in words.labels:
            say = f"{judgement.gives!r} is not one of [labels]{meant(judgement.gives, words.labels)}"
            refuse(f"judgements.{name}.gives", say)
        for post in judgement.made_by:
            if post not in words.posts:
                refuse(f"judgements.{name}.made_by", f"{post!r} is not one of [posts]{meant(post, words.posts)}")
    if not 1 <= words.tell.veiled_reply_days <= REPLY_DAYS_MAX:
        refuse("tell.veiled_reply_days", f"must be 1 to {REPLY_DAYS_MAX}")
    return found


def compiled(words: VocabularyFile) -> Vocabulary:
    """The vocabulary as the engine uses it."""
    return Vocabulary(
        telling=Telling(**msgspec.structs.asdict(words.tell)),
        labels={name: Word(each.meaning, each.owner, each.when_unknown) for name, each in words.labels.items()},
        choices=tuple((each.when, each.one_of) for each in words.choices),
        classifications={name: Word(each.meaning) for name, each in words.classifications.items()},
        roles={name: each.sector for name, each in words.roles.items()},
        recipients={name: frozenset(each.roles) for name, each in words.recipients.items()},
        decisions={name: Word(each.meaning, None, each.when_unknown) for name, each in words.decisions.items()},
        subject_facts={
            name: Word(each.meaning, each.owner, each.when_unknown) for name, each in words.subject_facts.items()
        },
        posts={name: each.meaning for name, each in words.posts.items()},
        silent={
            name: Silent(each.meaning, each.law, each.citation, each.confidence) for name, each in words.silent.items()
        },
        levels={name: each.level for name, each in words.classifications.items()},
        judgements={
            name: JudgementKind(each.gives, each.meaning, each.made_by, each.hours_max, each.one_request, each.parts)
            for name, each in words.judgements.items()
        },
        look_back_reasons={name: each.meaning for name, each in words.look_back_reasons.items()},
        role_meanings={name: each.meaning for name, each in words.roles.items()},
        recipient_meanings={name: each.meaning for name, each in words.recipients.items()},
    )
