"""The pretend partnership: three agencies, an authorization server and the hub, each a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.access.demo_register import write_demo_register
from hub.demo.nhs import DEMO_CREDENTIAL as NHS_CREDENTIAL
from hub.demo.people import KEYS_DIRECTORY, DemoState
from hub.demo.police import DEMO_CREDENTIAL as POLICE_CREDENTIAL
from hub.demo.processes import Part, Parts, free_ports

PAGES_SECRET = "hub-pages-development-only"
"""As ``hub/demo/data/devserver.toml`` has it."""

AGENCIES = ("council", "police", "health")
HUB_PORT = 8000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Partnership:
    """A running demo. ``agencies`` maps ``council``, ``police`` and ``health`` to their processes."""

    state: DemoState
    settings: Path
    agencies: Mapping[str, Part]
    hub: Part
    parts: Parts

    def stop(self) -> None:
        """Stop every process."""
        self.parts.stop()


def start(
    directory: Path,
    *,
    seed: int,
    faults: Mapping[str, str],
    say: Say,
    port: int | None = None,
    log_url: str | None = None,
) -> Partnership:
    """Start everything, in ``directory``, where the log, its key and the settings stay.

    Args:
        directory: made when it is not there.
        seed: which invented world.
        faults: agency to fault, such as ``{"police": "down"}``.
        say: told each step, in words.
        port: the hub's port; 8000 if that is free when None.
        log_url: the log's database; a SQLite file in ``directory`` when None.

    Raises:
        DidNotStart: a process did not start; everything started so far is stopped again.
    """
    directory.mkdir(parents=True, exist_ok=True)
    parts = Parts(directory)
    try:
        return _start(directory, parts, seed, faults, say, port, log_url)
    except BaseException:
        parts.stop()
        raise


def _start(
    directory: Path,
    parts: Parts,
    seed: int,
    faults: Mapping[str, str],
    say: Say,
    port: int | None,
    log_url: str | None,
) -> Partnership:
    login_port, council_port = free_ports(2)
    hub_port = port or free_ports(1, (HUB_PORT,))[0]
    hub_url = f"http://127.0.0.1:{hub_port}"
    common = {name: ["--seed", str(seed), *_fault(faults.get(name))] for name in AGENCIES}
    agencies = {
        "council": parts.start(
            "council",
            "hub.demo.council",
            "--port",
            str(council_port),
            "--directory",
            str(directory),
            *common["council"],
        ),
        "police": parts.start("police", "hub.demo.police", "--port", "0", *common["police"]),
        "health": parts.start("health", "hub.demo.nhs", "--port", "0", *common["health"]),
    }
    login = parts.start(
        "login", "hub.access.devserver", "--environment", "development", "--port", str(login_port),
        "--audience", hub_url, "--keys-directory", str(directory / KEYS_DIRECTORY),
    )  # fmt: skip
    urls = {}
    for name, part in agencies.items():
        urls[name] = parts.wait_ready(part)
        say(f"{name:8} pid {part.pid}, {_protocol(urls[name], name)}")
    parts.wait_listening(login, login_port)
    state = DemoState(hub_url, f"http://127.0.0.1:{login_port}")
    settings = _write_settings(directory, state, urls, log_url or f"sqlite:///{directory.resolve() / 'log.db'}")
    hub = parts.start("hub", "hub", "serve", "--settings", str(settings))
    parts.wait_listening(hub, hub_port)
    say(f"hub      pid {hub.pid}, {hub_url}")
    state.write(directory)
    return Partnership(state, settings, agencies, hub, parts)


def _fault(fault: str | None) -> list[str]:
    return ["--fault", fault] if fault else []


def _protocol(url: str, name: str) -> str:
    if name == "council":
        kind = "PostgreSQL" if url.startswith("postgresql") else "SQLite"
        return f"a {kind} database in the Standard Safeguarding Dataset layout"
    return f"FHIR R4 at {url}" if name == "health" else f"REST/JSON records at {url}"


def _write_settings(directory: Path, state: DemoState, urls: Mapping[str, str], log_url: str) -> Path:
    """The hub's settings for this run, as a partnership would write them by hand."""
    write_demo_register(directory, state.issuer)
    for name, credential in (("nhs", NHS_CREDENTIAL), ("police", POLICE_CREDENTIAL), ("pages", PAGES_SECRET)):
        (directory / f"{name}.credential").write_text(credential, encoding="ascii")
    text = _SETTINGS.format(
        port=state.hub_url.rpartition(":")[2],
        url=state.hub_url,
        issuer=state.issuer,
        log=log_url,
        council=urls["council"],
        police=urls["police"],
        health=urls["health"],
    )
    path = directory / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


_SETTINGS = """\
# Written by `hub demo`. A real partnership's: deploy/settings.example.toml.
environment = "development"

[server]
port = {port}
public_url = "{url}"

[log]
database_url = "{log}"
key_file = "log.key"
origin = "hub.testshire.example/log"

[access]
issuer = "{issuer}"
audience = "{url}"
register = "register.toml"

[pages]
client_id = "hub-pages"
credential = {{ file = "pages.credential" }}
step_up_acr = ["multi-factor"]
contact = "Telephone the Testshire partnership's help desk, 01632 960 100."

[[custodians]]
id = "testshire-council"
name = "Testshire Council"
sector = "council"
kind = "ssd"
url = "{council}"
ssd.stale_days = 0 # the invented world stands still
contact = {{ role = "Single point of contact, Testshire Council", phone = "01632 960 121" }}

[custodians.contacts]
legal = {{ role = "Council legal", phone = "01632 960 120" }}
send = {{ role = "SEND manager", phone = "01632 960 122" }}
data_owner = {{ role = "Case system data owner", phone = "01632 960 123" }}
originator = {{ role = "MARAC co-ordinator", phone = "01632 960 124" }}
adoption_agency = {{ role = "Adoption agency's named adviser", phone = "01632 960 125" }}
safeguarding_lead = {{ role = "Head of safeguarding", phone = "01632 960 126" }}

[[custodians]]
id = "testshire-police"
name = "Testshire Police"
sector = "police"
kind = "rest"
url = "{police}"
mapping = "pole-demo.toml"
credential = {{ file = "police.credential" }}
contact = {{ role = "Single point of contact, Testshire Police", phone = "01632 960 131" }}

[custodians.contacts]
intelligence = {{ role = "Force intelligence bureau", phone = "01632 960 132" }}
data_owner = {{ role = "Records management", phone = "01632 960 133" }}
police_spoc = {{ role = "Disclosure single point of contact", phone = "01632 960 134" }}
senior_investigating_officer = {{ role = "Duty detective inspector", phone = "01632 960 135" }}

[[custodians]]
id = "testshire-nhs"
name = "Testshire NHS"
sector = "health"
kind = "fhir"
url = "{health}"
credential = {{ file = "nhs.credential" }}
contact = {{ role = "Safeguarding duty nurse, Testshire NHS", phone = "01632 960 114" }}

[custodians.contacts]
caldicott = {{ role = "Caldicott guardian", phone = "01632 960 115" }}
data_owner = {{ role = "Data quality lead", phone = "01632 960 116" }}
"""
