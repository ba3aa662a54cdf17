"""``hub decision`` in process: what is recorded is said back in plain words, and the child only to who asks for it."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.cli.main import main
from hub.domain.identifiers import NHSNumber
from hub.policy.judgements import Judgement
from hub.policy.load import default_policies_directory
from hub.store.appender import Log
from hub.store.judgements import JudgementStore
from hub.store.keys import load_or_create
from tests.cli.decided import INTERESTS, KINDS, ORIGIN, REASONS, REGISTER, SECRETS, SETTINGS, file, moment, said
from tests.policy.judged import judgement
from tests.store.tampering import edit, read_all

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of a hub that was started once, and whose policies know two more kinds of decision."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_SETTINGS", raising=False)

    async def start() -> None:
        log = Log(f"sqlite:///{tmp_path / 'log.db'}", load_or_create(tmp_path / "log.key", ORIGIN))
        await log.start()
        await log.close()

    asyncio.run(start())
    shutil.copytree(default_policies_directory(), tmp_path / "policies")
    with (tmp_path / "policies" / "vocabulary.toml").open("a", encoding="utf-8") as vocabulary:
        vocabulary.write(KINDS)
    (tmp_path / "register.toml").write_text(REGISTER)
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS.format(place=tmp_path))
    return path


@asynccontextmanager
async def recording(place: Path) -> AsyncIterator[JudgementStore]:
    """A store that records, in the log there."""
    url = f"sqlite:///{place / 'log.db'}"
    log = Log(url, load_or_create(place / "log.key", ORIGIN))
    await log.start()
    store = JudgementStore(url, log)
    yield store
    await store.close()
    await log.close()


@pytest.fixture
def run(settings: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``hub decision``; its exit status, what it printed, and what it said on stderr."""

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(["decision", *argv])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def recorded(run: Run, tmp_path: Path) -> Callable[..., tuple[str, str]]:
    """Records a decision from a file; its reference, and everything that was said."""

    def record(**changes: str) -> tuple[str, str]:
        (tmp_path / "judgement.toml").write_text(file(**changes), encoding="utf-8")
        status, out, err = run("record", "--file", "judgement.toml")
        assert (status, err) == (0, "")
        found = re.fullmatch(r"Recorded under ([0-9a-f]{32})", out.splitlines()[0])
        assert found
        return found.group(1), out

    return record


Recorded = Callable[..., tuple[str, str]]


