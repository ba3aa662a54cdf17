"""``hub policy sign`` and ``hub policy verify``: who approved a set of policies."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from hub.app import load_policies
from hub.cli.main import EXIT_WRONG, add_settings, settings_path
from hub.errors import ConfigurationError
from hub.policy.load import default_policies_directory
from hub.service.policy_signature import FILE, PolicyUnsigned, Signers, sign, verify
from hub.settings import load_settings
from hub.store.keys import load_or_create_key


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the two actions to ``hub policy``."""
    signing = actions.add_parser(
        "sign",
        help="sign a set of policies, once it was reviewed",
        description=f"Checks the policies and adds a signature over their digest to {FILE} beside them. What is signed "
        "is what decides: not the case tables, not the README.",
    )
    signing.add_argument("directory", type=Path, metavar="DIR", help="the policies")
    signing.add_argument(
        "--key",
        type=Path,
        required=True,
        metavar="FILE",
        help="the signer's key; made when there is none, with FILE.pub",
    )
    signing.add_argument("--name", required=True, help="who signs, a post and not a person, such as partnership-ig")
    signing.set_defaults(run=run_sign)
    checking = actions.add_parser(
        "verify",
        help="check who signed a set of policies",
        description="Checks the signatures as a hub does at its start, by its settings' signers or those named.",
    )
    checking.add_argument(
        "directory", type=Path, nargs="?", metavar="DIR", help="the policies (default: the settings')"
    )
    checking.add_argument(
        "--signer", action="append", default=[], metavar="KEY", help="the line of a signer's .pub file"
    )
    checking.add_argument("--required", type=int, default=1, metavar="N", help="how many must have signed (default: 1)")
    add_settings(checking)
    checking.set_defaults(run=run_verify)


def run_sign(options: argparse.Namespace) -> int:
    """Check the policies and sign them. Policies that do not load are signed by nobody."""
    bundle = load_policies(options.directory)
    if options.key.with_name(f"{options.key.name}.head").exists():  # only a log's key has a memory of what it signed
        raise ConfigurationError(
            f"{options.key}: this key signs a log. Who runs the hub is not who approves its policies: use another key."
        )
    key = load_or_create_key(options.key, options.name, "the signing key")
    names = sign(options.directory, bundle.digest, key, datetime.now(UTC).date())
    print(f"signed {bundle.digest}")
    print(f"  in {options.directory / FILE}, by {', '.join(names)}")
    print(f'  for the hub\'s settings: policy_signers = ["{key.verifier}"]')
    return 0


def run_verify(options: argparse.Namespace) -> int:
    """Check the signatures; 1 when they are not what they must be."""
    directory, texts, required = options.directory, options.signer, options.required
    if directory is None or not texts:
        settings = load_settings(settings_path(options))
        named = Path(settings.policies) if settings.policies else default_policies_directory()
        directory = directory or named
        if not texts:
            texts, required = settings.policy_signers, settings.policy_signatures_required
    signers = Signers.parse(texts, required)
    if signers is None:
        raise ConfigurationError("The settings name no `policy_signers`, so nobody must have signed. Name some.")
    bundle = load_policies(directory)
    try:
        signed = verify(directory, bundle.digest, signers)
    except PolicyUnsigned as fault:
        sys.stderr.write(f"NOT SIGNED as it must be: {fault.message}\n")
        return EXIT_WRONG
    print(f"{bundle.digest} is signed by {', '.join(signed.names)}, first on {signed.on}")
    return 0
