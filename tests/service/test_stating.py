"""Purpose and case are the token's, the sign-in is good enough for them, and the case is open and the worker's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.access.case_register import CaseState
from hub.access.settings import CaseRegisterSettings
from hub.audit.entries import Question as Asked
from hub.audit.entries import Refused
from hub.domain.enquiry import Enquiry, Searcher, SignIn, Stated, StepUp
from hub.domain.identifiers import CaseReference
from hub.domain.organisations import Sector
from hub.errors import AuditUnavailable, Forbidden, StepUpNeeded
from hub.service.stating import CaseCheck, check_sign_in, check_stated
from tests.service.conftest import PURPOSES, Bench
from tests.service.custodians import Bendable, custodian
from tests.service.test_log_down import break_log, mend_log

WORKER = Searcher("mash", "testshire-council", "Testshire", Sector.COUNCIL, "w-1", "mash_social_worker", PURPOSES)
CASE = CaseReference("MASH-1")
S17 = Enquiry("ca1989-s17", CASE)

STATED = [
    pytest.param(None, True, S17, None, id="the client may state it"),
    pytest.param(None, False, S17, "PURPOSE_NOT_IN_TOKEN", id="the client may not state it"),
    pytest.param(Stated("ca1989-s17", CASE), False, S17, None, id="the token states the same"),
    pytest.param(Stated("ca1989-s17", CASE), True, S17, None, id="the token states it, and the client could"),
    pytest.param(Stated("ca1989-s47", CASE), True, S17, "PURPOSE_NOT_THE_TOKENS", id="another purpose"),
    pytest.param(Stated("ca1989-s17", CaseReference("MASH-2")), True, S17, "CASE_NOT_THE_TOKENS", id="another case"),
]


@pytest.mark.parametrize(("stated", "states_itself", "enquiry", "code"), STATED)
def test_the_enquiry_is_the_tokens(
    stated: Stated | None, states_itself: bool, enquiry: Enquiry, code: str | None
) -> None:
    searcher = replace(WORKER, stated=stated, states_itself=states_itself)
    if code is None:
        check_stated(searcher, enquiry)
        return
    with pytest.raises(Forbidden) as refusal:
        check_stated(searcher, enquiry)
    assert refusal.value.code == code
    assert "MASH" not in refusal.value.message


AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECONDS = int(AT.timestamp())
STRONG = {"ca1989-s47": StepUp(("phrh", "phr"), None)}
FRESH = {"ca1989-s47": StepUp((), 600)}
BOTH = {"ca1989-s47": StepUp(("phr",), 600)}

SIGN_INS = [
    pytest.param({}, SignIn(), True, id="nothing asked for"),
    pytest.param({"ca1989-s17": StepUp(("phr",), 0)}, SignIn(), True, id="asked for of another purpose"),
    pytest.param(STRONG, SignIn("phr"), True, id="strong enough"),
    pytest.param(STRONG, SignIn("phrh"), True, id="stronger"),
    pytest.param(STRONG, SignIn("pwd"), False, id="too weak"),
    pytest.param(STRONG, SignIn("PHR"), False, id="in other letters"),
    pytest.param(STRONG, SignIn(), False, id="not said how"),
    pytest.param(FRESH, SignIn(None, SECONDS - 600), True, id="just fresh enough"),
    pytest.param(FRESH, SignIn(None, SECONDS - 610), True, id="within the skew of the clocks"),
    pytest.param(FRESH, SignIn(None, SECONDS - 611), False, id="too long ago"),
    pytest.param(FRESH, SignIn(None, SECONDS + 11), False, id="in the future"),
    pytest.param(FRESH, SignIn("phr", None), False, id="not said when"),
    pytest.param(BOTH, SignIn("phr", SECONDS), True, id="both"),
    pytest.param(BOTH, SignIn("phr", SECONDS - 6_000), False, id="strong and long ago"),
    pytest.param(BOTH, SignIn("pwd", SECONDS), False, id="fresh and weak"),
]


@pytest.mark.parametrize(("step_up", "sign_in", "is_enough"), SIGN_INS)
def test_the_sign_in_is_good_enough(step_up: dict[str, StepUp], sign_in: SignIn, is_enough: bool) -> None:
    searcher = replace(WORKER, step_up=step_up, sign_in=sign_in)
    if is_enough:
        check_sign_in(searcher, "ca1989-s47", AT)
        return
    with pytest.raises(StepUpNeeded) as refusal:
        check_sign_in(searcher, "ca1989-s47", AT)
    wanted = step_up["ca1989-s47"]
    assert (refusal.value.acr_values, refusal.value.max_age_seconds) == (wanted.acr_values, wanted.max_age_seconds)


def test_a_system_with_no_worker_signs_nobody_in() -> None:
    check_sign_in(replace(WORKER, worker=None, step_up=BOTH), "ca1989-s47", AT)


class Cases:
    """A case register that says one thing, and keeps what it was asked."""

    def __init__(self, state: CaseState) -> None:
        self.says = state
        self.asked: list[tuple[str, str, str | None]] = []

    async def state(self, organisation: str, case: str, worker: str | None) -> CaseState:
        self.asked.append((organisation, case, worker))
        return self.says

    async def close(self) -> None:
        pass


DEFAULT = CaseRegisterSettings(file="x")
LENIENT = CaseRegisterSettings(file="x", closed="flag", not_on_it="flag")
STRICT = CaseRegisterSettings(file="x", unknown="refuse")

ON_CASES = [
    pytest.param(DEFAULT, CaseState.OPEN, None, id="open"),
    pytest.param(DEFAULT, CaseState.CLOSED, "CASE_CLOSED", id="closed"),
    pytest.param(DEFAULT, CaseState.NOT_ON_IT, "CASE_NOT_YOURS", id="not on it"),
    pytest.param(DEFAULT, CaseState.UNKNOWN, None, id="unknown: asked on, and flagged"),
    pytest.param(LENIENT, CaseState.CLOSED, None, id="closed, where that is only flagged"),
    pytest.param(LENIENT, CaseState.NOT_ON_IT, None, id="not on it, where that is only flagged"),
    pytest.param(STRICT, CaseState.UNKNOWN, "CASE_UNKNOWN", id="unknown, where that is refused"),
]


@pytest.mark.parametrize(("settings", "state", "code"), ON_CASES)
async def test_the_case_register_is_asked_and_the_log_has_its_word(
    bench: Bench, settings: CaseRegisterSettings, state: CaseState, code: str | None
) -> None:
    cases, council = Cases(state), Bendable(custodian("council", Sector.COUNCIL))
    bench.cases = CaseCheck.of(cases, settings)
    if code is not None:
        with pytest.raises(Forbidden) as refusal:
            await bench.ask(council)
        assert refusal.value.code == code
        (entry,) = await bench.entries()
        assert isinstance(entry, Refused)
        assert (entry.code, entry.purpose) == (code, "ca2004-s16la")
        assert council.calls == [], "nobody was asked"
    else:
        await bench.ask(council)
        entry = (await bench.entries())[0]
        assert isinstance(entry, Asked)
        assert entry.asker.token == f"bearer:case-{state.value}"
    assert cases.asked == [("testshire-council", "MASH-1", "w-1")]


@pytest.mark.parametrize("settings", [DEFAULT, STRICT], ids=["as usual", "unknown is refused"])
@pytest.mark.parametrize("state", CaseState)
async def test_with_the_log_down_the_case_registers_word_is_told_to_nobody(
    bench: Bench, state: CaseState, settings: CaseRegisterSettings
) -> None:
    """It is asked before the entry that records its word, so whatever it says must end in the same refusal."""
    cases, council = Cases(state), Bendable(custodian("council", Sector.COUNCIL))
    bench.cases = CaseCheck.of(cases, settings)
    break_log(bench)
    with pytest.raises(AuditUnavailable) as refusal:
        await bench.ask(council)
    assert (refusal.value.code, str(refusal.value)) == ("AUDIT_UNAVAILABLE", str(AuditUnavailable()))
    assert cases.asked == [("testshire-council", "MASH-1", "w-1")]
    assert council.calls == [], "nobody was asked"
    mend_log(bench)
    assert await bench.entries() == []
