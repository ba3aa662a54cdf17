"""The commands in process: exit status 0 when all is well, 1 when something is wrong, 2 when it was asked wrongly."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.cli.main import main
from hub.store.appender import Log
from hub.store.keys import load_or_create
from tests.store.making import ask_and_answer
from tests.store.tampering import edit

ORIGIN = "hub.testshire.example/log"
SETTINGS = """
environment = "development"
[log]
database_url = "sqlite:///{place}/log.db"
key_file = "log.key"
origin = "hub.testshire.example/log"
[access]
issuer = "http://127.0.0.1:9"
audience = "http://127.0.0.1:9"
register = "register.toml"
[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "sqlite:///none.db"
contact = {{ role = "Desk", phone = "01632 960 121" }}
"""
COMMANDS = [[], ["demo"], ["serve"], ["ask"], ["audit"], ["audit", "verify"], ["policy"], ["policy", "check"],
            ["policy", "diff"], ["policy", "explain"], ["schema"]]  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings, no demo and no token of this machine are found by accident."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_SETTINGS", raising=False)
    monkeypatch.delenv("HUB_TOKEN", raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The settings of a hub whose log holds a question and its answer."""

    async def write() -> None:
        log = Log(f"sqlite:///{tmp_path / 'log.db'}", load_or_create(tmp_path / "log.key", ORIGIN))
        await log.start()
        await ask_and_answer(log)
        await log.close()

    asyncio.run(write())
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS.format(place=tmp_path))
    return path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "hub")
def test_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    said = capsys.readouterr()
    assert " ".join(["usage: hub", *command]) in said.out
    assert said.err == ""


@pytest.mark.parametrize("command", [[], ["audit"], ["policy"], ["horoscope"], ["ask", "--purpose", "A"], ["demo", "--port", "x"]],
                         ids=lambda command: " ".join(command) or "hub")  # fmt: skip
