"""A wrong register stops the start, and the message names the file and the place."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hub.access import register_file
from hub.access.register_file import REGISTER_BYTES_MAX, load_register
from hub.domain.enquiry import StepUp
from hub.errors import ConfigurationError

DEMO = (Path(__file__).parents[2] / "hub" / "demo" / "data" / "register.toml").read_text("utf-8")
SIGNED = 'signed_off_by = "x"\nvalid_from = 2026-01-01\nvalid_until = 2026-12-31\nsigned_off_on = 2025-12-01\n'


def more(row: str) -> str:
    return f"{DEMO}\n{row}\n"


def instead(old: str, new: str) -> str:
    assert old in DEMO
    return DEMO.replace(old, new, 1)


def step_up(**changes: object) -> str:
    row = {"purposes": '["ca1989-s47"]', "acr_values": '["phr"]', "max_age_seconds": "600"}
    rows = {**row, "signed_off_by": '"x"', "signed_off_on": "2026-01-01", **changes}
    return "[[step_up]]\n" + "".join(f"{name} = {value}\n" for name, value in rows.items() if value is not ...)


WRONG = [
    pytest.param("", "issuers", id="empty"),
    pytest.param("[[", "not a TOML file", id="not TOML"),
    pytest.param(more("[spare]"), "spare", id="an unknown table"),
    pytest.param(instead('sector = "council"', 'sector = "school"'), "$.organisations[0].sector", id="unknown sector"),
    pytest.param(instead('sector = "council"\n', ""), "sector", id="no sector"),
    pytest.param(instead('name = "Testshire Council"', "name = 1"), "$.organisations[0].name", id="name a number"),
    pytest.param(instead('name = "Testshire Council"', 'name = ""'), "$.organisations[0].name", id="name empty"),
    pytest.param(instead('id = "testshire-council"', 'id = "Testshire Council"'), "organisations[0].id", id="bad id"),
    pytest.param(instead('id = "testshire-council"', 'id = "testshire-council\\n"'), ".id", id="id with a newline"),
    pytest.param(
        more('[[organisations]]\nid = "testshire-nhs"\nname = "x"\nsector = "health"'),
        "`organisations[3].id`: is listed twice",
        id="an organisation twice",
    ),
    pytest.param(
        more('[[clients]]\nid = "nhs-portal"\nissuer = "testshire-login"\norganisation = "testshire-nhs"'),
        "`clients[5].id`: is listed twice",
        id="a client twice",
    ),
    pytest.param(
        more('[[issuers]]\nid = "other"\nurl = "http://127.0.0.1:9400"'), "listed twice", id="one issuer by two names"
    ),
    pytest.param(
        more('[[issuers]]\nid = "testshire-login"\nurl = "https://a.example"'), "listed twice", id="an issuer twice"
    ),
    pytest.param(instead('"http://127.0.0.1:9400"', '"http://login.example"'), "https", id="an issuer over plain http"),
    pytest.param(
        more('[[clients]]\nid = "a"\nissuer = "nobody"\norganisation = "testshire-nhs"'),
        "`clients[5].issuer`: `nobody` is not in `[[issuers]]`",
        id="a client of no issuer",
    ),
    pytest.param(
        more('[[clients]]\nid = "a"\nissuer = "testshire-login"\norganisation = "nobody"'),
        "`clients[5].organisation`: `nobody` is not in `[[organisations]]`",
        id="a client of no organisation",
    ),
    pytest.param(
        more(f'[[roles]]\norganisation = "nobody"\nrole = "r"\npurposes = []\n{SIGNED}'),
        "`roles[11].organisation`: `nobody` is not in `[[organisations]]`",
        id="a role of no organisation",
    ),
    pytest.param(
        more(f'[[roles]]\norganisation = "testshire-nhs"\nrole = "unattended"\npurposes = []\n{SIGNED}'),
        "`roles[11].role`",
        id="a role called unattended",
    ),
    pytest.param(instead('signed_off_by = "Head', 'signed_by = "Head'), "signed_", id="nobody signed off"),
    pytest.param(instead("signed_off_on = 2024-12-12\n", ""), "signed_off_on", id="signed off on no day"),
    pytest.param(instead("2024-12-12", "2025-01-02"), "`roles[0].signed_off_on`", id="signed off after it began"),
    pytest.param(instead("2035-12-31", "2024-12-31"), "`roles[0].valid_until`", id="ends before it begins"),
    pytest.param(instead("2035-12-31", '"for ever"'), "valid_until", id="for ever"),
    pytest.param(instead("valid_until = 2035-12-31\n", ""), "valid_until", id="no last day"),
    pytest.param(instead('"ca1989-s47"', '"ca1989-s999"'), "`roles[0].purposes`", id="a purpose no policy knows"),
    pytest.param(instead('"ca1989-s47"', '"ca2004-s16la"'), "names a purpose twice", id="a purpose twice"),
    pytest.param(instead("everyone = true\n", ""), "`clients[4].organisation`", id="a client that is nobody's"),
    pytest.param(
        instead("everyone = true", 'everyone = true\norganisation = "testshire-nhs"'),
        "`clients[4].organisation`",
        id="a client of everybody and of one agency",
    ),
    pytest.param(instead('["review", "report"]', '["review", "review"]'), "`roles[2].duties`", id="a duty twice"),
    pytest.param(instead('["review", "report"]', '["gossip"]'), "roles[2].duties", id="a duty nobody knows"),
    pytest.param(
        more(f'[[unattended]]\nissuer = "testshire-login"\nclient = "x"\npurposes = []\nbecause = "x"\n{SIGNED}'),
        "`unattended[1].client`",
        id="an unattended client not listed",
    ),
    pytest.param(
        more(f'[[unattended]]\nissuer = "x"\nclient = "nhs-portal"\npurposes = []\nbecause = "x"\n{SIGNED}'),
        "`unattended[1].issuer`",
        id="an unattended client of no issuer",
    ),
    pytest.param(
        more(
            f'[[unattended]]\nissuer = "testshire-login"\nclient = "nhs-portal"\npurposes = []\nbecause = "x"\n{SIGNED}'
        ),
        "`unattended[1].purposes`",
        id="an unattended client without a purpose",
    ),
    pytest.param(instead('because = "Checks', 'note = "Checks'), "unattended[0]", id="unattended for no reason"),
    pytest.param(instead("states_purpose = true", 'states_purpose = "yes"'), "states_purpose", id="yes is not true"),
    pytest.param(more(step_up(acr_values=..., max_age_seconds=...)), "acr_values`, `max_age_seconds", id="no step up"),
    pytest.param(more(step_up(purposes="[]")), "step_up[0].purposes", id="a step up for no purpose"),
    pytest.param(more(step_up(purposes='["ca1989-s999"]')), "`step_up[0].purposes`", id="a step up for an unknown one"),
    pytest.param(more(step_up() + step_up()), "has a row already", id="two step ups for one purpose"),
    pytest.param(more(step_up(acr_values="['a\"b']")), "acr_values", id="an acr that breaks out of its quotes"),
    pytest.param(more(step_up(acr_values='["a b"]')), "acr_values", id="two acr values in one"),
    pytest.param(more(step_up(max_age_seconds="-1")), "max_age_seconds", id="an age before the sign-in"),
    pytest.param(more(step_up(signed_off_by=...)), "signed_off_by", id="a step up nobody signed off"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_wrong_register_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "register.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as refusal:
        load_register(path, known_purposes={"ca2004-s16la", "ca1989-s47", "ca1989-s17"})
    assert refusal.value.code == "REGISTER_INVALID" or "https" in said
    assert said in refusal.value.message
    assert str(path) in refusal.value.message


def test_a_register_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_register(tmp_path / "nowhere.toml")


def test_a_register_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not a TOML file"):
        load_register(path)


@pytest.mark.parametrize(("size", "accepted"), [(REGISTER_BYTES_MAX, True), (REGISTER_BYTES_MAX + 1, False)])
def test_its_size_is_limited(tmp_path: Path, size: int, accepted: bool) -> None:
    path = tmp_path / "register.toml"
    path.write_text(DEMO + "#" * (size - len(DEMO.encode())), "utf-8")
    if accepted:
        assert load_register(path).digest == hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        with pytest.raises(ConfigurationError, match="over"):
            load_register(path)


@pytest.mark.parametrize(("rows", "accepted"), [(register_file.ROWS_MAX, True), (register_file.ROWS_MAX + 1, False)])
def test_the_number_of_rows_is_limited(tmp_path: Path, rows: int, accepted: bool) -> None:
    path = tmp_path / "register.toml"
    extra = "".join(f'[[organisations]]\nid="o{n}"\nname="x"\nsector="health"\n' for n in range(rows - 3))
    path.write_text(DEMO + extra, "utf-8")
    if accepted:
        assert len(load_register(path).organisations) == rows
    else:
        with pytest.raises(ConfigurationError, match="organisations"):
            load_register(path)


@pytest.mark.parametrize(
    ("issuer", "accepted"), [("http://127.0.0.1:9400", True), ("http://127.0.0.1:9400/", False), ("", False)]
)
def test_a_register_without_a_client_of_the_settings_issuer_is_refused(
    tmp_path: Path, issuer: str, accepted: bool
) -> None:
    path = tmp_path / "register.toml"
    path.write_text(DEMO, "utf-8")
    if accepted:
        assert load_register(path, issuer=issuer).clients
    else:
        with pytest.raises(ConfigurationError, match=r"access\.issuer"):
            load_register(path, issuer=issuer)


def test_what_a_sign_in_must_be_is_read_by_purpose(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    later = step_up(purposes='["ca1989-s17"]', acr_values=...)
    path.write_text(more(step_up(purposes='["ca1989-s47", "ca2004-s16la"]') + later), "utf-8")
    register = load_register(path)
    assert register.step_up["ca1989-s47"] == register.step_up["ca2004-s16la"] == StepUp(("phr",), 600)
    assert register.step_up["ca1989-s17"] == StepUp((), 600)


def test_a_client_states_purposes_only_where_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    path.write_text(instead("states_purpose = true\n", ""), "utf-8")
    clients = load_register(path).clients.values()
    assert [client.states_purpose for client in clients] == [False, True, True, True, True]
