"""``hub documents``: what is registered is what a hub would answer, all of it or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.cli.client import VIEW
from hub.cli.main import main
from hub.schema.trusted import digest, load
from tests.cli.decided import REGISTER, SETTINGS

SMALL = "{ __typename }"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_SETTINGS", raising=False)
    settings = SETTINGS.format(place=tmp_path).replace('policies = "policies"\n', "")
    Path("settings.toml").write_text(settings + '[server]\ndocuments_file = "documents.json"\n')
    Path("register.toml").write_text(REGISTER)
    Path("view.graphql").write_text(VIEW)
    Path("small.graphql").write_text(SMALL)

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(["documents", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


def registered() -> dict[str, set[str]]:
    return {client: set(documents) for client, documents in load(Path("documents.json")).items()}


def test_registered_listed_removed(run: Run) -> None:
    assert run("list") == (0, "No document is registered.\n", "")
    status, said, _ = run("register", "--client", "portal", "view.graphql", "small.graphql")
    assert status == 0
    assert "2 new, 0 known before; portal has 2." in said
    assert "trusted" in said, "it says that others are answered too"
    assert registered() == {"portal": {digest(VIEW), digest(SMALL)}}
    assert "0 new, 1 known before; portal has 2." in run("register", "--client", "portal", "view.graphql")[1]
    status, said, _ = run("list")
    assert said.splitlines() == sorted([f"portal  {digest(VIEW)}  view", f"portal  {digest(SMALL)}  small"])
    assert run("list", "--client", "other")[1] == "No document is registered.\n"
    status, said, _ = run("remove", "--client", "portal", digest(VIEW)[:8])
    assert (status, said) == (0, "1 removed; portal has 1.\n")
    assert registered() == {"portal": {digest(SMALL)}}
    assert run("remove", "--client", "portal", "--all")[0] == 0
    assert registered() == {}


def test_a_manifest(run: Run) -> None:
    Path("all.json").write_text(json.dumps({f"sha256:{digest(VIEW)}": VIEW, digest(SMALL): SMALL}))
    assert run("register", "--client", "portal", "all.json")[0] == 0
    assert registered() == {"portal": {digest(VIEW), digest(SMALL)}}


REFUSED: dict[str, tuple[str, str, str]] = {
    "an unknown field": ("a.graphql", "{ colour }", "QUERY_INVALID: Cannot query field 'colour'"),
    "no GraphQL": ("a.graphql", "what?", "QUERY_SYNTAX"),
    "too deep": ("a.graphql", "{" + "a{" * 30 + "a" + "}" * 31, "QUERY_TOO_DEEP"),
    "silence that could be misread": (
        "a.graphql", "query($f: ChildSearch!, $e: EnquiryInput!) { child(find: $f, enquiry: $e) { __typename } }", "AMBIGUOUS_SILENCE",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "said"), REFUSED.values(), ids=REFUSED)
def test_what_the_hub_would_refuse_is_not_registered(run: Run, name: str, text: str, said: str) -> None:
    Path(name).write_text(text)
    status, out, err = run("register", "--client", "portal", "small.graphql", name)
    assert (status, out) == (1, "")
    assert said in err
    assert "nothing was registered: the hub would refuse 1 of 2" in err
    assert registered() == {}


WRONG: dict[str, tuple[list[str], str]] = {
    "a client nobody knows": (["register", "--client", "prtal", "small.graphql"], "knows no client 'prtal'. It knows: portal"),
    "no such file": (["register", "--client", "portal", "none.graphql"], "none.graphql: it cannot be read"),
    "no text": (["register", "--client", "portal", "bytes.graphql"], "bytes.graphql: it cannot be read"),
    "a manifest that is none": (["register", "--client", "portal", "list.json"], "list.json: a manifest is"),
    "a manifest that lies": (["register", "--client", "portal", "lies.json"], "another SHA-256"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_asked_wrongly(run: Run, arguments: list[str], said: str) -> None:
    Path("bytes.graphql").write_bytes(b"\xff\xfe")
    Path("list.json").write_text("[]")
    Path("lies.json").write_text(json.dumps({digest(VIEW): SMALL}))
    status, _, err = run(*arguments)
    assert status == 2
    assert said in err
    assert registered() == {}


@pytest.mark.parametrize(
    "named", [["12345678"], ["--all"], [digest(SMALL)[:7]]], ids=["unknown", "all of none", "too short"]
)
def test_nothing_to_remove(run: Run, named: list[str]) -> None:
    client = "other" if named == ["--all"] else "portal"
    run("register", "--client", "portal", "small.graphql")
    status, _, err = run("remove", "--client", client, *named)
    assert status == 1
    assert client in err
    assert registered() == {"portal": {digest(SMALL)}}


def test_settings_that_name_no_file(run: Run) -> None:
    path = Path("settings.toml")
    path.write_text(path.read_text().replace('documents_file = "documents.json"\n', ""))
    status, _, err = run("list")
    assert status == 2
    assert "documents_file" in err
