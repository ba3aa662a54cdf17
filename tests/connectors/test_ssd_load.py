"""Statutory returns into a council database: what is taken, what is left out and told, and what is refused whole."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from hub.cli.main import main
from hub.connectors.base import Fetched, Found, Matched
from hub.connectors.ssd import SsdConnector
from hub.connectors.ssd import loading as limits
from hub.connectors.ssd.loading import Loaded, Loader
from hub.connectors.ssd.loading_903 import Return903
from hub.connectors.ssd.loading_cin import read_cin
from hub.domain.sealed import unseal
from hub.errors import BadRequest
from tests.connectors.ssd_samples import COUNCIL, by_name, change, soon, sqlite_council, sqlite_empty

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
PUBLIC = "../shared/data/council"

CHILD = """<Child>
<ChildIdentifiers><LAchildID>C1</LAchildID><UPN>A1</UPN><PersonBirthDate>2015-03-27</PersonBirthDate><Sex>1</Sex></ChildIdentifiers>
<ChildCharacteristics><Ethnicity>WBRI</Ethnicity><Disabilities><Disability>HAND</Disability></Disabilities></ChildCharacteristics>
<CINdetails><CINreferralDate>2024-10-06</CINreferralDate><ReferralSource>1A</ReferralSource><PrimaryNeedCode>N4</PrimaryNeedCode>
<CINclosureDate>2025-02-27</CINclosureDate><ReasonForClosure>RC8</ReasonForClosure><ReferralNFA>0</ReferralNFA>
<Assessments><AssessmentActualStartDate>2024-10-10</AssessmentActualStartDate>
<FactorsIdentifiedAtAssessment><AssessmentFactors>1C</AssessmentFactors><AssessmentFactors>6B</AssessmentFactors></FactorsIdentifiedAtAssessment></Assessments>
<CINPlanDates><CINPlanStartDate>2024-11-01</CINPlanStartDate></CINPlanDates>
<Section47><S47ActualStartDate>2024-10-20</S47ActualStartDate><DateOfInitialCPC>2024-10-30</DateOfInitialCPC></Section47>
<DateOfInitialCPC>2024-10-30</DateOfInitialCPC>
<ChildProtectionPlans><CPPstartDate>2024-10-30</CPPstartDate><InitialCategoryOfAbuse>PHY</InitialCategoryOfAbuse>
<NumberOfPreviousCPP>1</NumberOfPreviousCPP><Reviews><CPPreviewDate>2025-01-15</CPPreviewDate></Reviews></ChildProtectionPlans>
</CINdetails></Child>"""


def census(directory: Path, inside: str = CHILD, before: str = "", *, encoding: str = "utf-8") -> Path:
    file = directory / "cin.xml"
    whole = f"{before}<Message><Children>{inside}</Children></Message>"
    file.write_bytes(whole.encode(encoding))
    return file


def engine_for(directory: Path) -> Engine:
    return create_engine(sqlite_empty(directory / "try.db"))


def load(engine: Engine, file: Path, *, beside: bool = False) -> Loaded:
    aside: Counter[str] = Counter()
    rows = Return903(file, aside).read() if file.is_dir() else read_cin(file, aside)
    return Loader(engine, NOW, beside=beside).load(rows, aside)


def told(loaded: Loaded) -> list[tuple[int, str, bool]]:
    return [(fault.line, fault.reason, fault.whole) for fault in loaded.faults]


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type='table' AND name LIKE 'ssd_%'"))
        held = {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for (name,) in names}
    return {name: count for name, count in held.items() if count and name != "ssd_version_log"}


ALL_OF_IT = dict.fromkeys(
    (
        "ssd_person", "ssd_linked_identifiers", "ssd_disability", "ssd_cin_episodes", "ssd_cin_assessments",
        "ssd_assessment_factors", "ssd_cin_plans", "ssd_s47_enquiry", "ssd_initial_cp_conference", "ssd_cp_plans",
        "ssd_cp_reviews",
    ),
    1,
)  # fmt: skip


def test_a_census_child_fills_these_tables_and_again_changes_nothing(tmp_path: Path) -> None:
    engine = engine_for(tmp_path)
    file = census(tmp_path)
    first = load(engine, file)
    assert (counts(engine), told(first), dict(first.aside)) == (ALL_OF_IT, [], {"NumberOfPreviousCPP": 1})
    again = load(engine, file)
    assert (dict(again.added), dict(again.changed), dict(again.unchanged)) == ({}, {}, ALL_OF_IT)
    assert counts(engine) == ALL_OF_IT


def test_a_newer_return_changes_what_it_says_and_keeps_what_it_leaves_out(tmp_path: Path) -> None:
    engine = engine_for(tmp_path)
    load(engine, census(tmp_path))
    newer = CHILD.replace("<ReasonForClosure>RC8", "<ReasonForClosure>RC9").replace("<Ethnicity>WBRI</Ethnicity>", "")
    assert dict(load(engine, census(tmp_path, newer)).changed) == {"ssd_cin_episodes": 1}
    with engine.connect() as connection:
        assert connection.execute(text("SELECT pers_ethnicity FROM ssd_person")).scalar_one() == "WBRI"


@pytest.mark.parametrize(
    ("old", "new", "reason", "missing"),
    [
        pytest.param("<Sex>1", "<Sex>M", (False, "Sex is not one of the published codes"), set(), id="a wrong code"),
        pytest.param("<Sex>", "PersonBirthDate<Sex>", (False, "ChildIdentifiers has text beside its elements"), set(),
                     id="stray text"),
        pytest.param("2015-03-27", "2015-02-30", (False, "PersonBirthDate is not a date"), set(), id="no such day"),
        pytest.param("2015-03-27", "0915-03-27", (False, "PersonBirthDate is not a date of our time"), set(), id="of no age"),
        pytest.param(">6B<", ">RB<", (False, "AssessmentFactors is not one of the published codes"), set(), id="a factor"),
        pytest.param("<ReferralNFA>0", "<ReferralNFA>?", (False, "ReferralNFA is neither yes nor no"), set(), id="no flag"),
        pytest.param("<CINPlanStartDate>2024-11-01</CINPlanStartDate>", "<CINPlanEndDate>2024-11-01</CINPlanEndDate>",
                     (True, "CINPlanDates has no start date"), {"ssd_cin_plans"}, id="no start"),
        pytest.param("</AssessmentActualStartDate>",
                     "</AssessmentActualStartDate><AssessmentAuthorisationDate>2020-01-01</AssessmentAuthorisationDate>",
                     (True, "Assessments ends before it starts"), {"ssd_cin_assessments", "ssd_assessment_factors"},
                     id="ends before it starts"),
        pytest.param("<LAchildID>C1</LAchildID>", "",
                     (True, "Child has no LAchildID of 48 characters at most, so nothing about them is taken"),
                     set(ALL_OF_IT), id="nobody"),
        pytest.param("<CINreferralDate>2024-10-06</CINreferralDate>", "",
                     (True, "CINdetails has no CINreferralDate, so nothing inside it is taken"),
                     set(ALL_OF_IT) - {"ssd_person", "ssd_linked_identifiers", "ssd_disability"}, id="no referral"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_left_out_and_told(
    tmp_path: Path, old: str, new: str, reason: tuple[bool, str], missing: set[str]
) -> None:
    engine = engine_for(tmp_path)
    assert old in CHILD
    loaded = load(engine, census(tmp_path, CHILD.replace(old, new, 1)))
    assert [(whole, why) for _, why, whole in told(loaded)] == [reason]
    assert set(ALL_OF_IT) - set(counts(engine)) == missing


def test_two_rows_that_disagree_are_told_with_the_second_s_line(tmp_path: Path) -> None:
    engine = engine_for(tmp_path)
    two = CHILD + "\n" + CHILD.replace("<Ethnicity>WBRI", "<Ethnicity>WIRI")
    line = CHILD.count("\n") + 2
    assert told(load(engine, census(tmp_path, two))) == [(line, "pers_ethnicity: an earlier row says otherwise", False)]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT pers_ethnicity FROM ssd_person")).scalar_one() == "WBRI"


BOMB = "<!DOCTYPE m [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>"


@pytest.mark.parametrize(
    ("before", "inside", "why"),
    [
        pytest.param(BOMB, CHILD.replace("C1", "&b;"), "a document type", id="entities inside entities"),
        pytest.param(
            "<!DOCTYPE m SYSTEM 'file:///etc/passwd'>", CHILD, "a document type", id="a document type elsewhere"
        ),
        pytest.param("<?run this?>", CHILD, "processing instruction", id="a processing instruction"),
        pytest.param("", "<Child>&x;</Child>", "not well-formed", id="an entity nobody defined"),
        pytest.param("", "<Child><LAchildID></Child>", "not well-formed", id="tags that do not match"),
        pytest.param("", "<Child>" + "<a>" * 40 + "</a>" * 40 + "</Child>", "too deep", id="too deep"),
        pytest.param("", "<Child>" + "<a/>" * 2_001 + "</Child>", "too many", id="too wide"),
        pytest.param("", f"<Child><LAchildID>{'x' * 2_000}</LAchildID></Child>", "too long", id="too long"),
        pytest.param('<?xml version="1.0" encoding="x-unheard-of"?>', CHILD, "encoding", id="an encoding nobody knows"),
    ],
)
def test_xml_that_is_refused_writes_nothing(tmp_path: Path, before: str, inside: str, why: str) -> None:
    engine = engine_for(tmp_path)
    file = census(tmp_path, CHILD.replace("C1", "C0") + inside, before)
    with pytest.raises(BadRequest, match=why):
        load(engine, file)
    assert counts(engine) == {}, "one transaction: the good child before it is not written either"


def test_sizes_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("loading_xml", "loading_903"):
        monkeypatch.setattr(f"hub.connectors.ssd.{module}.FILE_BYTES_MAX", 100)
    with pytest.raises(BadRequest, match="larger than"):
        load(engine_for(tmp_path), census(tmp_path))
    folder = tmp_path / "903"
    folder.mkdir()
    (folder / "header.csv").write_text("CHILD,SEX,ETHNIC,UPN\n" + "1,1,WBRI,\n" * 50, encoding="utf-8")
    with pytest.raises(BadRequest, match="larger than"):
        load(engine_for(tmp_path), folder)
    assert limits.FILE_BYTES_MAX > 1_000_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    declared = {"iso-8859-1": '<?xml version="1.0" encoding="iso-8859-1"?>'}.get(encoding, "")
    engine = engine_for(tmp_path)
    load(engine, census(tmp_path, CHILD.replace("C1", "Zoë"), declared, encoding=encoding))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT pers_person_id FROM ssd_person")).scalar_one() == "Zoë"


def test_a_database_with_other_data_is_left_alone_unless_told(tmp_path: Path) -> None:
    url = sqlite_council(tmp_path)
    engine = create_engine(url)
    before = counts(engine)
    with pytest.raises(BadRequest, match="other data"):
        load(engine, census(tmp_path))
    assert counts(engine) == before
    load(engine, census(tmp_path), beside=True)
    assert counts(engine)["ssd_person"] == before["ssd_person"] + 1
    with pytest.raises(BadRequest, match="other data"):
        load(engine, census(tmp_path))


def test_a_database_laid_out_otherwise_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'try.db'}"
    change(url, "CREATE TABLE ssd_person (pers_person_id TEXT)")
    with pytest.raises(BadRequest, match="ssd_person has no column"):
        load(create_engine(url), census(tmp_path))


FILES: Mapping[str, str] = {
    "children.csv": "\ufeffCHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n9,2,27/03/2008,WROM,A9,,\n8,3,01/01/2010,WBRI,UN1,,\n",
    "Episodes 2026.csv": (
        "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\n"
        "9,15/02/2016,S,C2,N3,U4,PR1,14/08/2017,E4A,,ZZ1 1AA,ZZ1 2AB,12\n"
        "9,01/05/2020,S,V2,N1,K2,PR4,,,,,,\n"
        "9,01/06/2020,L,C1,N1,K2,PR4,01/01/2019,,,,,\n"
    ),
    "reviews.csv": "CHILD,DOB,REVIEW,REVIEW_CODE\n9,27/03/2008,30/08/2016,PN6\n9,27/03/2008,30/08/2020,PN1\n7,,30/08/2020,PN1\n",
    "missing.csv": "CHILD,DOB,MISSING,MIS_START,MIS_END\n9,,M,13/11/2017,25/11/2017\n9,,M,13/11/2018\n",
    "oc2.csv": (
        "CHILD,DOB,SDQ_SCORE,SDQ_REASON,CONVICTED,HEALTH_CHECK,IMMUNISATIONS,TEETH_CHECK,HEALTH_ASSESSMENT,SUBSTANCE_MISUSE,"
        "INTERVENTION_RECEIVED,INTERVENTION_OFFERED\n9,,39,,1,0,0,1,0,1,0,0\n8,,41,,0,0,1,0,0,0,0,0\n"
    ),
    "oc3.csv": "CHILD,DOB,IN_TOUCH,ACTIV,ACCOM\n9,,YES,G5,S2\n8,,DIED,0,0\n",
    "perm.csv": "CHILD,DOB,PREV_PERM,LA_PERM,DATE_PERM\n9,,P2,E0,zz/05/2014\n8,,P9,,\n",
    "ad1.csv": "CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE,NB_ADOPTR,SEX_ADOPTR,LS_ADOPTR\n9,,22/11/2015,22/11/2015,1,2,MM,L11\n",
    "placed.csv": "CHILD,DOB,DATE_PLACED,DATE_PLACED_CEASED,REASON_PLACED_CEASED\n9,,22/11/2015,07/04/2017,RD1\n",
    "uasc.csv": "CHILD,SEX,DOB,DUC\n8,1,18/10/2010,13/10/2028\n",
    "sw.csv": "CHILD,DOB,SW_ID,SW_DECOM,SW_DEC,SW_REASON\n9,,SW1,01/01/2020,03/01/2020,OTHERS\n",
    "notes.csv": "A,B\n1,2\n",
}


def folder_of(directory: Path, files: Mapping[str, str] = FILES) -> Path:
    folder = directory / "903"
    folder.mkdir()
    for name, held in files.items():
        (folder / name).write_text(held, encoding="utf-8")
    return folder


def test_a_903_folder(tmp_path: Path) -> None:
    engine = engine_for(tmp_path)
    folder = folder_of(tmp_path)
    loaded = load(engine, folder)
    assert counts(engine) == {
        "ssd_person": 2, "ssd_linked_identifiers": 1, "ssd_cla_episodes": 2, "ssd_cla_placement": 2, "ssd_legal_status": 2,
        "ssd_cla_reviews": 2, "ssd_missing": 1, "ssd_sdq_scores": 1, "ssd_cla_health": 1, "ssd_cla_immunisations": 2,
        "ssd_cla_substance_misuse": 1, "ssd_cla_convictions": 1, "ssd_care_leavers": 2, "ssd_cla_previous_permanence": 1,
        "ssd_permanence": 1, "ssd_immigration_status": 1, "ssd_involvements": 1, "ssd_professionals": 1,
    }  # fmt: skip
    assert sorted((fault.file, fault.line, fault.reason, fault.whole) for fault in loaded.faults) == [
        ("Episodes 2026.csv", 4, "ends before it starts", True),
        ("children.csv", 3, "SEX is not one of the published codes", False),
        ("missing.csv", 3, "has another number of cells, or one too long", True),
        ("oc2.csv", 3, "SDQ_SCORE is not a whole number from 0 to 40", False),
        ("perm.csv", 3, "PREV_PERM is missing or was not taken", True),
        ("perm.csv", 3, "PREV_PERM is not one of the published codes", False),
        ("reviews.csv", 4, "is about a child without an episode of care", True),
    ]
    assert loaded.aside["the file notes.csv"] == 1
    assert loaded.aside["HOME_POST of Episodes 2026.csv"] == 1
    again = load(engine, folder)
    assert (sum(again.added.values()), sum(again.changed.values())) == (0, 0)
    with engine.connect() as connection:
        periods = connection.execute(text("SELECT count(DISTINCT clar_cla_id) FROM ssd_cla_reviews")).scalar_one()
    assert periods == 2, "each review is in the period of care that it was held in"


@pytest.mark.parametrize(
    ("files", "why"),
    [
        pytest.param({"notes.csv": "A,B\n"}, "no file of an SSDA903", id="no return"),
        pytest.param({}, "no file of an SSDA903", id="an empty folder"),
        pytest.param({"h.csv": 'CHILD,SEX,ETHNIC,UPN\n1,"2\n'}, "not a CSV", id="a quotation that does not end"),
    ],
)
def test_a_folder_that_is_refused(tmp_path: Path, files: Mapping[str, str], why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        load(engine_for(tmp_path), folder_of(tmp_path, files))


@pytest.mark.postgres
def test_postgresql_takes_the_same(tmp_path: Path, new_database: Callable[[], str]) -> None:
    engine = create_engine(new_database().replace("postgresql://", "postgresql+psycopg://"))
    folder, file = folder_of(tmp_path), census(tmp_path)
    loads = [load(engine, each) for each in (file, folder, file, folder)]
    engine.dispose()
    assert sum(loads[0].added.values()) == len(ALL_OF_IT)
    assert [sum(each.added.values()) + sum(each.changed.values()) for each in loads[2:]] == [0, 0]


def test_the_command_says_what_it_did_and_repeats_nothing_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, report = census(tmp_path, CHILD.replace("<Sex>1", "<Sex>SECRET")), tmp_path / "report.csv"
    into = f"sqlite:///{tmp_path / 'try.db'}"
    assert main(["ssd", "load", str(file), "--into", into, "--report", str(report)]) == 1
    said = capsys.readouterr().out + report.read_text(encoding="utf-8")
    assert "0 rows left out; 1 values left out" in said
    assert "cin.xml,2,value,Sex is not one of the published codes" in said
    assert "No column of the dataset for: NumberOfPreviousCPP (1)" in said
    assert "SECRET" not in said
    assert main(["ssd", "load", str(census(tmp_path)), "--into", into]) == 0


@pytest.mark.parametrize(
    "into",
    [
        pytest.param("nonsense", id="no URL"),
        pytest.param("mssql+pyodbc://x", id="a live kind of database"),
        pytest.param("sqlite:////nowhere/at/all.db", id="no such folder"),
    ],
)
def test_where_to_write_is_checked(tmp_path: Path, into: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ssd", "load", str(census(tmp_path)), "--into", into]) == 2
    assert capsys.readouterr().err.startswith("hub: ")


async def test_the_connector_reads_what_was_loaded(tmp_path: Path) -> None:
    engine = engine_for(tmp_path)
    load(engine, census(tmp_path))
    engine.dispose()
    url = str(engine.url)
    change(url, "UPDATE ssd_person SET pers_forename = 'Maya', pers_surname = 'Thornbury'")  # no return has a name
    council = SsdConnector(COUNCIL, url)
    matched = await council.match(by_name("Maya", "Thornbury", "2015-03-27"), soon())
    assert isinstance(matched, Matched)
    (who,) = matched.candidates
    found = await council.find(who, council.kinds, soon())
    assert isinstance(found, Found)
    fetched = await council.fetch(who, found.pointers, soon())
    assert isinstance(fetched, Fetched)
    shown = {record.pointer.kind: unseal(record) for record in fetched.records}
    assert shown["referral"]["primary_need"] == "Family in acute stress (N4)"
    assert len(shown["assessment"]["factors"]) == 2
    assert {"protection_plan", "plan_review", "section47_enquiry", "conference", "disability"} <= set(shown)
    await council.close()


def test_the_public_files(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    folder = pytestconfig.rootpath / PUBLIC
    if not folder.is_dir():
        pytest.skip("the public files are not beside the project")
    engine = engine_for(tmp_path)
    first = load(engine, folder / "cin" / "fake_CIN_data.xml")
    assert (first.added["ssd_person"], first.added["ssd_disability"], told(first)) == (332, 112, [])
    cared_for = load(engine, folder / "ssda903")
    assert cared_for.added["ssd_cla_episodes"] == 5050
    assert cared_for.added["ssd_missing"] == 43
    assert cared_for.added["ssd_person"] == 2675
    faults = Counter(fault.file for fault in cared_for.faults if fault.whole)
    lines = sum(1 for _ in itertools.islice((folder / "ssda903/reviews.csv").open(encoding="utf-8"), 1, None))
    disagree = sum("earlier row" in fault.reason and fault.file == "reviews.csv" for fault in cared_for.faults)
    assert set(faults) == {"reviews.csv"}
    assert cared_for.added["ssd_cla_reviews"] + faults["reviews.csv"] <= lines
    assert lines - cared_for.added["ssd_cla_reviews"] - faults["reviews.csv"] >= disagree


@pytest.mark.parametrize("name", ["CIN_Census_2021.xml", "CIN_Census_2024.xml", "CIN_Census_2026.xml", "cin-2022.xml"])
def test_the_public_samples_that_are_wrong_on_purpose(tmp_path: Path, pytestconfig: pytest.Config, name: str) -> None:
    file = pytestconfig.rootpath / PUBLIC / "cin" / name
    if not file.is_file():
        pytest.skip("the public files are not beside the project")
    engine = engine_for(tmp_path)
    loaded = load(engine, file)
    assert loaded.added["ssd_person"] >= 1
    if name == "CIN_Census_2026.xml":
        assert told(loaded) == [
            (19, "ChildIdentifiers has text beside its elements", False),
            (41, "Assessments ends before it starts", True),
            (86, "Sex is not one of the published codes", False),
        ]
