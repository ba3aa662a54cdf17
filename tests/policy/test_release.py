"""What leaves, what is told instead, and that neither says more than it should."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.catalogue import FieldSpec, KindSpec, Section, ValueType
from hub.domain.disclosure import Outcome, ReleasedRecord, Withheld
from hub.domain.organisations import Sector
from hub.domain.records import HeldRecord, RecordPointer
from hub.policy.engine import Policy
from hub.policy.facts import RequestFacts
from hub.policy.release import release, withheld_whole
from tests.policy.cases import AT, COUNCIL, DATA_OWNER, LEGAL, SPOC, bundle, pointer, policy, request
from tests.policy.test_engine import pointers, requests

SECRET = "Zebedee-Secret"
RESTRICTED = request(subject_facts=frozenset({"restricted_location"}))
NOT_ANSWERED = request(subject_unknown=frozenset({"restricted_location"}))


def released(facts: RequestFacts, record: RecordPointer, values: dict[str, Any]) -> ReleasedRecord:
    return release(HeldRecord(record, AT, values), policy().decide(facts, record), COUNCIL, AT)


def whole(facts: RequestFacts, record: RecordPointer) -> tuple[Withheld, ...]:
    return withheld_whole(record, policy().decide(facts, record), COUNCIL, AT)


ADDRESS = {"address": SECRET, "postcode": SECRET, "address_type": "Home", "from_date": date(2025, 1, 2)}


def test_shared_values_leave_and_what_is_not_held_is_neither_a_value_nor_a_line() -> None:
    out = released(request(), pointer("council_address"), ADDRESS | {"postcode": None})
    assert dict(out.values) == {"address": SECRET, "address_type": "Home", "from_date": date(2025, 1, 2)}
    assert (out.withheld, out.handling, out.kind, out.as_of) == ((), (), "council_address", AT)
    assert out.custodian is COUNCIL


@pytest.mark.parametrize("values", [ADDRESS, {}, {"address": SECRET}], ids=["all held", "nothing held", "one held"])
@pytest.mark.parametrize(
    ("facts", "labels", "outcome"),
    [
        (RESTRICTED, "", Outcome.WITHHELD),
        (request(), "restricted", Outcome.WITHHELD),
        (NOT_ANSWERED, "", Outcome.GAP),
    ],
    ids=["restricted child", "restricted record", "nobody could say"],
)
def test_lines_do_not_tell_whether_there_was_a_value(
    facts: RequestFacts, labels: str, outcome: Outcome, values: dict[str, Any]
) -> None:
    out = released(facts, pointer("council_address", labels), values)
    assert [(line.fields, line.outcome) for line in out.withheld] == [(("address", "postcode", "area"), outcome)]
    assert not {"address", "postcode", "area"} & out.values.keys()
    assert SECRET not in repr(out)


def test_fields_out_of_scope_are_listed_whether_held_or_not() -> None:
    narrow = dataclasses.replace(
        bundle().catalogue["contact"],
        fields=tuple(
            dataclasses.replace(each, needed_for=frozenset({"ca1989-s47"})) if each.name == "outcome" else each
            for each in bundle().catalogue["contact"].fields
        ),
    )
    catalogue = dataclasses.replace(bundle().catalogue, kinds={"contact": narrow})
    compiled = Policy(dataclasses.replace(bundle(), catalogue=catalogue))
    facts = request(purpose="ca1989-s17")
    record = pointer("contact")
    lines = [
        release(HeldRecord(record, AT, values), compiled.decide(facts, record), COUNCIL, AT).withheld
        for values in ({"outcome": SECRET}, {})
    ]
    assert lines[0] == lines[1]
    (line,) = lines[0]
    assert (line.fields, line.outcome, line.impediment, line.kind) == (
        ("outcome",),
        Outcome.OUT_OF_SCOPE,
        None,
        "contact",
    )
    assert line.next_step == bundle().vocabulary.telling.out_of_scope_next_step
    assert (line.contact, line.reply_by) == (SPOC, None)
    private = pointer("contact", "privileged")  # the rest is withheld: told as one, the scope not mentioned
    (told,) = withheld_whole(private, compiled.decide(facts, private), COUNCIL, AT)
    assert (told.fields, told.outcome) == (("*",), Outcome.WITHHELD)


def test_an_open_line_names_one_impediment_the_post_that_can_lift_it_and_the_next_step() -> None:
    (line,) = whole(request(), pointer("case_document", "privileged court_order"))
    rule = bundle().impediments["imp-court-order"]
    assert line == Withheld(
        fields=("*",),
        outcome=Outcome.WITHHELD,
        impediment=rule.as_named(),
        contact=LEGAL,
        next_step=rule.next_step,
        kind="case_document",
        custodian=COUNCIL,
    )


def test_an_open_line_promises_a_reply_where_the_policy_does() -> None:
    (line,) = released(request(), pointer("attendance", "confidence_heightened"), {}).withheld
    assert (line.fields, line.reply_by) == (("summary", "discharge"), AT + timedelta(days=1))
    assert line.contact == SPOC  # this custodian has named no such post


def test_ask_names_whom_to_ask() -> None:
    (line,) = whole(request(), pointer("case_document", "originator_condition"))
    assert line.outcome is Outcome.ASK
    assert line.impediment is not None
    assert line.impediment.id == "imp-originator-marac"
    assert line.contact == COUNCIL.contact_for("originator")


VEILED = {
    "adoption by nature": (request(), pointer("adoption_record")),
    "adoption by label": (request(), pointer("case_document", "adoption_s56")),
    "sealed order": (request(), pointer("plan_visit", "court_order_sealed")),
    "intelligence code C": (request(), pointer("intelligence", "handling_code_c")),
    "with an open ground beside it": (request(), pointer("case_document", "adoption_s56 court_order privileged")),
    "with an originator's condition beside it": (request(), pointer("intelligence", "handling_code_c originator_condition")),
    "with an unknown label beside it": (request(), pointer("adoption_record", "local_code_77")),
    "with unstated words beside it": (request(), pointer("adoption_record", "", "privileged")),
    "under another purpose": (request(purpose="ca2004-s16la"), pointer("adoption_record")),
    "to a nurse": (request(role="mash_nurse", recipient_sector=Sector.HEALTH), pointer("adoption_record")),
    "of a restricted child": (RESTRICTED, pointer("placement", "adoption_s56")),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "record"), VEILED.values(), ids=VEILED)
def test_every_veiled_record_is_told_in_exactly_the_same_words(facts: RequestFacts, record: RecordPointer) -> None:
    assert whole(facts, record) == (
        Withheld(
            fields=("*",),
            outcome=Outcome.WITHHELD,
            impediment=None,
            contact=SPOC,
            next_step=bundle().vocabulary.telling.veiled_next_step,
            reply_by=AT + timedelta(days=3),
            kind=None,
            custodian=COUNCIL,
        ),
    )


def test_a_veiled_field_is_told_as_a_veiled_record_is_but_for_its_name() -> None:
    (masked,) = released(RESTRICTED, pointer("council_address"), ADDRESS).withheld
    (record,) = whole(request(), pointer("adoption_record"))
    assert dataclasses.replace(masked, fields=("*",)) == record


@given(requests, pointers)
@settings(max_examples=200, deadline=None)
def test_no_veiled_or_possibly_veiled_ground_shows_in_what_is_told(facts: RequestFacts, record: RecordPointer) -> None:
    decision = policy().decide(facts, record)
    veiled_ids = {rule.id for rule in bundle().rules if rule.veiled}
    lines = decision.lines if decision.any_released else decision.whole_lines
    for line in lines:
        if line.veiled:
            assert (line.impediment, line.kind, line.post) == (None, None, None)
        assert line.impediment is None or line.impediment.id not in veiled_ids
    hiding = any(group.decision.hidden for group in decision.groups)
    if hiding and not decision.any_released:
        assert [(line.fields, line.kind) for line in lines] == [(("*",), None)]
        assert bool(lines[0].veiled) == any(group.decision.veiled for group in decision.groups)


@pytest.mark.parametrize(
    ("labels", "undetermined", "says", "kind", "contact"),
    [
        ("", "privileged", "whether this is legally privileged", "case_document", LEGAL),
        ("", "privileged court_order", "order restricts this; nor whether this is leg", "case_document", LEGAL),
        ("", "adoption_s56", None, None, DATA_OWNER),
        ("", "adoption_s56 privileged", None, None, DATA_OWNER),
        ("local_code_77", "", None, None, DATA_OWNER),
        ("local_code_77", "privileged", None, None, DATA_OWNER),
    ],
    ids=["one fact", "two facts", "a veiled fact", "beside a veiled fact", "unknown label", "beside unknown label"],
)
def test_a_gap_names_the_missing_fact_unless_that_would_hint(
    labels: str, undetermined: str, says: str | None, kind: str | None, contact: object
) -> None:
    (line,) = whole(request(), pointer("case_document", labels, undetermined))
    telling = bundle().vocabulary.telling
    assert (line.fields, line.outcome, line.impediment, line.reply_by) == (("*",), Outcome.GAP, None, None)
    assert (line.kind, line.contact) == (kind, contact)
    if says is None:
        assert line.next_step == telling.gap_next_step
    else:
        assert line.next_step.startswith("It is not known ")
        assert says in line.next_step
        assert line.next_step.endswith(f". {telling.gap_named_next_step}")
    assert "local_code_77" not in repr(line)


@pytest.mark.parametrize(
    ("facts", "kind", "says"),
    [
        (request(decision_recorded=False), "contact", "who decided to make section 47 enquiries"),
        (request(role="locum"), "case_document", "in which role you would receive this"),
    ],
    ids=["no decision", "unknown role"],
)
def test_a_gap_in_the_question_says_what_is_missing(facts: RequestFacts, kind: str, says: str) -> None:
    (line,) = whole(facts, pointer(kind, "family_court_document" if kind == "case_document" else ""))
    assert says in line.next_step
    assert (line.kind, line.contact) == (kind, DATA_OWNER)


def test_an_open_refusal_hides_the_kind_while_a_veiled_one_cannot_be_ruled_out() -> None:
    (line,) = whole(request(), pointer("case_document", "privileged", "adoption_s56"))
    assert (line.fields, line.kind) == (("*",), None)
    assert line.impediment is not None
    assert line.impediment.id == "imp-lpp"


def test_a_record_nobody_catalogued_is_one_line_without_its_kind() -> None:
    (line,) = whole(request(), pointer("horoscope"))
    assert (line.fields, line.outcome, line.kind) == (("*",), Outcome.GAP, None)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [(request(purpose="ca1989-s17"), "intelligence"), (request(purpose="curiosity"), "contact")],
    ids=["kind out of scope", "unknown purpose"],
)
def test_nothing_is_told_of_a_record_out_of_scope(facts: RequestFacts, kind: str) -> None:
    assert whole(facts, pointer(kind)) == ()
    assert whole(facts, pointer(kind, "privileged", "adoption_s56")) == ()


def test_fields_withheld_on_different_grounds_are_different_lines() -> None:
    facts = msgspec.structs.replace(NOT_ANSWERED, decision_recorded=False)
    lines = whole(facts, pointer("council_address"))
    assert [(line.fields, line.kind) for line in lines] == [
        (("address", "postcode", "area"), "council_address"),
        (("address_type", "from_date", "to_date"), "council_address"),
    ]
    assert not policy().decide(facts, pointer("council_address")).whole


def test_notices_travel_with_the_fields_they_are_about() -> None:
    facts = request(purpose="ca2004-s16la")
    (first, second) = released(facts, pointer("attendance", "yp_objection confidence_heightened"), {}).handling
    named = {"on", "attendance_type", "status", "place", "summary", "discharge"}
    by_id = {notice.id: notice for notice in (first, second)}
    assert set(by_id["young-person-objection"].fields) == named
    assert by_id["heightened-confidence"].fields == ("summary", "discharge")
    assert by_id["heightened-confidence"].notice == bundle().handling["heightened-confidence"].notice


def one_field(kind: ValueType) -> Policy:
    field = FieldSpec("thing", "Thing", kind, "identity", "x.y", frozenset(bundle().purposes))
    other = FieldSpec("other", "Other", ValueType.TEXT, "identity", "x.z", frozenset(bundle().purposes))
    spec = KindSpec("thing", "Thing", Section.IDENTITY, Sector.COUNCIL, "Test", (field, other))
    return Policy(
        dataclasses.replace(bundle(), catalogue=dataclasses.replace(bundle().catalogue, kinds={"thing": spec}))
    )


class Cunning(str):
    """A str that is not quite one."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (ValueType.TEXT, ["a", ""], [1, b"a", ["a"], Cunning("a"), True]),
        (ValueType.DATE, [date(2026, 1, 1)], ["2026-01-01", AT, 20260101]),
        (
            ValueType.DATETIME,
            [AT],
            [date(2026, 1, 1), AT.replace(tzinfo=None), AT.astimezone(timezone(timedelta(hours=1))), "now"],
        ),
        (ValueType.INTEGER, [0, -1, 10**30], [True, 1.0, "1"]),
        (ValueType.BOOLEAN, [True, False], [0, 1, "Y"]),
        (ValueType.TEXT_LIST, [(), ("a", "b")], [["a"], ("a", 1), "ab", {"a"}]),
    ],
    ids=lambda value: value.value if isinstance(value, ValueType) else "",
)
def test_a_value_that_is_not_of_its_fields_type_is_a_gap(type_: ValueType, good: list[Any], bad: list[Any]) -> None:
    compiled = one_field(type_)
    record = pointer("thing")
    decision = compiled.decide(request(), record)
    for value in good:
        out = release(HeldRecord(record, AT, {"thing": value, "other": "x"}), decision, COUNCIL, AT)
        assert (out.values, out.withheld) == ({"thing": value, "other": "x"}, ())
    for value in bad:
        out = release(HeldRecord(record, AT, {"thing": value, "other": "x"}), decision, COUNCIL, AT)
        assert out.values == {"other": "x"}
        (line,) = out.withheld
        assert (line.fields, line.outcome, line.contact) == (("thing",), Outcome.GAP, DATA_OWNER)
        assert (line.impediment, line.kind, line.reply_by) == (None, "thing", None)
        assert "does not fit the field" in line.next_step


