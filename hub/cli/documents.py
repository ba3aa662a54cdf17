"""``hub documents``: register the GraphQL documents that a client sends, list them, remove them.

With `documents = "trusted"` in the settings' [server] table, the hub answers registered documents and nothing else.
They are kept in the file that `documents_file` names there; a running hub reads it when it changes (docs/endpoint.md).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.progress import track

from hub.access.register_file import load_register
from hub.app import load_policy_set
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.cli.schema import schema_of
from hub.errors import BadRequest, ConfigurationError
from hub.schema.documents import Documents
from hub.schema.guard import CHARACTERS_MAX
from hub.schema.trusted import Clients, Registered, digest, load, save
from hub.settings import Settings, load_settings
from hub.strict_json import NotStrict, parse_json

MANIFEST_BYTES_MAX = 4_194_304

Named = tuple[str, str]
"""What people call a document, and its text."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's actions and options."""
    actions = command.add_subparsers(required=True, metavar="ACTION")
    registering = actions.add_parser("register", help="let a client send the documents in files")
    registering.add_argument("--client", required=True, metavar="ID", help="the client's id, as in the hub's register")
    registering.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a GraphQL document, to the letter as the client sends it; or a .json manifest of digest to document",
    )
    registering.set_defaults(run=register)
    listing = actions.add_parser("list", help="every registered document: client, digest, name")
    listing.add_argument("--client", metavar="ID", help="of this client only")
    listing.set_defaults(run=list_all)
    removing = actions.add_parser("remove", help="let a client send documents no longer")
    removing.add_argument("--client", required=True, metavar="ID")
    which = removing.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="every document of the client")
    which.add_argument("digests", nargs="*", default=[], metavar="DIGEST", help="as listed, or its first 8 digits")
    removing.set_defaults(run=remove)
    for action in (registering, listing, removing):
        add_settings(action)


def register(options: argparse.Namespace) -> int:
    """Register documents: all of them, or none if one would be refused."""
    settings = load_settings(settings_path(options))
    path = _file(settings)
    clients = load(path)
    _check_client(settings, options.client)
    bundle = load_policy_set(settings).current.bundle
    documents = Documents(schema_of(bundle), is_development=True, catalogue=bundle.catalogue)
    found = [each for file in options.files for each in _read(file)]
    refused = 0
    is_long = len(found) > 20 and sys.stderr.isatty()
    for name, text in track(found, "Checking", transient=True, disable=not is_long):
        try:
            documents.prepare(text)
        except BadRequest as fault:
            refused += 1
            sys.stderr.write(f"hub: {name}: {fault.code}: {fault.message}\n")
    if refused:
        sys.stderr.write(f"hub: nothing was registered: the hub would refuse {refused} of {len(found)}.\n")
        return EXIT_WRONG
    mine = dict(clients.get(options.client, {}))
    new = {digest(text): Registered(name, text) for name, text in found}
    added = len(new.keys() - mine.keys())
    save(path, {**clients, options.client: {**mine, **new}})
    for sha256, entry in new.items():
        print(f"{sha256}  {entry.name}")
    print(f"{added} new, {len(new) - added} known before; {options.client} has {len({**mine, **new})}. In {path}.")
    if settings.server.documents == "free":
        print('Any other document is answered too, until [server] says `documents = "trusted"`.')
    return 0


def list_all(options: argparse.Namespace) -> int:
    """List what is registered."""
    clients = _of(load(_file(load_settings(settings_path(options)))), options.client)
    if not any(clients.values()):
        print("No document is registered.")
    for client, documents in clients.items():
        for sha256, entry in documents.items():
            print(f"{client}  {sha256}  {entry.name}")
    return 0


def remove(options: argparse.Namespace) -> int:
    """Remove documents: all that are named, or none if one is not registered."""
    path = _file(load_settings(settings_path(options)))
    clients = load(path)
    mine = clients.get(options.client, {})
    gone: set[str] = set(mine) if options.all else set()
    for given in options.digests:
        found = [sha256 for sha256 in mine if len(given) >= 8 and sha256.startswith(given.removeprefix("sha256:"))]
        if len(found) != 1:
            sys.stderr.write(f"hub: {options.client} has no one document {given}: nothing was removed.\n")
            return EXIT_WRONG
        gone.update(found)
    if not gone:
        sys.stderr.write(f"hub: {options.client} has no document registered.\n")
        return EXIT_WRONG
    save(path, {**clients, options.client: {sha256: mine[sha256] for sha256 in mine if sha256 not in gone}})
    print(f"{len(gone)} removed; {options.client} has {len(mine) - len(gone)}.")
    return 0


def _of(clients: Clients, client: str | None) -> Clients:
    return clients if client is None else {client: clients.get(client, {})}


def _file(settings: Settings) -> Path:
    if settings.server.documents_file is None:
        raise ConfigurationError(
            "The settings say nowhere to keep documents. Write `documents_file` into [server], such as "
            '`documents_file = "documents.json"`.'
        )
    return Path(settings.server.documents_file)


def _check_client(settings: Settings, client: str) -> None:
    """A name mistyped here would be noticed by the client, in the middle of its work."""
    known = {name for _, name in load_register(Path(settings.access.register)).clients}
    if client not in known:
        raise ConfigurationError(f"The register knows no client {client!r}. It knows: {', '.join(sorted(known))}.")


def _read(file: Path) -> Iterator[Named]:
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{file}: it cannot be read as text.") from None
    if file.suffix != ".json":
        yield file.stem, text
        return
    try:
        manifest = parse_json(raw) if len(raw) <= MANIFEST_BYTES_MAX else None
    except NotStrict:
        manifest = None
    if not isinstance(manifest, dict) or not all(isinstance(each, str) for each in manifest.values()):
        raise ConfigurationError(f"{file}: a manifest is a JSON object of each document's SHA-256 and its text.")
    for given, document in manifest.items():
        if len(document) <= CHARACTERS_MAX and digest(document) != given.removeprefix("sha256:"):
            raise ConfigurationError(f"{file}: the document under {given[:80]} has another SHA-256.")
        yield f"{file.stem}-{digest(document)[:8]}", document
