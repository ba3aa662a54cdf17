"""Real tokens for tests: SoftHSM, in a directory of its own."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PIN = "135790"
PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)


def softhsm() -> str:
    """The module's file; the test is skipped, saying so, where there is none."""
    pytest.importorskip("pkcs11", reason="the library python-pkcs11 is not installed (extra pkcs11)")
    found = next((place for place in PLACES if Path(place).exists()), None) or ctypes.util.find_library("softhsm2")
    if found is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is not installed (apt-get install softhsm2)")
    return found


def make_token(directory: Path, label: str) -> None:
    """A token with a user PIN, where ``SOFTHSM2_CONF`` says."""
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "2468", "--pin", PIN]
    subprocess.run(
        command, check=True, capture_output=True, env={**os.environ, "SOFTHSM2_CONF": str(configured(directory))}
    )


def configured(directory: Path) -> Path:
    """SoftHSM's configuration, for tokens in ``directory``."""
    (directory / "tokens").mkdir(parents=True, exist_ok=True)
    file = directory / "softhsm2.conf"
    file.write_text(f"directories.tokendir = {directory / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    return file


def make_key(module: str, token: str, label: str, *, parts: tuple[str, ...] = ("private", "public")) -> None:
    """An Ed25519 key pair on the token; ``parts`` are the halves that are kept."""
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    session = pkcs11.lib(module).get_token(token_label=token).open(rw=True, user_pin=PIN)
    curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("1.3.101.112")}
    parameters = session.create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, curve, local=True)
    public, private = parameters.generate_keypair(label=label, store=True)
    for name, half in (("public", public), ("private", private)):
        if name not in parts:
            half.destroy()
    session.close()