def test_a_value_for_a_field_nobody_catalogued_is_a_gap_that_does_not_repeat_the_name() -> None:
    out = released(RESTRICTED, pointer("council_address"), ADDRESS | {SECRET: SECRET})
    assert SECRET not in repr(out)
    assert [line.fields for line in out.withheld] == [("address", "postcode", "area"), ("(uncatalogued)",)]


@given(requests, pointers, st.dictionaries(st.sampled_from(["on", "title", "summary", "address", "q"]), st.text()))
@settings(max_examples=200, deadline=None)
def test_every_value_that_leaves_was_decided_shared_and_every_other_field_is_accounted_for(
    facts: RequestFacts, record: RecordPointer, values: dict[str, str]
) -> None:
    decision = policy().decide(facts, record)
    if not decision.any_released:
        with pytest.raises(ValueError, match=r"^nothing of the record may be released: tell it with withheld_whole$"):
            release(HeldRecord(record, AT, values), decision, COUNCIL, AT)
        return
    out = release(HeldRecord(record, AT, values), decision, COUNCIL, AT)
    listed = {name for line in out.withheld for name in line.fields}
    assert all(decision.fields[name].outcome.releases for name in out.values)
    assert not listed & out.values.keys()
    assert {name for name, each in decision.fields.items() if not each.outcome.releases} <= listed
    for line, told in zip(decision.lines, out.withheld, strict=False):
        assert (line.fields, line.outcome) == (told.fields, told.outcome)