class TestRecord:
    def test_a_decision_that_holds_back(self, recorded: Recorded) -> None:
        ends, review = moment(48), moment(24)
        _, out = recorded(expires_at=ends, review_at=review)
        assert (
            f"From now until {said(ends)}, this child's records at testshire-council, for testshire-nhs's request "
            in out
        )
        assert "under ca2004-s16la on one case only, count as `yp_objection`: a competent young person objects" in out
        assert re.search(r"held back: .*Gillick.*; how well this was checked: verified secondary\)", out)
        assert f"Review it before {said(review)}: from then on what turns on it is held back as not known" in out
        assert "by NHS number alone" not in out
        assert not [secret for secret in SECRETS if secret in out]

    def test_a_decision_that_releases_a_part(self, recorded: Recorded) -> None:
        _, out = recorded(**INTERESTS, fields='["needs", "started_on"]')
        assert (
            "records of kind education_health_care_plan at testshire-council, in the fields needs, started_on," in out
        )
        assert re.search(
            r"lifted, so no longer a reason to hold back: .*2014/1530.*how well this was checked: verified", out
        )

    def test_a_child_named_by_number_alone_is_warned_of(self, recorded: Recorded) -> None:
        assert "The child is named by NHS number alone: it does not hold where" in recorded(local_id="")[1]

    def test_options(self, run: Run, recorded: Recorded) -> None:
        status, out, err = run(
            "record", "--kind", "test_interests", "--custodian", "testshire-council", "--local-id", "P-77",
            "--record-kind", "education_health_care_plan", "--record-id", "r1", "--field", "needs", "--field", "started_on",
            "--decided-by", "Imogen Fairweather", "--post", "send", "--decided-at", moment(-1), "--review-at", moment(1),
            "--expires-at", moment(2), "--reasons", REASONS,
        )  # fmt: skip
        assert (status, err) == (0, "")
        assert "one record of this child of kind education_health_care_plan at testshire-council, in the fields" in out
        status, out, err = run(
            "record", "--kind", "test_objection", "--custodian", "testshire-council", "--nhs-number", "9990004021",
            "--decided-by", "Imogen Fairweather", "--post", "caldicott", "--review-at", moment(1), "--expires-at", moment(2),
            "--reasons", REASONS, "--organisation", "testshire-nhs", "--case-reference", "MASH-9", "--purpose", "ca2004-s16la",
        )  # fmt: skip
        assert (status, err) == (0, "")

    def test_from_standard_input(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file().encode())))
        assert run("record", "--file", "-")[0] == 0

    def test_the_store_has_what_was_decided(self, recorded: Recorded, tmp_path: Path) -> None:
        reference, _ = recorded()

        async def read() -> tuple[Judgement, ...]:
            store = JudgementStore(f"sqlite:///{tmp_path / 'log.db'}")
            kept = await store.every()
            await store.close()
            return tuple(each.judgement for each in kept)

        (made,) = asyncio.run(read())
        assert (made.id, made.reasons, made.nhs_number) == (reference, REASONS, NHSNumber("9990004021"))

    @pytest.mark.parametrize(
        ("text", "code_says"),
        [
            pytest.param(None, "The file cannot be read", id="no file"),
            pytest.param("kind = ", "must be TOML", id="not TOML"),
            pytest.param(b"kind = '\xff'", "must be TOML", id="not UTF-8"),
            pytest.param("#" * 70_000, "at most 65536 bytes", id="too large"),
            pytest.param("", "missing required field `kind`", id="empty"),
            pytest.param("horoscope = 'Imogen'\n" + file(), "unknown field `horoscope`", id="unknown key"),
            pytest.param(file(kind="7"), "`$.kind`", id="a number for a text"),
            pytest.param(file(review_at="'next week'"), "`$.review_at`", id="a time that is none"),
            pytest.param(file(review_at="2026-12-01"), "`$.review_at`", id="a date for a time"),
            pytest.param(file(review_at="2026-12-01T10:00:00"), "with its offset", id="a time without its offset"),
            pytest.param(file(kind="'horoscope'"), "test_interests, test_objection", id="unknown kind"),
            pytest.param(file(reasons="'We cannot share because of GDPR.'"), "framework for sharing", id="a rejected ground"),
            pytest.param(file(request='organisation = "x"\ncase_reference = "A"\npurpose = "y"'), "These may: testshire-nhs", id="an agency not in the register"),
            pytest.param(file(request='organisation = "testshire-nhs"'), "`$.request`", id="half a request"),
        ],
    )  # fmt: skip
    def test_refused(self, run: Run, tmp_path: Path, text: str | bytes | None, code_says: str) -> None:
        if text is not None:
            (tmp_path / "j").write_bytes(text if isinstance(text, bytes) else text.encode())
        status, out, err = run("record", "--file", "j")
        assert (status, out) == (2, "")
        assert err.startswith("hub: ")
        assert code_says in err
        assert not [secret for secret in SECRETS if secret in err]
        assert read_all(f"sqlite:///{tmp_path / 'log.db'}", "SELECT * FROM judgement") == []

    @pytest.mark.parametrize(
        ("options", "says"),
        [([], "--file FILE, or options"), (["--file", "j", "--kind", "test_interests"], "not both"),
         (["--file", "j", "--field", "needs"], "not both"), (["--kind", "test_interests"], "missing required field")],
    )  # fmt: skip
    def test_neither_file_nor_options(self, run: Run, options: list[str], says: str) -> None:
        status, out, err = run("record", *options)
        assert (status, out) == (2, "")
        assert says in err


class TestWithdraw:
    def test_it_is_taken_back(self, run: Run, recorded: Recorded) -> None:
        reference, _ = recorded()
        status, out, err = run(
            "withdraw", reference, "--by", "Rowan Achebe", "--reasons", "The young person agrees after all."
        )
        assert (status, err) == (0, "")
        assert "From now on it says nothing" in out
        _, out, _ = run("show", reference)
        assert out.startswith(f"{reference}: test_objection, withdrawn\n")
        assert "withdrawn by Rowan Achebe on " in out
        assert "The young person agrees after all." in out
        assert "From now until" not in out

    @pytest.mark.parametrize(
        ("by", "reasons", "says"),
        [
            pytest.param("Imogen", REASONS, "given name and family name", id="by nobody"),
            pytest.param("Imogen Fairweather", "Because.", "Give the reasons", id="for nothing"),
            pytest.param("Imogen Fairweather", REASONS, "No decision has that reference", id="which is not there"),
        ],
    )
    def test_refused(self, run: Run, by: str, reasons: str, says: str) -> None:
        status, out, err = run("withdraw", "f" * 32, "--by", by, "--reasons", reasons)
        assert (status, out) == (2, "")
        assert says in err


