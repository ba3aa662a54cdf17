"""``hub register``: who may ask, in which role, for which purposes: show it, check a new one, put it in force."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from hub.access.register import Grant, Register
from hub.access.register_file import load_register
from hub.app import load_policy_set
from hub.cli.acting import database_url, opened_log
from hub.cli.audit_whom import add_officer, by, officer, reason
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.errors import ConfigurationError
from hub.settings import Settings, load_settings
from hub.store.engine import make_engine
from hub.store.registered import last_logged, log_register

PUT = "put"
SOON_DAYS = 30
WAIT_SECONDS = 5.0


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions and options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    showing = actions.add_parser("show", help="the register of the settings, as it holds today")
    showing.set_defaults(run=run_show)
    checking = actions.add_parser("check", help="whether a register could be put in force, and what it would change")
    checking.add_argument("file", nargs="?", type=Path, metavar="FILE", help="(default: the register of the settings)")
    checking.set_defaults(run=run_check)
    putting = actions.add_parser(
        "put",
        help="put a reviewed register in force",
        description="Check FILE, log who put it in force, and put it in the place the settings name. Running hubs "
        "follow within half a minute, or at once on SIGHUP.",
    )
    putting.add_argument("file", type=Path, metavar="FILE")
    add_officer(putting)
    putting.set_defaults(run=run_put)
    for action in (showing, checking, putting):
        add_settings(action)


def run_show(options: argparse.Namespace) -> int:
    """Print the register."""
    settings = load_settings(settings_path(options))
    register = _load(settings, Path(settings.access.register))
    for line in _lines(register, datetime.now(UTC).date()):
        print(line)
    return 0


def run_check(options: argparse.Namespace) -> int:
    """Check a register; 1 when it cannot be used."""
    settings = load_settings(settings_path(options))
    path = options.file or Path(settings.access.register)
    try:
        register = _load(settings, path)
    except ConfigurationError as fault:
        print(fault.message)
        return EXIT_WRONG
    today = datetime.now(UTC).date()
    print(f"{path}: good. sha256:{register.digest}")
    for line in _ending(register, today):
        print(line)
    if options.file is not None:
        _print_changes(_load(settings, Path(settings.access.register)), register, today)
    logged = _logged(settings)
    if logged is not None and logged != register.digest:
        print("It is not the one the log says is in force. Running hubs log it when they take it up.")
    return 0


def run_put(options: argparse.Namespace) -> int:
    """Put a register in force."""
    settings = load_settings(settings_path(options))
    reason(options)
    by(options)
    register = _load(settings, options.file)
    place = Path(settings.access.register)
    # Written beside its place first, so that a disk that is full is known before the log says what is not so.
    descriptor, name = tempfile.mkstemp(prefix=".register-", suffix=".toml", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(options.file.read_bytes())
            opened.flush()
            os.fsync(opened.fileno())
        if load_register(Path(name)).digest != register.digest:
            raise ConfigurationError(f"{options.file}: it changed while it was read. Nothing was done.")
        if place.exists():
            Path(name).chmod(place.stat().st_mode & 0o777)
        index = asyncio.run(_log(settings, options, register))
        Path(name).replace(place)
    finally:
        Path(name).unlink(missing_ok=True)
    if index is None:
        print("The log says already that this register is in force; it was put in its place again.")
    else:
        print(f"In force: entry {index}, sha256:{register.digest}. Running hubs follow within half a minute.")
    return 0


async def _log(settings: Settings, options: argparse.Namespace, register: Register) -> int | None:
    async with opened_log(settings) as log:
        return await log_register(log, await officer(log, options), register.digest, PUT)


def _load(settings: Settings, path: Path) -> Register:
    purposes = load_policy_set(settings).current.bundle.purposes.keys()
    return load_register(path, known_purposes=purposes, issuer=settings.access.issuer)


def _logged(settings: Settings) -> str | None:
    try:
        engine = make_engine(database_url(settings), WAIT_SECONDS)
    except ConfigurationError:  # no hub has run yet
        return None
    try:
        return last_logged(engine)
    except Exception:  # a database of an older hub, or none that answers: the check is of the file
        return None
    finally:
        engine.dispose()


def _lines(register: Register, today: date) -> Iterator[str]:
    yield f"sha256:{register.digest}"
    for organisation in register.organisations.values():
        yield f"\n{organisation.name} ({organisation.id}, {organisation.sector.value})"
        for (holder, role), grants in register.roles.items():
            if holder == organisation.id:
                yield from (f"  role {role}: {_grant(grant, today)}" for grant in grants)
        for key, client in register.clients.items():
            if client.organisation == organisation.id:
                stating = (
                    "states purpose and case itself" if client.states_purpose else "purpose and case by token only"
                )
                yield f"  system {client.client_id}: {stating}"
                for grant in register.unattended.get(key, ()):
                    yield f"    with no worker: {_grant(grant, today)}"
    for client in register.clients.values():
        if client.organisation is None:
            yield f"\nsystem {client.client_id}: the hub's own pages, for workers of every agency"
    for purpose, step_up in register.step_up.items():
        how = f"signed in as {' or '.join(step_up.acr_values)}" if step_up.acr_values else "signed in"
        when = "" if step_up.max_age_seconds is None else f" within {step_up.max_age_seconds} s"
        yield f"\nTo ask under {purpose}: {how}{when}"


def _grant(grant: Grant, today: date) -> str:
    purposes = ", ".join(sorted(grant.purposes)) or "no purpose"
    if grant.duties:
        purposes += f"; duties: {', '.join(sorted(grant.duties))}"
    state = "" if grant.in_force(today) else " - NOT IN FORCE TODAY"
    return f"{purposes}; {grant.valid_from} to {grant.valid_until}, signed off by {grant.signed_off_by}{state}"


def _ending(register: Register, today: date) -> Iterator[str]:
    """Grants that end soon, or have ended, with nothing after them."""
    rows = [(f"{holder} {role}", grants) for (holder, role), grants in register.roles.items()]
    rows += [(f"{client} (no worker)", grants) for (_, client), grants in register.unattended.items()]
    for name, grants in rows:
        last = max(grant.valid_until for grant in grants)
        if last < today:
            yield f"  {name}: ended on {last}"
        elif (last - today).days <= SOON_DAYS:
            yield f"  {name}: ends on {last}"


def _print_changes(before: Register, after: Register, today: date) -> None:
    """What would be gone, and what would be new, by the lines of ``show``."""
    old, new = _flat(before, today), _flat(after, today)
    changes = [f"- {line}" for line in old if line not in new] + [f"+ {line}" for line in new if line not in old]
    print("\n".join(changes) if changes else "It grants what the register of the settings grants.")


def _flat(register: Register, today: date) -> list[str]:
    """The lines of ``show``, each with the agency it stands under."""
    found, heading = [], ""
    for line in _lines(register, today):
        if line.startswith("\n"):
            heading = line.strip()
            found.append(heading)
        elif not line.startswith("sha256:"):
            found.append(f"{heading}: {line.strip()}")
    return found