DECISION = policy().decide(request(), pointer("contact"))


@pytest.mark.parametrize(
    "record",
    [
        pointer("referral"),
        pointer("contact", "privileged"),
        pointer("contact", "", "privileged"),
        dataclasses.replace(pointer("contact"), custodian="police"),
    ],
    ids=["kind", "labels", "unstated words", "custodian"],
)
@pytest.mark.parametrize(
    "tell",
    [
        lambda record: release(HeldRecord(record, AT, {"outcome": SECRET}), DECISION, COUNCIL, AT),
        lambda record: withheld_whole(record, DECISION, COUNCIL, AT),
    ],
    ids=["release", "withheld_whole"],
)
def test_a_decision_is_no_good_for_another_record(
    record: RecordPointer, tell: Callable[[RecordPointer], object]
) -> None:
    with pytest.raises(ValueError, match=r"^the decision or the custodian belongs to another record$") as error:
        tell(record)
    assert SECRET not in str(error.value)


# ---- what the holder's own system holds back ----------------------------------------------------------------------


def theirs(*fields: str) -> Withheld:
    return Withheld(fields, Outcome.GAP, None, SPOC, "Ask them.", custodian=COUNCIL)


def test_a_line_of_the_holder_s_own_is_told_of_the_fields_that_would_be_shared() -> None:
    record = pointer("council_address")
    held = HeldRecord(record, AT, {"address_type": "Home"}, held_back=(theirs("address", "from_date"),))
    out = release(held, policy().decide(RESTRICTED, record), COUNCIL, AT)
    assert [(line.fields, line.outcome) for line in out.withheld] == [
        (("address", "postcode", "area"), Outcome.WITHHELD),
        (("from_date",), Outcome.GAP),  # of the address all has been told
    ]


@pytest.mark.parametrize(
    ("labels", "outcome", "is_theirs"),
    [
        ("unmapped:redacted", Outcome.GAP, True),
        ("unmapped:redacted privileged", Outcome.WITHHELD, False),
        ("unmapped:redacted adoption_s56", Outcome.WITHHELD, False),
    ],
    ids=["policy knows no more", "a bar is named", "a bar is veiled"],
)
def test_a_record_held_back_whole_is_told_in_the_holder_s_words_unless_policy_has_a_bar(
    labels: str, outcome: Outcome, is_theirs: bool
) -> None:
    record = dataclasses.replace(pointer("case_document", labels), held_back=theirs("*"))
    (line,) = whole(request(), record)
    assert (line.outcome, line == theirs("*")) == (outcome, is_theirs)