def test_what_is_no_command(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(command)
    assert end.value.code == 2
    assert "usage: hub" in capsys.readouterr().err


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command; its exit status, what it printed, and what it said on stderr."""

    def run(*argv: str) -> tuple[int, str, str]:
        status = main(argv)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


class TestAuditVerify:
    def test_a_good_log(self, settings: Path, run: Run) -> None:
        assert run("audit", "verify", "--settings", str(settings)) == (
            0,
            "The log checks out: 2 entries, every one as it was signed.\n",
            "",
        )

    @pytest.mark.parametrize(
        ("entry", "status", "says"),
        [
            ("0", 0, "is one of them"),
            ("1", 0, "is one of them"),
            ("2", 1, "is NOT in the log"),
            ("-1", 1, "is NOT in the log"),
        ],
    )
    def test_one_entry(self, settings: Path, run: Run, entry: str, status: int, says: str) -> None:
        ended, out, _ = run("audit", "verify", "--settings", str(settings), "--entry", entry)
        assert (ended, out.splitlines()[1]) == (status, f"Entry {entry} {says}.")

    @pytest.mark.parametrize("entry", [0, 1])
    def test_one_byte_of_an_entry_changed(self, settings: Path, run: Run, entry: int) -> None:
        change = (
            f"UPDATE log_entry SET body = substr(body, 1, 10) || x'21' || substr(body, 12) WHERE \"index\" = {entry}"
        )
        edit(f"sqlite:///{settings.parent / 'log.db'}", change)
        status, out, err = run("audit", "verify", "--settings", str(settings), "--entry", str(entry))
        assert (status, out) == (1, "")
        assert err.startswith("THE LOG DOES NOT CHECK OUT: ")
        assert f"entry {entry}" in err

    def test_the_settings_are_found_without_being_named(
        self, settings: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        assert run("audit", "verify")[0] == 0
        monkeypatch.chdir("/")
        monkeypatch.setenv("HUB_SETTINGS", str(settings))
        assert run("audit", "verify")[0] == 0

    def test_a_database_and_a_key_without_settings(self, settings: Path, run: Run, tmp_path: Path) -> None:
        url, key = f"sqlite:///{tmp_path / 'log.db'}", str(tmp_path / "log.key.pub")
        settings.unlink()
        assert run("audit", "verify", "--database", url, "--public-key", key)[0] == 0

    def test_another_logs_key(self, settings: Path, run: Run, tmp_path: Path) -> None:
        load_or_create(tmp_path / "other.key", ORIGIN)
        status, _, err = run(
            "audit", "verify", "--settings", str(settings), "--public-key", str(tmp_path / "other.key.pub")
        )
        assert status == 1
        assert "DOES NOT CHECK OUT" in err

    @pytest.mark.parametrize(
        ("spoil", "arguments", "says"),
        [
            pytest.param(lambda p: (p / "log.db").unlink(), [], "There is no log at the database URL", id="no database"),
            pytest.param(lambda p: (p / "log.db").write_bytes(b""), [], "not checked", id="an empty database"),
            pytest.param(lambda p: (p / "log.db").write_bytes(b"\x00" * 9999), [], "not checked", id="no database at all"),
            pytest.param(lambda p: (p / "log.key.pub").unlink(), [], "the log's public key is not there", id="no key"),
            pytest.param(lambda p: (p / "log.key.pub").write_bytes(b"\xff"), [], "the log's public key is not there", id="a key that is not text"),
            pytest.param(lambda p: (p / "log.key.pub").write_text("no key"), [], "The public key cannot be read", id="a key that is none"),
            pytest.param(lambda p: (p / "k").write_bytes(b"\xff"), ["--public-key", "k"], "k: cannot be read", id="a named key that is not text"),
            pytest.param(None, ["--public-key", "nowhere"], "nowhere: cannot be read", id="a named key that is not there"),
            pytest.param(None, ["--database", "sqlite:///x"], "name the log's public key with --public-key", id="a database without a key"),
            pytest.param(None, ["--database", "not a URL", "--public-key", "log.key.pub"], "database", id="a database that is no URL"),
            pytest.param(None, ["--settings", "nowhere.toml"], "nowhere.toml: the settings file cannot be read", id="no settings"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_checked(
        self, settings: Path, run: Run, spoil: Callable[[Path], object] | None, arguments: list[str], says: str
    ) -> None:
        if spoil:
            spoil(settings.parent)
        status, out, err = run("audit", "verify", *arguments)
        assert (status, out) == (2, "")
        assert err.startswith("hub: ")
        assert says in err


class TestPolicy:
    @pytest.mark.parametrize(
        ("options", "searcher", "reviewer"),
        [
            pytest.param(["--kind", "contact"], "outcome: shared.", "through ca2004-s16la", id="shared"),
            pytest.param(["--kind", "adoption_record"], "withheld. ", "imp-adoption-s57", id="veiled: only the reviewer is told the ground"),
            pytest.param(["--kind", "case_document", "--label", "privileged"], "Legal professional privilege", "imp-lpp", id="open"),
            pytest.param(["--kind", "case_document", "--unknown", "privileged"], "gap (a fault", "not known: privileged", id="undecidable"),
            pytest.param(["--kind", "contact", "--purpose", "ca1989-s47"], "gap (a fault", "section_47_enquiry", id="a decision that is missing"),
            pytest.param(["--kind", "contact", "--purpose", "ca1989-s47", "--decision"], "outcome: shared.", "through ca1989-s47", id="a decision that is recorded"),
            pytest.param(["--kind", "council_address", "--restricted", "yes"], "address, postcode", "restricted-location", id="restricted"),
            pytest.param(["--kind", "council_address", "--restricted", "unknown"], "gap (a fault", "restricted_location", id="perhaps restricted"),
        ],
    )  # fmt: skip
    def test_explain(self, run: Run, options: list[str], searcher: str, reviewer: str) -> None:
        status, out, err = run("policy", "explain", *options)
        assert (status, err) == (0, "")
        told, true = out.removeprefix("For the searcher\n").split("For the reviewer\n")
        assert searcher in told
        assert reviewer in true
        assert "adoption" not in told.lower()

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--kind", "horoscope"], "There is no kind 'horoscope'. There are: adoption_record, "),
            (
                ["--kind", "contact", "--purpose", "curiosity"],
                "There is no purpose 'curiosity'. There are: ca1989-",
            ),
            (["--kind", "contact", "--role", "astrologer"], "There is no role 'astrologer'. There are: "),
            (
                ["--kind", "contact", "--label", "privilged"],
                "There is no label 'privilged'. Did you mean 'privileged'?",
            ),
            (
                ["--kind", "contact", "--unknown", "privilged"],
                "There is no label 'privilged'. Did you mean 'privileged'?",
            ),
        ],
    )
    def test_explain_what_is_not(self, run: Run, options: list[str], says: str) -> None:
        status, out, err = run("policy", "explain", *options)
        assert (status, out) == (2, "")
        assert err.startswith(f"hub: {says}")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(None, "the settings file cannot be read", id="none"),
        pytest.param("environment =", "not a TOML file", id="not TOML"),
        pytest.param(
            SETTINGS.replace("key_file", "key_flie"), "unknown field `key_flie` - at `$.log`", id="a key misspelt"
        ),
        pytest.param(
            SETTINGS.replace("[log]", "[server]\nport = 'x'\n[log]"), "`$.server.port`", id="a port that is none"
        ),
        pytest.param(SETTINGS.replace("sqlite:///none.db", "${{NOWHERE}}"), "NOWHERE", id="a variable that is not set"),
    ],
)
def test_serve_with_settings_that_are_wrong(run: Run, tmp_path: Path, content: str | None, says: str) -> None:
    path = tmp_path / "bad.toml"
    if content is not None:
        path.write_text(content.format(place=tmp_path))
    status, out, err = run("serve", "--settings", str(path))
    assert (status, out) == (2, "")
    assert err.startswith(f"hub: {path}: ")
    assert says in err


def test_serve_without_its_register(run: Run, settings: Path) -> None:
    status, _, err = run("serve", "--settings", str(settings))
    assert status == 2
    assert "register.toml" in err


ASK = ("ask", "--purpose", "CA2004_S16LA", "--case-reference", "A-1")


class Server(http.server.BaseHTTPRequestHandler):
    """Answers every POST with what the test says."""

    body = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], str]]:
    """Starts a server that answers so; its URL."""
    monkeypatch.setenv("HUB_TOKEN", "invented")
    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def answer(body: bytes) -> str:
        monkeypatch.setattr(Server, "body", body)
        return f"http://127.0.0.1:{server.server_port}"

    yield answer
    server.shutdown()
    server.server_close()


class TestAsk:
    @pytest.mark.parametrize(
        ("options", "says"),
        [
            pytest.param(["--nhs-number", "9990004021"], "No demo runs here. Start one with `hub demo`.", id="no demo"),
            pytest.param(["--nhs-number", "9990004021", "--url", "http://127.0.0.1:9"], "HUB_TOKEN or with --token-file", id="no token"),
            pytest.param(["--nhs-number", "9990004021", "--url", "http://127.0.0.1:9", "--token-file", "nowhere"], "no token can be read", id="no token file"),
            pytest.param([], "Say whom you ask about", id="about nobody"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_asked(self, run: Run, options: list[str], says: str) -> None:
        status, out, err = run(*ASK, *options)
        assert (status, out) == (2, "")
        assert says in err
        assert "9990004021" not in err

    @pytest.mark.parametrize("url", ["http://127.0.0.1:9", "ftp://127.0.0.1", "nowhere"])
    def test_nobody_answers_there(self, run: Run, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv("HUB_TOKEN", "invented")
        status, out, err = run(*ASK, "--nhs-number", "9990004021", "--url", url)
        assert (status, out) == (2, "")
        assert err == f"hub: No hub answers at {url}. Is it running? Start one with `hub demo` or `hub serve`.\n"

    @pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'"hello"', b"null", b"\xff"])
    def test_what_answers_is_no_hub(self, run: Run, answering: Callable[[bytes], str], body: bytes) -> None:
        status, out, err = run(*ASK, "--nhs-number", "9990004021", "--url", answering(body))
        assert (status, out) == (2, "")
        assert "is not a hub" in err

    def test_a_refusal(self, run: Run, answering: Callable[[bytes], str]) -> None:
        url = answering(
            b'{"errors": [{"message": "Say why.", "extensions": {"code": "PURPOSE_UNKNOWN"}}, {"message": "No."}]}'
        )
        assert run(*ASK, "--nhs-number", "1", "--url", url) == (1, "", "PURPOSE_UNKNOWN: Say why.\nERROR: No.\n")
        status, out, _ = run(*ASK, "--nhs-number", "1", "--url", url, "--json")
        assert status == 1
        assert '"PURPOSE_UNKNOWN"' in out

    def test_an_answer(self, run: Run, answering: Callable[[bytes], str], tmp_path: Path) -> None:
        answer = (Path(__file__).parent / "answers" / "no_match.json").read_bytes()
        (tmp_path / "token").write_text("invented\n")
        status, out, err = run(
            *ASK, "--given-name", "A", "--url", answering(answer), "--token-file", str(tmp_path / "token")
        )
        assert (status, err) == (0, "")
        assert "No agency that answered holds this child" in out
        assert "\x1b" not in out


def test_schema(run: Run) -> None:
    status, out, err = run("schema")
    assert (status, err) == (0, "")
    assert "union ChildResult = JoinedView | PossibleMatches | NoMatch" in out


def test_a_fault_that_is_none_is_refused_before_anything_starts(run: Run, tmp_path: Path) -> None:
    status, _, err = run("demo", "--once", "--directory", str(tmp_path / "demo"), "--fault", "fire-brigade=down")
    assert (status, err) == (2, "hub: --fault is AGENCY=FAULT, and AGENCY one of council, police, health.\n")
    assert not (tmp_path / "demo").exists()
