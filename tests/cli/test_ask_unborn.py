"""``hub ask`` about a child not yet born: what is sent, what cannot be said together, and what is shown of the answer."""

from __future__ import annotations

import http.server
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hub.cli.main import main
from hub.cli.render import show

MOTHER, DUE = "9990009902", "2027-01-18"
ASK = ("ask", "--purpose", "CA2004_S16LA", "--case-reference", "A-1")
BOTH = ("--mother-nhs-number", MOTHER, "--expected-date-of-birth", DUE)
ANSWERS = Path(__file__).parent / "answers"


class Server(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent, and answers that nobody holds the child."""

    sent: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        self.wfile.write((ANSWERS / "no_match.json").read_bytes())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Where a hub answers, for whoever has the token in her environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_TOKEN", "invented")
    monkeypatch.setattr(Server, "sent", [], raising=False)
    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(BOTH, id="both"),
        pytest.param(("--unborn", *BOTH), id="both, and that it is unborn"),
    ],
)
def test_what_is_sent(hub: str, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ASK, *options, "--url", hub]) == 0
    (sent,) = Server.sent
    assert sent["variables"]["find"] == {"unborn": {"motherNhsNumber": MOTHER, "expectedDateOfBirth": DUE}}
    assert "maternityEpisodes" in sent["query"]
    assert "No agency that answered holds this child" in capsys.readouterr().out


def test_of_a_child_who_was_born_the_usual_query_is_sent(hub: str) -> None:
    assert main([*ASK, "--nhs-number", "9990004021", "--url", hub]) == 0
    (sent,) = Server.sent
    assert sent["variables"]["find"] == {"nhsNumber": "9990004021"}
    assert "maternityEpisodes" not in sent["query"]


@pytest.mark.parametrize(
    ("given", "typed"),
    [
        pytest.param(("--unborn",), [MOTHER, DUE], id="neither"),
        pytest.param(("--mother-nhs-number", MOTHER), [DUE], id="the mother alone"),
        pytest.param(("--expected-date-of-birth", DUE), [MOTHER], id="the date alone"),
    ],
)
def test_what_is_left_out_is_asked_for(
    hub: str, given: tuple[str, ...], typed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(typed)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _prompt: f" {next(answers)} ")
    assert main([*ASK, *given, "--url", hub]) == 0
    assert Server.sent[0]["variables"]["find"] == {"unborn": {"motherNhsNumber": MOTHER, "expectedDateOfBirth": DUE}}
    assert list(answers) == []


def test_an_empty_line_is_no_answer(
    hub: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _prompt: "")
    assert main([*ASK, "--unborn", "--url", hub]) == 2
    assert "give both" in capsys.readouterr().err
    assert Server.sent == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param((*BOTH, "--nhs-number", "9990004021"), "--nhs-number is about a child who has been born", id="number"),
        pytest.param(("--unborn", "--given-name", "Maya"), "--given-name is about a child who has", id="a name alone"),
        pytest.param(
            (*BOTH, "--date-of-birth", DUE, "--postcode", "ZZ1 1AA"), "--date-of-birth, --postcode is about", id="several"
        ),
        pytest.param(("--unborn",), "--mother-nhs-number and --expected-date-of-birth", id="nothing of it"),
        pytest.param(("--mother-nhs-number", MOTHER), "unborn child: --expected-date-of-birth.", id="no date"),
        pytest.param(("--expected-date-of-birth", DUE), "unborn child: --mother-nhs-number.", id="no mother"),
        pytest.param((), "Of an unborn child: --mother-nhs-number and", id="nobody"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(
    hub: str, options: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ASK, *options, "--url", hub]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert (said.out, Server.sent) == ("", [])
    assert not any(each in said.err for each in (MOTHER, DUE, "Maya", "9990004021"))


def shown(answer: str, **more: Any) -> str:
    child = json.loads((ANSWERS / f"{answer}.json").read_text("utf-8"))["data"]["child"]
    console = Console(file=io.StringIO(), width=200, highlight=False)
    show(console, {**child, **more})
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_the_answer_about_an_unborn_child() -> None:
    text = shown("unborn_view")
    for words in (
        "Unborn child   expected 2027-01-18",
        "Testshire Council: found on the recorded mother's NHS number and the expected date of birth",
        "Mother's maternity care",
        "Antenatal care, active, booked 2026-06-23, expected 2027-01-18, Testshire Maternity Unit",
        "it has no way to look for a child who is not born yet",
    ):
        assert words in text, words
    assert "same child" not in text
    assert "None" not in text


def test_a_possible_match_has_what_to_do() -> None:
    text = shown("unborn_twins")
    assert text.index("nothing of theirs is above") < text.index("mother's NHS number agree, expected")
    assert text.count("More than one record there fits this pregnancy") == 2
    assert "mother's NHS number agree, expected date of birth agree" in text


def test_what_to_look_at_again_comes_first() -> None:
    assert shown("no_match", notices=["Check \x1b[2Jthe year."]).startswith("! Check \N{REPLACEMENT CHARACTER}[2Jthe")
