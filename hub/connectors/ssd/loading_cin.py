"""The children in need census (DfE, XML) as rows of the Safeguarding Dataset: what it holds and no more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from hub.connectors.ssd import codes
from hub.connectors.ssd.loading import Fault, Row, Spec, iso_day, key, number, one_of, short, taken, yes_no
from hub.connectors.ssd.loading_xml import Node, elements

_PERSON: Spec = (
    ("PersonBirthDate", "pers_dob", iso_day),
    ("ExpectedPersonBirthDate", "pers_expected_dob", iso_day),
    ("PersonDeathDate", "pers_death_date", iso_day),
    ("Sex", "pers_sex", one_of(("0", "1", "2", "9"))),
    ("GenderCurrent", "pers_gender", one_of(("0", "1", "2", "9"))),
    ("UPNunknown", "pers_upn_unknown", one_of(f"UN{each}" for each in range(1, 11))),
)
_REFERRAL: Spec = (
    ("CINreferralDate", "cine_referral_date", iso_day),
    ("ReferralSource", "cine_referral_source_code", one_of(codes.REFERRER)),
    ("PrimaryNeedCode", "cine_cin_primary_need_code", one_of(codes.NEED)),
    ("ReferralNFA", "cine_referral_nfa", yes_no),
    ("CINclosureDate", "cine_close_date", iso_day),
    ("ReasonForClosure", "cine_close_reason", one_of(codes.CLOSURE)),
)
_ASSESSMENT: Spec = (
    ("AssessmentActualStartDate", "cina_assessment_start_date", iso_day),
    ("AssessmentAuthorisationDate", "cina_assessment_auth_date", iso_day),
)
_PLAN: Spec = (
    ("CINPlanStartDate", "cinp_cin_plan_start_date", iso_day),
    ("CINPlanEndDate", "cinp_cin_plan_end_date", iso_day),
)
_ENQUIRY: Spec = (("S47ActualStartDate", "s47e_s47_start_date", iso_day),)
_CONFERENCE: Spec = (
    ("InitialCPCtarget", "icpc_icpc_target_date", iso_day),
    ("DateOfInitialCPC", "icpc_icpc_date", iso_day),
)
_PROTECTION: Spec = (
    ("CPPstartDate", "cppl_cp_plan_start_date", iso_day),
    ("CPPendDate", "cppl_cp_plan_end_date", iso_day),
    ("InitialCategoryOfAbuse", "cppl_cp_plan_initial_category", one_of(codes.ABUSE)),
    ("LatestCategoryOfAbuse", "cppl_cp_plan_latest_category", one_of(codes.ABUSE)),
)
_PRE_PROCEEDINGS: Spec = (
    ("PPStartDate", "prep_pre_pro_decision_date", iso_day),
    ("LBPSentDate", "prep_pre_pro_letter_date", iso_day),
    ("InitialPPMeetingDate", "prep_initial_pre_pro_meeting_date", iso_day),
    ("ReviewMeetingsCount", "prep_pre_pro_meetings_num", number(999)),
    ("StepDecisionDate", "prep_agree_stepdown_issue_date", iso_day),
    ("PPOutcome", "prep_pre_pro_outcome", short),
)
_NUMBERS = {"UPN": "Unique Pupil Number", "FormerUPN": "Former Unique Pupil Number"}
_INSIDE = frozenset(
    {"LAchildID", "Ethnicity", "Disability", "AssessmentFactors", "CPPreviewDate", *_NUMBERS}
    | {
        name
        for spec in (
            _PERSON, _REFERRAL, _ASSESSMENT, _PLAN, _ENQUIRY, _CONFERENCE, _PROTECTION, _PRE_PROCEEDINGS,
        )
        for name, _, _ in spec
    }
)  # fmt: skip
"""Every element that a column is filled from; the others are counted as put aside."""


def read_cin(
    file: Path, aside: Counter[str], progress: Callable[[int], None] = lambda _: None
) -> Iterator[Row | Fault]:
    """Rows and faults of a census file, a child at a time; counts in ``aside`` what no column exists for.

    Raises:
        BadRequest: the file is no XML of the accepted sort.
    """
    for child in elements(file, "Child", progress):
        yield from _Child(file.name, child, aside).rows()


class _Child:
    def __init__(self, file: str, node: Node, aside: Counter[str]) -> None:
        self._file = file
        self._node = node
        self._faults: list[Fault] = []
        self._person = ""
        _count(node, aside)

    def rows(self) -> Iterator[Row | Fault]:
        self._strays(self._node)
        for row in self._of_child():
            yield replace(row, file=self._file, line=self._node.line)
        yield from self._faults

    def _strays(self, node: Node) -> None:
        if node.stray:
            self._faults.append(Fault(self._file, node.line, f"{node.tag} has text beside its elements"))
        for each in node.inside:
            self._strays(each)

    def _of_child(self) -> Iterator[Row]:
        who = self._node.all("ChildIdentifiers")
        cells = _cells(who[0]) if who else {}
        self._person = cells.get("LAchildID", "")
        if not self._person or len(self._person) > 48:
            self._leave(self._node, "Child has no LAchildID of 48 characters at most, so nothing about them is taken")
            return
        values = self._taken(_PERSON, who[0])
        for traits in self._node.all("ChildCharacteristics"):
            values |= self._taken((("Ethnicity", "pers_ethnicity", one_of(codes.ETHNICITY)),), traits)
        yield Row("ssd_person", {"pers_person_id": self._person, **values})
        for tag, kind in _NUMBERS.items():
            if cells.get(tag):
                yield from self._number(kind, cells[tag], who[0])
        for traits in self._node.all("ChildCharacteristics"):
            for each in (one for held in traits.all("Disabilities") for one in held.all("Disability")):
                spec: Spec = (("Disability", "disa_disability_code", one_of(codes.DISABILITY)),)
                if got := taken(spec, {"Disability": each.text}, self._file, each.line, self._faults):
                    own = key(self._person, "disability", got["disa_disability_code"])
                    yield Row("ssd_disability", {"disa_table_id": own, "disa_person_id": self._person, **got})
        for details in self._node.all("CINdetails"):
            yield from self._episode(details)

    def _number(self, kind: str, value: str, node: Node) -> Iterator[Row]:
        if len(value) > 48:
            self._faults.append(Fault(self._file, node.line, "UPN is longer than 48 characters"))
            return
        values = {"link_identifier_type": kind, "link_identifier_value": value, "link_person_id": self._person}
        yield Row("ssd_linked_identifiers", {"link_table_id": key(self._person, kind, value), **values})

    def _episode(self, node: Node) -> Iterator[Row]:
        values = self._taken(_REFERRAL, node)
        begun = values.get("cine_referral_date")
        if begun is None:
            self._leave(node, "CINdetails has no CINreferralDate, so nothing inside it is taken")
            return
        if self._backwards(node, values, "cine_referral_date", "cine_close_date"):
            self._faults.append(Fault(self._file, node.line, "what is inside the CINdetails left out is left out too"))
            return
        referral = key(self._person, "referral", begun)
        own = {"cine_referral_id": referral, "cine_person_id": self._person}
        yield Row("ssd_cin_episodes", {**own, **values})
        for each in node.all("Assessments"):
            yield from self._assessment(each, referral)
        for each in node.all("CINPlanDates"):
            yield from self._simple("ssd_cin_plans", "cinp", "cin_plan", _PLAN, each, referral)
        for each in node.all("Section47"):
            yield from self._simple("ssd_s47_enquiry", "s47e", "s47", _ENQUIRY, each, referral)
        yield from self._conferences(node, referral)
        for each in node.all("ChildProtectionPlans"):
            yield from self._protection(each, referral)
        for each in node.all("PreProceedingsandFGDM"):
            yield from self._pre_proceedings(each)

    def _simple(self, table: str, prefix: str, stem: str, spec: Spec, node: Node, referral: str) -> Iterator[Row]:
        """A row with a start, perhaps an end, and the referral it belongs to."""
        values = self._taken(spec, node)
        start, end = f"{prefix}_{stem}_start_date", f"{prefix}_{stem}_end_date"
        if values.get(start) is None:
            self._leave(node, f"{node.tag} has no start date")
        elif not self._backwards(node, values, start, end):
            own = {"ssd_cin_plans": "cinp_cin_plan_id", "ssd_s47_enquiry": "s47e_s47_enquiry_id"}[table]
            about = {f"{prefix}_person_id": self._person, f"{prefix}_referral_id": referral}
            yield Row(table, {own: key(self._person, table, values[start]), **about, **values})

    def _assessment(self, node: Node, referral: str) -> Iterator[Row]:
        values = self._taken(_ASSESSMENT, node)
        begun = values.get("cina_assessment_start_date")
        if begun is None:
            self._leave(node, "Assessments has no AssessmentActualStartDate")
            return
        if self._backwards(node, values, "cina_assessment_start_date", "cina_assessment_auth_date"):
            return
        own = key(self._person, "assessment", begun)
        about = {"cina_person_id": self._person, "cina_referral_id": referral}
        yield Row("ssd_cin_assessments", {"cina_assessment_id": own, **about, **values})
        factors = []
        for each in (
            one for held in node.all("FactorsIdentifiedAtAssessment") for one in held.all("AssessmentFactors")
        ):
            spec: Spec = (("AssessmentFactors", "factor", one_of(codes.FACTORS)),)
            got = taken(spec, {"AssessmentFactors": each.text}, self._file, each.line, self._faults)
            factors += [str(got["factor"])] if got else []
        if factors:
            held = {"cinf_assessment_id": own, "cinf_assessment_factors_json": json.dumps(sorted(set(factors)))}
            yield Row("ssd_assessment_factors", {"cinf_table_id": key(own, "factors"), **held})

    def _conferences(self, node: Node, referral: str) -> Iterator[Row]:
        """Those of enquiries, and one that the episode alone gives a date for."""
        held = set()
        for each in node.all("Section47"):
            values = self._taken(_CONFERENCE, each)
            if values:
                held.add(values.get("icpc_icpc_date"))
                yield self._conference(values, referral)
        for each in node.all("DateOfInitialCPC"):
            values = taken(_CONFERENCE[1:], {each.tag: each.text}, self._file, each.line, self._faults)
            if values and values["icpc_icpc_date"] not in held:
                yield self._conference(values, referral)

    def _conference(self, values: dict[str, object], referral: str) -> Row:
        own = key(self._person, "conference", values.get("icpc_icpc_date") or values.get("icpc_icpc_target_date"))
        about = {"icpc_icpc_id": own, "icpc_person_id": self._person, "icpc_referral_id": referral}
        return Row("ssd_initial_cp_conference", {**about, **values})

    def _protection(self, node: Node, referral: str) -> Iterator[Row]:
        values = self._taken(_PROTECTION, node)
        begun = values.get("cppl_cp_plan_start_date")
        if begun is None:
            self._leave(node, "ChildProtectionPlans has no CPPstartDate")
            return
        if self._backwards(node, values, "cppl_cp_plan_start_date", "cppl_cp_plan_end_date"):
            return
        own = key(self._person, "protection plan", begun)
        about = {"cppl_cp_plan_id": own, "cppl_person_id": self._person, "cppl_referral_id": referral}
        yield Row("ssd_cp_plans", {**about, **values})
        for each in (one for held in node.all("Reviews") for one in held.all("CPPreviewDate")):
            spec: Spec = (("CPPreviewDate", "cppr_cp_review_date", iso_day),)
            if got := taken(spec, {each.tag: each.text}, self._file, each.line, self._faults):
                ids = {"cppr_cp_review_id": key(own, got["cppr_cp_review_date"]), "cppr_cp_plan_id": own}
                yield Row("ssd_cp_reviews", {**ids, "cppr_person_id": self._person, **got})

    def _pre_proceedings(self, node: Node) -> Iterator[Row]:
        values = self._taken(_PRE_PROCEEDINGS, node)
        begun = values.get("prep_pre_pro_decision_date")
        if begun is None:
            self._leave(node, "PreProceedingsandFGDM has no PPStartDate")
            return
        own = key(self._person, "pre-proceedings", begun)
        yield Row("ssd_pre_proceedings", {"prep_table_id": own, "prep_person_id": self._person, **values})

    def _taken(self, spec: Spec, node: Node) -> dict[str, object]:
        return taken(spec, _cells(node), self._file, node.line, self._faults)

    def _backwards(self, node: Node, values: dict[str, object], start: str, end: str) -> bool:
        begun, ended = values.get(start), values.get(end)
        if not (isinstance(begun, datetime) and isinstance(ended, datetime) and ended < begun):
            return False
        self._leave(node, f"{node.tag} ends before it starts")
        return True

    def _leave(self, node: Node, reason: str) -> None:
        self._faults.append(Fault(self._file, node.line, reason, whole=True))


def _cells(node: Node) -> dict[str, str]:
    """The texts directly inside; the first where an element is repeated."""
    cells: dict[str, str] = {}
    for each in node.inside:
        if not each.inside:
            cells.setdefault(each.tag, each.text.strip())
    return cells


def _count(node: Node, aside: Counter[str]) -> None:
    for each in node.inside:
        if not each.inside and each.text.strip() and each.tag not in _INSIDE:
            aside[each.tag] += 1
        _count(each, aside)
