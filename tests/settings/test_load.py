"""The settings file: what loads, and what is refused with the key's name."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from hub.connectors.guarded import Limits
from hub.domain.organisations import Contact, Sector
from hub.errors import ConfigurationError
from hub.settings import Credential, Settings, load_settings, read_credential

GOOD = """
environment = "development"

[log]
database_url = "sqlite:///log.db"
key_file = "log.key"
origin = "hub.testshire.example/log"

[access]
issuer = "http://127.0.0.1:9000"
audience = "http://127.0.0.1:8000"
register = "register.toml"

[[custodians]]
id = "testshire-police"
name = "Testshire Police"
sector = "police"
kind = "rest"
url = "http://127.0.0.1:9001"
mapping = "pole-demo.toml"
contact = { role = "Single point of contact", phone = "01632 960 131" }
"""

COUNCIL = """
[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "postgresql://hub:${COUNCIL_PASSWORD}@db.testshire.example/ssd"
credential = { file = "secrets/council.token" }
contact = { role = "Single point of contact", phone = "01632 960 121" }
[custodians.contacts]
legal = { role = "Council legal", phone = "01632 960 120" }
"""
ENVIRONMENT = {"COUNCIL_PASSWORD": "not-a-real-one"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def load(place: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    place.write_text(text, encoding="utf-8")
    return load_settings(place, environ or {})


def test_paths_are_taken_from_where_the_file_lies(place: Path) -> None:
    settings = load(place, GOOD + COUNCIL, ENVIRONMENT)
    here = place.parent.resolve()
    assert settings.log.key_file == str(here / "log.key")
    assert settings.access.register == str(here / "register.toml")
    assert settings.custodians[1].credential == Credential(file=str(here / "secrets" / "council.token"))
    assert settings.policies is None


def test_what_is_not_said_has_a_default(place: Path) -> None:
    settings = load(place, GOOD)
    assert (settings.server.host, settings.server.port, settings.server.body_bytes_max) == ("127.0.0.1", 8000, 65_536)
    police = settings.custodians[0]
    assert (police.deadline_seconds, police.search_by, police.nhs_numbers_verified, police.credential) == (
        4.0,
        "post",
        False,
        None,
    )


GUARDED = 'contact = { role = "Single'
GUARDS = {
    "not said": ("", Limits()),
    "one of them": ("guard = { calls_max = 4 }", Limits(calls_max=4)),
    "all of them": (
        "guard = { calls_max = 1, waiting_max = 0, failures_max = 1, pause_seconds = 0.5 }",
        Limits(1, 0, 1, 0.5),
    ),
}


@pytest.mark.parametrize(("said", "limits"), GUARDS.values(), ids=GUARDS.keys())
def test_how_much_of_a_custodians_failing_is_borne(place: Path, said: str, limits: Limits) -> None:
    settings = load(place, GOOD.replace(GUARDED, f"{said}\n{GUARDED}"))
    assert settings.custodians[0].guard.limits() == limits


@pytest.mark.parametrize(
    "said",
    ["calls_max = 0", "calls_max = 65", "waiting_max = -1", "failures_max = 0", "pause_seconds = 0", "pauze = 1"],
)
def test_a_guard_that_would_guard_nothing_is_refused(place: Path, said: str) -> None:
    with pytest.raises(ConfigurationError, match=r"guard"):
        load(place, GOOD.replace(GUARDED, f"guard = {{ {said} }}\n{GUARDED}"))


@pytest.mark.parametrize(("environment", "expected"), [("development", True), ("production", False)])
def test_only_development_is_development(place: Path, environment: str, expected: bool) -> None:
    assert load(place, GOOD.replace("development", environment)).is_development is expected


def test_a_custodian_as_the_domain_knows_it(place: Path) -> None:
    council = load(place, GOOD + COUNCIL, ENVIRONMENT).custodians[1].custodian()
    assert (council.id, council.name, council.sector) == ("testshire-council", "Testshire Council", Sector.COUNCIL)
    assert council.contact_for("legal") == Contact("Council legal", "01632 960 120")
    assert council.contact_for("send") == council.contact


def test_urls_are_filled_from_the_environment(place: Path) -> None:
    text = GOOD.replace("sqlite:///log.db", "postgresql://${USER_NAME}:${COUNCIL_PASSWORD}@db/${USER_NAME}") + COUNCIL
    settings = load(place, text, {**ENVIRONMENT, "USER_NAME": "hub"})
    assert settings.log.database_url == "postgresql://hub:not-a-real-one@db/hub"
    assert settings.custodians[1].url == "postgresql://hub:not-a-real-one@db.testshire.example/ssd"


def test_a_mapping_beside_the_settings_comes_before_the_one_that_is_shipped(place: Path) -> None:
    shipped = load(place, GOOD).custodians[0].mapping
    assert shipped is not None
    assert "given_name" in Path(shipped).read_text(encoding="utf-8")
    (place.parent / "pole-demo.toml").write_text("")
    assert load(place, GOOD).custodians[0].mapping == str(place.parent.resolve() / "pole-demo.toml")


BAD = {
    "not TOML": ("environment = ", "not a TOML file"),
    "empty": ("", "environment"),
    "no log": (GOOD.replace("[log]", "[diary]"), "unknown field `diary`"),
    "a missing key": (GOOD.replace('key_file = "log.key"\n', ""), "missing required field `key_file` - at `$.log`"),
    "an unknown key": (GOOD.replace("[log]", "[log]\nkey_flie = 'x'"), "unknown field `key_flie` - at `$.log`"),
    "an unknown environment": (GOOD.replace("development", "test"), "`$.environment`"),
    "a text for a number": (GOOD + '[server]\nport = "8000"', "`$.server.port`"),
    "a port of nought": (GOOD + "[server]\nport = 0", "`$.server.port`"),
    "a port too high": (GOOD + "[server]\nport = 65536", "`$.server.port`"),
    "bodies too large": (GOOD + "[server]\nbody_bytes_max = 1048577", "`$.server.body_bytes_max`"),
    "bodies too small": (GOOD + "[server]\nbody_bytes_max = 1023", "`$.server.body_bytes_max`"),
    "no custodian": (GOOD[: GOOD.index("[[custodians]]")], "missing required field `custodians`"),
    "an empty list of custodians": ("custodians = []\n" + GOOD[: GOOD.index("[[custodians]]")], "`$.custodians`"),
    "an unknown sector": (GOOD.replace('sector = "police"', 'sector = "school"'), "`$.custodians[0].sector`"),
    "an unknown kind": (GOOD.replace('kind = "rest"', 'kind = "soap"'), "`$.custodians[0].kind`"),
    "an id with capitals": (GOOD.replace('id = "testshire-police"', 'id = "Police"'), "`$.custodians[0].id`"),
    "an id of two lines": (GOOD.replace('id = "testshire-police"', 'id = "police\\n"'), "`$.custodians[0].id`"),
    "no deadline at all": (GOOD + "deadline_seconds = 0", "`$.custodians[0].deadline_seconds`"),
    "a deadline too long": (GOOD + "deadline_seconds = 61", "`$.custodians[0].deadline_seconds`"),
    "no telephone": (GOOD.replace(', phone = "01632 960 131"', ""), "missing required field `phone` - at `$.custodians[0].contact`"),
    "rest without a mapping": (GOOD.replace('mapping = "pole-demo.toml"\n', ""), "custodian testshire-police is `rest` and needs `mapping`"),
    "graphql without a mapping": (GOOD.replace('kind = "rest"', 'kind = "graphql"').replace('mapping = "pole-demo.toml"\n', ""), "custodian testshire-police is `graphql` and needs `mapping`"),
    "one id twice": (GOOD + GOOD[GOOD.index("[[custodians]]") :], "two custodians have the id testshire-police"),
    "a variable that is not set": (GOOD + COUNCIL, "`custodians.testshire-council.url` needs the environment variable COUNCIL_PASSWORD"),
    "one for the log that is not set": (GOOD.replace("sqlite:///", "${NOWHERE}"), "`log.database_url` needs the environment variable NOWHERE"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "says"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_named_with_the_file(place: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as fault:
        load(place, text)
    assert fault.value.code == "SETTINGS_INVALID"
    assert fault.value.message.startswith(f"{place}: ")
    assert says in fault.value.message


@pytest.mark.parametrize("key", ["port = 1", "port = 65535", "body_bytes_max = 1024", "body_bytes_max = 1048576"])
def test_at_the_limit(place: Path, key: str) -> None:
    assert load(place, f"{GOOD}[server]\n{key}")


@pytest.mark.parametrize("count", [50, 51])
def test_so_many_custodians(place: Path, count: int) -> None:
    head, tail = GOOD[: GOOD.index("[[custodians]]")], GOOD[GOOD.index("[[custodians]]") :]
    text = head + "".join(tail.replace('id = "testshire-police"', f'id = "police-{n}"') for n in range(count))
    assert len(tomllib.loads(text)["custodians"]) == count
    if count <= 50:
        assert len(load(place, text).custodians) == count
    else:
        with pytest.raises(ConfigurationError, match="custodians"):
            load(place, text)


@pytest.mark.parametrize("make", [Path.exists, Path.mkdir, lambda path: path.write_bytes(b"\xff")],
                         ids=["missing", "a directory", "not text"])  # fmt: skip
def test_a_file_that_cannot_be_read(place: Path, make: object) -> None:
    make(place)  # type: ignore[operator]
    with pytest.raises(ConfigurationError, match=r"cannot be read|not a TOML file"):
        load_settings(place, {})


TOKEN = "invented-token"


@pytest.mark.parametrize(
    ("env", "file", "expected"),
    [
        pytest.param("POLICE_TOKEN", None, TOKEN, id="an environment variable"),
        pytest.param(None, "good", TOKEN, id="a file, its last line end left out"),
        pytest.param(None, None, "either `env` or `file`", id="neither"),
        pytest.param("POLICE_TOKEN", "good", "either `env` or `file`", id="both"),
        pytest.param(
            "NOWHERE", None, "the environment variable NOWHERE holds no token", id="a variable that is not set"
        ),
        pytest.param("EMPTY", None, "the environment variable EMPTY holds no token", id="an empty variable"),
        pytest.param(None, "missing", "missing holds no token", id="a file that is not there"),
        pytest.param(None, "empty", "empty holds no token", id="an empty file"),
        pytest.param(None, "binary", "binary holds no token", id="a file that is not text"),
    ],
)
def test_credentials(tmp_path: Path, env: str | None, file: str | None, expected: str) -> None:
    for name, content in (("good", TOKEN.encode() + b"\n"), ("empty", b" \n"), ("binary", b"\xff\xfe")):
        (tmp_path / name).write_bytes(content)
    credential = Credential(env=env, file=str(tmp_path / file) if file else None)
    environ = {"POLICE_TOKEN": TOKEN, "EMPTY": ""}
    if expected == TOKEN:
        assert read_credential(credential, environ) == TOKEN
        return
    with pytest.raises(ConfigurationError) as fault:
        read_credential(credential, environ)
    assert expected in fault.value.message
    assert TOKEN not in fault.value.message


def test_no_credential_is_no_token() -> None:
    assert read_credential(None, {}) is None