class TestListAndShow:
    def test_no_decision(self, run: Run) -> None:
        assert run("list") == (0, "No decision has been recorded.\n", "")
        assert run("list", "--due") == (0, "No decision is to be reviewed within 7 days.\n", "")

    def test_a_list_names_no_child(self, run: Run, recorded: Recorded) -> None:
        ends, review = moment(48), moment(24)
        reference, _ = recorded(expires_at=ends, review_at=review)
        status, out, err = run("list")
        assert (status, err) == (0, "")
        head, line = out.splitlines()
        assert head.split() == ["reference", "what", "agency", "state", "review", "ends"]
        assert re.split(r"  +", line) == [
            reference,
            "test_objection",
            "testshire-council",
            "in force",
            said(review),
            said(ends),
        ]
        assert not [secret for secret in SECRETS if secret in out]

    def test_one_is_shown_whole(self, run: Run, recorded: Recorded) -> None:
        reference, _ = recorded()
        status, out, err = run("show", reference)
        assert (status, err) == (0, "")
        for shown in (
            "999 000 4021",
            "P-77",
            "Imogen Fairweather (caldicott)",
            REASONS,
            "MASH-2026-1182",
            "every kind",
            "From now until",
        ):
            assert shown in out
        reference, _ = recorded(**INTERESTS, record_id='"r1"', fields='["needs"]')
        _, out, _ = run("show", reference)
        for shown in ("education_health_care_plan", "one record: r1", "fields: needs"):
            assert shown in out

    def test_none_of_that_reference(self, run: Run) -> None:
        status, out, err = run("show", "P-77")
        assert (status, out) == (2, "")
        assert err == "hub: No decision has that reference; `hub decision list` shows them.\n"

    def test_states_and_what_is_due(self, run: Run, settings: Path) -> None:
        """Overdue first, then what is due within seven days; not what is later, over, or withdrawn."""
        now = datetime.now(UTC)
        hours = {
            "a": (1, 999),
            "b": (-1, 999),
            "c": (-2, -1),
            "d": (8 * 24, 999),
            "e": (-3, 999),
            "f": (7 * 24 - 1, 999),
        }

        async def record() -> None:
            async with recording(settings.parent) as store:
                for name, (review, end) in hours.items():
                    times = {"review_at": now + timedelta(hours=review), "expires_at": now + timedelta(hours=end)}
                    await store.record(judgement(id=name * 32, **times), now)

        asyncio.run(record())
        run("withdraw", "e" * 32, "--by", "Rowan Achebe", "--reasons", "The young person agrees after all.")
        states = [re.split(r"  +", line)[3] for line in run("list")[1].splitlines()[1:]]
        assert states == ["in force", "review overdue", "expired", "in force", "withdrawn", "in force"]
        status, out, _ = run("list", "--due")
        assert status == 1, "one is overdue"
        assert [line[0] for line in out.splitlines()[1:]] == ["b", "a", "f"]
        run("withdraw", "b" * 32, "--by", "Rowan Achebe", "--reasons", "The young person agrees after all.")
        assert run("list", "--due")[0] == 0

    @pytest.mark.parametrize(
        ("word", "says"),
        [
            pytest.param("of_an_older_set", "HELD BACK AS UNDECIDED", id="a word of policies that are gone"),
            pytest.param("intelligence", "NO RULE TURNS ON THAT WORD", id="a word that does nothing by itself"),
        ],
    )
    def test_a_word_without_a_rule_is_said_loudly(self, run: Run, settings: Path, word: str, says: str) -> None:
        async def record() -> None:
            late = datetime.now(UTC) + timedelta(hours=2)
            async with recording(settings.parent) as store:
                await store.record(judgement(word=word, review_at=late, expires_at=late), late)

        asyncio.run(record())
        assert says in run("show", judgement().id)[1]


def test_kinds(run: Run) -> None:
    status, out, err = run("kinds")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    first = lines.index("test_interests: the council needs it shared in the child's interests")
    assert (
        lines[first + 1]
        == "  made by: send; at most 366 days; about every request while it lasts; the whole record or parts"
    )
    assert lines[first + 2].startswith("  lifted, so no longer a reason to hold back: ")
    second = lines.index("test_objection: a young person objects")
    assert lines[second + 1] == "  made by: caldicott; at most 72 hours; about one request, never a standing rule"
    assert lines[second + 2].startswith("  held back: ")


class TestDatabase:
    @pytest.mark.parametrize("command", ["list", "record"])
    def test_one_that_is_not_there_is_not_made(self, run: Run, settings: Path, tmp_path: Path, command: str) -> None:
        (tmp_path / "log.db").unlink()
        (tmp_path / "j").write_text(file())
        status, out, err = run(command, *(["--file", "j"] if command == "record" else []))
        assert (status, out) == (2, "")
        assert err == "hub: There is no log at the database URL of the settings: start the hub once.\n"
        assert not (tmp_path / "log.db").exists()

    @pytest.mark.parametrize(("command", "says"), [("list", "cannot be read"), ("record", "not certain")])
    def test_one_that_fails(self, run: Run, tmp_path: Path, command: str, says: str) -> None:
        edit(f"sqlite:///{tmp_path / 'log.db'}", "ALTER TABLE judgement RENAME COLUMN act TO acts")
        (tmp_path / "j").write_text(file())
        status, out, err = run(command, *(["--file", "j"] if command == "record" else []))
        assert (status, out) == (2, "")
        assert says in err
        assert not [secret for secret in SECRETS if secret in err]


@pytest.mark.parametrize(
    "command",
    [[], ["record"], ["withdraw"], ["list"], ["show"], ["expire"], ["kinds"]],
    ids=lambda each: " ".join(each) or "none",
)
def test_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["decision", *command, "--help"])
    assert end.value.code == 0
    assert " ".join(["usage: hub decision", *command]) in capsys.readouterr().out
