"""How policies can be spoilt, and the refusal each way must meet: file and key, and the reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

Change = Callable[[Path], object]


def swap(name: str, old: str, new: str) -> Change:
    def change(directory: Path) -> None:
        path = directory / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def write(name: str, text: str) -> Change:
    def change(directory: Path) -> None:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")

    return change


def append(name: str, text: str) -> Change:
    return lambda directory: write(name, (directory / name).read_text(encoding="utf-8") + text)(directory)


def lifting(condition: str) -> str:
    return f'[[does_not_apply_when]]\n{condition}\nbecause = "x"\n'


def remove(name: str) -> Change:
    return lambda directory: (directory / name).unlink()


def only_supporting(directory: Path) -> None:
    for path in (directory / "gateways").iterdir():
        if path.name != "ca2004-s11.toml":
            path.unlink()


LPP, ORDER, SEN = "impediments/imp-lpp.toml", "impediments/imp-court-order.toml", "impediments/imp-sen-reg17.toml"
GILLICK, ADOPTION = "impediments/imp-gillick.toml", "impediments/imp-adoption-s57.toml"
MARAC, CODE_P = "impediments/imp-originator-marac.toml", "handling/handling-code-p.toml"
MASK, S47, S16LA = "handling/restricted-location.toml", "gateways/ca1989-s47.toml", "gateways/ca2004-s16la.toml"
S17, FAMILY = "gateways/ca1989-s17.toml", "impediments/imp-family-proceedings.toml"
WORDS, LAW, COUNCIL = "vocabulary.toml", "legal-sources.toml", "fields/council.toml"
CONTACT_SOURCE = 'contact_source = { label = "Who made contact", type = "text", classification = "social_care"'

Refused = tuple[Change, str, str] | tuple[Change, str, str, str]

# One way to a line, or it is no table.
# fmt: off
REFUSALS: dict[str, Refused] = {
    # words
    "unknown label": (swap(LPP, '["privileged"]', '["priviledged"]'), f"{LPP}: applies_when.record_has", "priviledged", "Did you mean 'privileged'?"),
    "unknown label in an exception": (swap(LPP, "privilege_waived", "waived"), f"{LPP}: does_not_apply_when[0].record_has", "'waived' is not a word"),
    "unknown purpose": (swap(GILLICK, "ca1989-s47", "ca1989-s470"), f"{GILLICK}: does_not_apply_when[0].purpose_is", "s470", "Did you mean 'ca1989-s47'?"),
    "unknown recipient": (swap("impediments/imp-family-proceedings.toml", '"cafcass_officer"', '"cafcass"'), "imp-family-proceedings.toml: does_not_apply_when[0].recipient_is", "cafcass", "Did you mean 'cafcass_officer'?"),
    "unknown classification": (swap(MASK, '"location"', '"place"'), f"{MASK}: applies_when.classification_is", "place"),
    "unknown fact of the child": (swap(MASK, '"restricted_location"', '"restricted"'), f"{MASK}: applies_when.subject_is", "restricted", "Did you mean 'restricted_location'?"),
    "unknown post": (swap(LPP, 'post = "legal"', 'post = "legall"'), f"{LPP}: tell.post", "legall", "Did you mean 'legal'?"),
    "unknown transform": (swap(MASK, '"mask"', '"masc"'), f"{MASK}: transform", "masc", "Did you mean 'mask'?"),
    "unknown decision": (swap(S47, "section_47_enquiry", "section47"), f"{S47}: needs_decision", "section47", "Did you mean 'section_47_enquiry'?"),
    "unknown owner": (swap(WORDS, 'owner = "send"', 'owner = "sen"'), f"{WORDS}: labels.ehc_plan.owner", "sen", "Did you mean 'send'?"),
    "unknown owner of a fact of the child": (append(WORDS, '[subject_facts.moved]\nmeaning = "x"\nowner = "nobody"\n'), f"{WORDS}: subject_facts.moved.owner: 'nobody' is not one of [posts]", ""),
    "unknown role": (swap(WORDS, 'roles = ["mash_social_worker"]', 'roles = ["boss"]'), f"{WORDS}: recipients.council", "role"),
    "unknown choice": (swap(WORDS, 'when = "intelligence"', 'when = "intel"'), f"{WORDS}: choices", "not one of [labels]", "Did you mean 'intelligence'?"),
    "unknown word a choice is between": (swap(WORDS, '"handling_code_p", "handling_code_c"]', '"handling_code_p", "code_c"]'), f"{WORDS}: choices[0].one_of", "'code_c' is not one of [labels]"),
    "unknown word a judgement gives": (swap(WORDS, 'gives = "interests_decision"', 'gives = "interest_decision"'), f"{WORDS}: judgements.ehc_interests.gives", "not one of [labels]", "Did you mean 'interests_decision'?"),
    "unknown post that makes a judgement": (swap(WORDS, 'made_by = ["legal"]', 'made_by = ["legall"]'), f"{WORDS}: judgements.legal_basis.made_by", "not one of [posts]", "Did you mean 'legal'?"),
    "judgement of no hours": (swap(WORDS, "hours_max = 72 ", "hours_max = 0 "), f"{WORDS}: judgements", "of 1 or more"),
    "judgement for more than a year": (swap(WORDS, "hours_max = 8760", "hours_max = 8785"), f"{WORDS}: judgements", "of 8784 or less"),
    "a rule for one unknown recipient": (swap("impediments/imp-sen-reg17.toml", '["youth_offending_team"]', '["youth_offenders"]'), "imp-sen-reg17.toml: does_not_apply_when", "'youth_offenders' is not a word"),
    "unknown required label": (swap(WORDS, 'requires_label = "intelligence"', 'requires_label = "intel"'), f"{WORDS}: classifications.intelligence.requires_label", "intel", "Did you mean 'intelligence'?"),
    # keys and shapes
    "expression": (swap(LPP, "record_has", "record_matches"), f"{LPP}: applies_when", "record_matches", "Did you mean 'record_has'?"),
    "key that does not exist": (append(LPP, "urgent = true\n"), f"{LPP}: review", "urgent", "There are: last, next, owner"),
    "no pinpoint": (swap(LPP, "pinpoint", "# pinpoint"), f"{LPP}: law", "pinpoint", "add `pinpoint = ...`"),
    "blank pinpoint": (swap(SEN, '"reg 17"', '" "'), f"{SEN}: law.pinpoint", "is blank"),
    "no source": (swap(LPP, "source", "# source"), f"{LPP}: law", "source", "add `source = ...`"),
    "no applies_when": (swap(LPP, "[applies_when]", "[applies_sometimes]"), LPP, "applies_"),
    "applies_when says nothing": (swap(LPP, 'record_has = ["privileged"]', "# all"), f"{LPP}: applies_when", "empty set"),
    "empty list": (swap(LPP, '["privileged"]', "[]"), f"{LPP}: applies_when.record_has", "empty set"),
    "empty list in an exception": (swap(LPP, '["privilege_waived"]', "[]"), f"{LPP}: does_not_apply_when[0].record_has", "empty set"),
    "exception without its reason": (swap(LPP, "because", "# because"), f"{LPP}: does_not_apply_when[0]", "because"),
    "exception for everything": (swap(LPP, 'record_has = ["privilege_waived"]', ""), f"{LPP}: does_not_apply_when[0]", "says nothing", "Name what it is about"),
    "undated": (swap(LPP, "last = 2026-11-01", ""), f"{LPP}: review", "last", "add `last = ...`"),
    "date that is none": (swap(LPP, "last = 2026-11-01", 'last = "soon"'), f"{LPP}: review.last", "date", "Write a date without quotes, such as 2026-11-01."),
    "reviewed in the future": (swap(LPP, "last = 2026-11-01", "last = 2026-11-21"), f"{LPP}: review.last", "future"),
    "next review before the last": (swap(LPP, "next = 2027-11-01", "next = 2026-11-01"), f"{LPP}: review.next", "after the last"),
    "gateway undated": (swap(S47, "next = 2027-11-01", ""), f"{S47}: review", "next"),
    "gateway for no sector": (swap(S47, '["council", "police", "health"]', "[]"), f"{S47}: recipient_sectors", "empty set"),
    "gateway for an unknown sector": (swap(S47, '["council", "', '["press", "'), f"{S47}: recipient_sectors[0]", "press", "Write one of: council, police, health"),
    "strength that is none": (swap(LPP, '"absolute"', '"strong"'), f"{LPP}: strength", "strong", "Write one of: absolute, conditional"),
    "effect that is none": (swap(LPP, 'effect = "withhold"', 'effect = "delay"'), f"{LPP}: effect", "delay", "Write one of: ask, withhold."),
    "cite mode silent": (swap(LPP, 'cite = "open"', 'cite = "silent"'), f"{LPP}: cite", "silent", "Write one of: open, veiled."),
    "law of no kind": (swap(LPP, 'kind = "privilege"', 'kind = "habit"'), f"{LPP}: law.kind", "habit", "Write one of: condition, confidence, order, privilege, statute."),
    "confidence that is none": (swap(LPP, '"general"', '"sure"'), f"{LPP}: law.confidence", "sure", "Write one of: verified, verified_secondary, general."),
    "not TOML": (write(LPP, "id = \n"), LPP, "not TOML"),
    "not UTF-8": (lambda d: (d / LPP).write_bytes(b'id = "\xff"'), LPP, "not TOML", "Save the file as UTF-8."),
    "reply in no days": (swap(GILLICK, "reply_days = 1", "reply_days = 0"), f"{GILLICK}: tell.reply_days", "1 to 28"),
    "reply in too many days": (swap(GILLICK, "reply_days = 1", "reply_days = 29"), f"{GILLICK}: tell.reply_days", "1 to 28"),
    "veiled reply in no days": (swap(WORDS, "veiled_reply_days = 3", "veiled_reply_days = 0"), f"{WORDS}: tell.veiled_reply", "1 to 28"),
    "veiled reply in too many days": (swap(WORDS, "veiled_reply_days = 3", "veiled_reply_days = 29"), f"{WORDS}: tell.veiled", "1 to 28"),
    "id is not the file's name": (swap(LPP, '"imp-lpp"', '"imp-llp"'), f"{LPP}: id", "file's own name", "write 'imp-lpp', or rename the file"),
    "gateway's id is not the file's name": (swap(S47, '"ca1989-s47"', '"ca1989-s4"'), f"{S47}: id", "file's own name", "write 'ca1989-s47', or rename the file"),
    "gateway with an unknown key": (append(S47, "fee = 1\n"), f"{S47}: review", "fee"),
    "handling with an unknown key": (append(MASK, "fee = 1\n"), f"{MASK}: review", "fee"),
    # files as people save them
    "date in British order": (swap(LPP, "last = 2026-11-01", "last = 01/11/2026"), LPP, "not TOML", "Write a date with the year first and without quotes, such as 2026-11-01."),
    "date in British order with dashes": (swap(LPP, "last = 2026-11-01", "last = 01-11-2026"), LPP, "not TOML", "Write a date with the year first"),
    "date in British order in quotes": (swap(LPP, "last = 2026-11-01", 'last = "01/11/2026"'), f"{LPP}: review.last", "this is not a date", "Write a date without quotes, such as 2026-11-01."),
    "date in words": (swap(LPP, "last = 2026-11-01", "last = 1 November 2026"), LPP, "not TOML", "Write a date with the year first"),
    "date that a spreadsheet made a number": (swap(LPP, "last = 2026-11-01", "last = 45982"), f"{LPP}: review.last", "a date must stand here, and this is a whole number", "such as 2026-11-01."),
    "date without its nought": (swap(LPP, "last = 2026-11-01", "last = 2026-11-1"), LPP, "not TOML", "Write a date with the year first"),
    "day that does not exist": (swap(LPP, "last = 2026-11-01", "last = 2026-11-31"), LPP, "not TOML", "Write a date with the year first"),
    "date with a time": (swap(LPP, "last = 2026-11-01", "last = 2026-11-01T09:00:00Z"), f"{LPP}: review.last", "a date must stand here, and this is a date with a time"),
    "typographic quotation marks": (swap(LPP, '"privileged"', "“privileged”"), LPP, "not TOML", "The quotation marks are typographic: write straight ones"),
    "typographic mark of Windows": (lambda d: (d / LPP).write_bytes((d / LPP).read_bytes().replace(b"lawyers'", b"lawyers\x92")), LPP, "not UTF-8", "Save the file as UTF-8."),
    "quotation mark lost": (swap(LPP, '"privileged"]', '"privileged]'), LPP, "not TOML", "A quotation mark is missing"),
    "text over two lines": (swap(LPP, "demanded; it", "demanded;\nit"), LPP, "not TOML", "on the same line"),
    "quotation marks within a text": (swap(LPP, 'explain = "What passes', 'explain = "What "passes"'), LPP, "not TOML", 'Within a text write \\" for a quotation mark'),
    "a path of Windows": (swap(LPP, 'explain = "', 'explain = "C:\\Users\\alice '), LPP, "not TOML", "and \\\\ for a backslash"),
    "comma lost": (swap(S47, '"council", "police"', '"council" "police"'), S47, "not TOML", "Write a comma between two words of a list"),
    "colon for an equals sign": (swap(LPP, "strength = ", "strength: "), LPP, "not TOML", "Write = between a key and its value"),
    "text without quotation marks": (swap(LPP, '"absolute"', "absolute"), LPP, "not TOML", "Write a text in quotation marks"),
    "truth with a capital": (swap(LAW, "in_force = true", "in_force = True"), LAW, "not TOML", "Write true or false, in small letters."),
    "truth in quotes": (swap(LAW, "in_force = true", 'in_force = "yes"'), f"{LAW}: CA1989.in_force", "true or false must stand here, and this is a text", "Write true or false."),
    "number in quotes": (swap(GILLICK, "reply_days = 1", 'reply_days = "1"'), f"{GILLICK}: tell.reply_days", "a whole number must stand here, and this is a text", "Write a whole number without quotes."),
    "one word where a list must stand": (swap(LPP, '["privileged"]', '"privileged"'), f"{LPP}: applies_when.record_has", "a list must stand here, and this is a text", 'Write a list, such as ["word"].'),
    "exception in single brackets": (swap(LPP, "[[does_not_apply_when]]", "[does_not_apply_when]"), f"{LPP}: does_not_apply_when", "a list must stand here, and this is a table", "Write its name in two brackets"),
    "key twice": (swap(LPP, 'cite = "open"', 'cite = "open"\ncite = "veiled"'), LPP, "not TOML", "This key stands twice in its table: take one out."),
    "table twice": (append(LPP, "[tell]\n"), LPP, "not TOML", "This table stands twice"),
    "word in capitals": (swap(LPP, '["privileged"]', '["PRIVILEGED"]'), f"{LPP}: applies_when.record_has", "'PRIVILEGED' is not a word", "Did you mean 'privileged'?"),
    "two people's changes never joined": (swap(LPP, 'title = "', '<<<<<<< HEAD\ntitle = "'), LPP, "not TOML", "Two people's changes to this file were never joined"),
    "a word processor's file": (write(LPP, "{\\rtf1 id = 1}"), LPP, "not TOML", "A word processor saved this file"),
    "file with nothing in it": (write(LPP, ""), f"{LPP}: file", "is empty", "put back what it held, or delete it"),
    "rule copied under its old id": (lambda d: shutil.copy(d / LPP, d / "impediments/imp-lpp-2.toml"), "impediments/imp-lpp-2.toml: id", "file's own name", "write 'imp-lpp-2', or rename the file"),
    "rule that a mail program renamed": (lambda d: (d / LPP).rename(d / f"{LPP}.txt"), f"{LPP}.txt", "not read", "rename it so that it ends in .toml, or move it away"),
    "purpose with a name in capitals": (lambda d: (d / S47).rename(d / "gateways/ca1989-s47.TOML"), "gateways/ca1989-s47.TOML", "not read", "rename it so that it ends in .toml"),
    "folder by the name of a rule": (lambda d: (d / "impediments/imp-x.toml").mkdir(), "impediments/imp-x.toml", "cannot be read"),
    # law
    "source not listed": (swap(LPP, '"PRIVILEGE"', '"MAGNA-CARTA"'), f"{LPP}: law.source", "MAGNA-CARTA"),
    "source repealed": (swap(LPP, '"PRIVILEGE"', '"STD2000"'), f"{LPP}: law.source", "repealed on 2023-10-12", "No statute specific to HIV or sexually transmitted infections remains."),
    "source not commenced": (swap(S16LA, '"CWSA2026-4"', '"CWSA2026-3"'), f"{S16LA}: law.source", "not in force on 2026-11-20", "say so with `commencement = DATE` or `not_commenced`"),
    "source repealed that day": (swap(LAW, 'confidence = "general"\nchecked', 'confidence = "general"\nrepealed_on = 2026-11-20\nchecked'), f"{ORDER}: law.source", "repealed on 2026-11-20", "Cite the law that is in force, or delete this file."),
    "framework used as a bar": (swap(LPP, '"PRIVILEGE"', '"UKGDPR"'), f"{LPP}: law.source", "framework for sharing", "Cite the provision that does, or delete this file"),
    "framework used as a mask": (swap(MASK, '"REFUGE"', '"UKGDPR"'), f"{MASK}: law.source", "framework for sharing"),
    "source undated": (swap(LAW, "checked = 2026-11-01", ""), f"{LAW}: CA1989", "checked", "add `checked = ...`"),
    # rejected grounds
    "rejected ground as title": (swap(LPP, "Legal professional privilege", "No consent"), f"{LPP}: title", "rejected ground", "Consent is not the lawful basis for safeguarding"),
    "rejected ground as pinpoint": (swap(LPP, "Three Rivers", "the gdpr"), f"{LPP}: law.pinpoint", "rejected ground: Data protection law", "Cite a specific provision or share."),
    "rejected ground as next step": (swap(LPP, "Ask for the facts instead", "Data protection forbids this"), f"{LPP}: tell.next_step", "rejected ground", "Cite a specific provision or share."),
    "rejected ground as notice": (swap(CODE_P, 'notice = "Police', 'notice = "Confidential police'), f"{CODE_P}: notice", "rejected"),
    "rejected ground as title of handling": (swap(CODE_P, 'title = "Police', 'title = "Sensitive'), f"{CODE_P}: title", "rejected"),
    "rejected ground without a phrase": (append("rejected.toml", "[rej-x]\nphrases = []\n"), "rejected.toml: rej-x.phrases", "empty set"),
    # coherence
    "absolute, yet lifted by purpose": (append(ORDER, '[[does_not_apply_when]]\npurpose_is = ["ca1989-s47"]\nbecause = "urgent"\n'), f"{ORDER}: does_not_apply_when[0]", "not lifted by who asks or why"),
    "veiled ask": (swap(MARAC, 'cite = "open"', 'cite = "veiled"'), f"{MARAC}: cite", "every veiled line"),
    "open mask": (swap(MASK, 'cite = "veiled"', 'cite = "open"'), f"{MASK}: cite", "a mask is veiled"),
    "veiled notice": (swap(CODE_P, 'cite = "open"', 'cite = "veiled"'), f"{CODE_P}: cite", "a mask is veiled"),
    "neither notice nor transform": (swap(CODE_P, "notice =", "# notice ="), f"{CODE_P}: notice", "either a notice or"),
    "both notice and transform": (swap(MASK, "transform", 'notice = "Mind."\ntransform'), f"{MASK}: notice", "either a notice or"),
    "veiled word that would hint": (swap(WORDS, "[labels.adoption_release]", '[labels.adoption_release]\nwhen_unknown = "x"'), f"{ADOPTION}: cite", "it would hint"),
    "rule lost": (remove(LPP), f"{WORDS}: rules", "'imp-lpp' is listed and has no usable file", "restore it, or take it off the list"),
    "rule's word lost": (remove(LPP), f"{WORDS}: labels.privileged", "no rule speaks of this word", "write the rule"),
    "fact of the child that no rule reads": (append(WORDS, '[subject_facts.moved]\nmeaning = "x"\nowner = "legal"\n'), f"{WORDS}: subject_facts.moved", "no rule speaks"),
    "handling lost": (remove(CODE_P), f"{WORDS}: rules", "'handling-code-p' is listed"),
    "rule not listed": (swap(WORDS, '  "imp-lpp",\n', ""), f"{WORDS}: rules", "does not list 'imp-lpp'", "add it, so that its loss would be noticed"),
    "purpose lost": (remove(S47), f"{WORDS}: purposes", "'ca1989-s47' is listed and has no file", "restore gateways/ca1989-s47.toml, or take it off the list"),
    "law nobody asks under lost": (remove("gateways/nhsa2006-s82.toml"), f"{WORDS}: purposes", "'nhsa2006-s82' is listed and has no file"),
    "purpose not listed": (swap(WORDS, '  "ca1989-s47",\n', ""), f"{WORDS}: purposes", "does not list 'ca1989-s47'", "add it, so that its loss would be noticed"),
    "purpose copied under its old id": (lambda d: shutil.copy(d / S17, d / "gateways/ca1989-s17a.toml"), "gateways/ca1989-s17a.toml: id", "write 'ca1989-s17a', or rename the file"),
    "two rules of one id": (lambda d: shutil.copy(d / CODE_P, d / "impediments/handling-code-p.toml"), "impediments/handling-code-p.toml", "notice"),
    "recipient no role gives": (swap(WORDS, "not_derived = ", "# not_derived = "), f"{WORDS}: recipients.conference_attendee_for_this_child", "not_derived"),
    "recipient both derived and not": (swap(WORDS, 'roles = ["mash_social_worker"]', 'roles = ["mash_social_worker"]\nnot_derived = "x"'), f"{WORDS}: recipients.council_child_protection", "give roles, or"),
    # rules that contradict themselves or each other
    "exception that lifts the rule always": (append(LPP, '[[does_not_apply_when]]\nrecord_has = ["ehc_plan", "privileged"]\nbecause = "x"\n'), f"{LPP}: does_not_apply_when[1]", "lifts the rule whenever it applies", "narrow it, or delete the rule"),
    "exception that lifts the rule always, by two keys": (append(MASK, lifting('subject_is = ["restricted_location"]\nclassification_is = ["location", "area"]')), f"{MASK}: does_not_apply_when[0]", "lifts the rule whenever it applies"),
    "word that brings to bear and lifts": (swap(LPP, '["privileged"]', '["privileged", "privilege_waived"]'), f"{LPP}: does_not_apply_when[0].record_has", "'privilege_waived' both brings the rule to bear and lifts it", "take it out of one of the two"),
    "exception that can never matter": (append(MASK, lifting('classification_is = ["worker"]\nrecord_has = ["privileged"]')), f"{MASK}: does_not_apply_when[0].classification_is", "'worker' never matters: the rule applies only with `classification_is` = location"),
    "the same exception twice": (append(LPP, lifting('record_has = ["privilege_waived"]')), f"{LPP}: does_not_apply_when[1]", "does_not_apply_when[0] already lifts the rule then", "take this one out"),
    "exception inside another": (append(LPP, lifting('record_has = ["privilege_waived"]\npurpose_is = ["ca1989-s47"]')), f"{LPP}: does_not_apply_when[1]", "does_not_apply_when[0] already lifts the rule then"),
    "rule for a recipient that no role gives": (swap(LPP, 'record_has = ["privileged"]', 'record_has = ["privileged"]\nrecipient_is = ["conference_attendee_for_this_child"]'), f"{LPP}: applies_when.recipient_is", "no role gives any of these words, so the rule never applies"),
    "notice on what another rule withholds": (swap(CODE_P, 'record_has = ["handling_code_p"]', 'record_has = ["court_order"]'), f"{CODE_P}: applies_when", "'imp-court-order' has exactly the same conditions and is decided first: this rule never counts", "Change the conditions of one of the two"),
    "word twice in a list": (swap(LPP, '["privileged"]', '["privileged", "privileged"]'), f"{LPP}: applies_when.record_has[1]", "'privileged' stands twice in this list", "take one out"),
    "rule listed twice": (swap(WORDS, '"imp-lpp",', '"imp-lpp",\n  "imp-lpp",'), f"{WORDS}: rules[8]", "'imp-lpp' stands twice"),
    "sector twice": (swap(S47, '["council", "police", "health"]', '["council", "police", "council"]'), f"{S47}: recipient_sectors[2]", "'council' stands twice"),
    # silent classes
    "field of a silent class": (swap(COUNCIL, CONTACT_SOURCE, CONTACT_SOURCE.replace("social_care", "chis")), f"{COUNCIL}: contact.fields.contact_source", "silent class"),
    "kind of a silent class": (swap(COUNCIL, 'labels = ["ehc_plan"]', 'labels = ["ehc_plan", "ctsa"]'), "education_health_care_plan.labels", "silent class"),
    "silent label": (append(WORDS, '[labels.sar]\nmeaning = "x"\nowner = "legal"\n'), f"{WORDS}: labels.sar", "silent class"),
    "silent classification": (append(WORDS, '[classifications.ipa]\nmeaning = "x"\nlevel = "full"\n'), f"{WORDS}: classifications.ipa", "silent class"),
    "silent fact of the child": (append(WORDS, '[subject_facts.socpa]\nmeaning = "x"\nowner = "legal"\n'), f"{WORDS}: subject_facts.socpa", "silent class"),
    # the catalogue
    "field of no class": (swap(COUNCIL, CONTACT_SOURCE, CONTACT_SOURCE.replace("social_care", "misc")), f"{COUNCIL}: contact.fields.contact_source", "misc"),
    "scope of an unknown kind": (swap(S47, '"social_care", "police"', '"social_care", "polcie"'), f"{S47}: scope.full", "'polcie' is neither a kind of record nor a section", "Did you mean 'police'?"),
    "scope at two levels": (swap(S47, "full = [", 'key_facts = ["health"]\nfull = ['), f"{S47}: scope.", "'health' is in", "give it one level"),
    "scope that leaves out what is not in": (swap(S17, '"social_care", "police", "health", "education"]', '"social_care"]'), f"{S17}: scope.out", "'warning_marker' is not a kind of a section that is in scope"),
    "scope of nothing": (swap(S47, 'full = ["identity", "household", "involvement", "social_care", "police", "health", "education"]', ""), f"{S47}: scope", "reaches no kind of record"),
    "gateway for an unknown role": (swap("gateways/ca1989-s31.toml", "recipient_roles = [", 'recipient_roles = ["boss", '), "gateways/ca1989-s31.toml: recipient_roles", "'boss' is not a word"),
    "gateway for a role of a sector it leaves out": (swap("gateways/ca1989-s31.toml", "recipient_roles = [", 'recipient_roles = ["mash_nurse", '), "gateways/ca1989-s31.toml: recipient_roles", "recipient_sectors"),
    "gateway that waits for law in force": (swap(S17, "[law]", 'not_commenced = "Not yet."\n\n[law]'), f"{S17}: law.source", "is in force on", "take `commencement` or `not_commenced` out"),
    "gateway nobody asks under that needs a decision": (swap("gateways/ca2004-s11.toml", "\n[law]", 'needs_decision = "section_47_enquiry"\n\n[law]'), "gateways/ca2004-s11.toml: needs_decision", "no decision is needed"),
    "limit that gives a rejected ground": (swap("limits/scope-so-far-as.toml", "This purpose does not need this.", "GDPR."), "limits/scope-so-far-as.toml: tell.next_step", "'GDPR' is a rejected ground"),
    "limit with a condition that code carries out elsewhere": (swap("limits/scope-so-far-as.toml", "[tell]", '[applies_when]\nrecord_has = ["about_adult"]\n\n[tell]'), "limits/scope-so-far-as.toml: applies_when", "only there"),
    "limit by a rule without a condition": (swap("limits/scope-so-far-as.toml", '"scope"', '"rule"'), "limits/scope-so-far-as.toml: applies_when", "only there"),
    "no gateway anybody asks under": (only_supporting, "gateways", "none of these is law in force"),
    "gateway without a scope": (swap(S47, "[scope]\nwhy", "# why"), f"{S47}: law.full", "unknown field `full`"),
    "look-back of no years": (swap(S47, "[scope]", "[scope]\nlook_back_years = 0"), f"{S47}: scope.look_back_years", "a whole number must stand here, of 1 or more"),
    "kind with an unknown label": (swap(COUNCIL, '["ehc_plan"]', '["plan"]'), "education_health_care_plan.labels", "'plan'", "Did you mean 'ehc_plan'?"),
    "adoption field in an ordinary kind": (swap(COUNCIL, CONTACT_SOURCE, CONTACT_SOURCE.replace("social_care", "adoption")), f"{COUNCIL}: contact.fields.contact_source", "only kinds labelled 'adoption_s56'"),
    "intelligence kind without its label": (swap("fields/police.toml", 'labels = ["intelligence"]\n', ""), "fields/police.toml: intelligence.fields", "only kinds labelled 'intelligence'"),
    "timeline of an unknown field": (swap(COUNCIL, 'on = ["on"], summary', 'on = ["when"], summary'), f"{COUNCIL}: contact.timeline", "does not have", "There are: contact_source, on, outcome"),
    "kind's name": (append("fields/police.toml", '[Ghost]\ntitle="G"\nsection="police"\nstandard="x"\nfields.on={label="On",type="date",classification="police",source="x"}\n'), "fields/police.toml: Ghost", "snake_case"),
    "field's name": (swap(COUNCIL, "\ngiven_name = {", "\ngivenName = {"), f"{COUNCIL}: council_person.fields.givenName", "snake_case"),
    "kind twice": (append("fields/police.toml", '[contact]\ntitle="C"\nsection="police"\nstandard="x"\nfields.on={label="On",type="date",classification="police",source="x"}\n'), "fields/police.toml: contact", "another file too"),
    "kind without fields": (append("fields/police.toml", '[ghost]\ntitle="G"\nsection="police"\nstandard="x"\nfields={}\n'), "fields/police.toml: ghost.fields", "empty set"),
    "field of an unknown type": (swap(COUNCIL, CONTACT_SOURCE, CONTACT_SOURCE.replace('"text"', '"prose"')), f"{COUNCIL}: contact.fields.contact_source.type", "prose", "Write one of: text, date, datetime, integer, boolean, text_list."),
    "no sector": (swap(COUNCIL, 'sector = "council"', ""), f"{COUNCIL}: sector", "Expected"),
    "unknown sector": (swap(COUNCIL, 'sector = "council"', 'sector = "press"'), f"{COUNCIL}: sector", "press", "Write one of: council, police, health"),
    # places
    "no vocabulary": (remove(WORDS), WORDS, "missing"),
    "no legal sources": (remove(LAW), LAW, "missing"),
    "no rejected grounds": (remove("rejected.toml"), "rejected.toml", "missing"),
    "vocabulary of another shape": (append(WORDS, "[fees]\na = 1\n"), WORDS, "fees"),
    "misspelt directory": (write("impediment/imp-x.toml", 'id = "imp-x"\n'), "impediment/imp-x.toml", "not a place for policies"),
    "nested directory": (write("handling/old/x.toml", "a = 1\n"), "handling/old/x.toml", "not a place for policies"),
    "file at the top": (write("extra.toml", "a = 1\n"), "extra.toml", "not a place for policies"),
    "no impediments": (lambda d: shutil.rmtree(d / "impediments"), "impediments", "empty set"),
    "no gateways": (lambda d: shutil.rmtree(d / "gateways"), "gateways", "empty set"),
    "no handling": (lambda d: shutil.rmtree(d / "handling"), "handling", "empty set"),
    "no catalogue": (lambda d: shutil.rmtree(d / "fields"), "fields", "empty set"),
}
# fmt: on
