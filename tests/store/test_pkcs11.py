"""A key on a real token (SoftHSM): what it signs, what is refused at the start, and a session that is lost.

SoftHSM keeps the configuration it was loaded with for the life of the process, so each test has its own token in one
directory.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.audit.checkpoint import Checkpoint, open_checkpoint
from hub.audit.merkle import EMPTY_ROOT
from hub.audit.note import VerifierKey
from hub.errors import ConfigurationError
from hub.store.appender import Log
from hub.store.keys import SignerGone, SignsBackwards
from hub.store.signers.token import TokenKey, TokenSigner, _point
from hub.store.verify import verify_database
from tests.store.making import ask_and_answer
from tests.store.tokens import PIN, configured, make_key, make_token, softhsm

ORIGIN = "testshire.example/log"
ROOT, OTHER = b"r" * 32, b"o" * 32
CHECKPOINT = Checkpoint(ORIGIN, 5, ROOT)


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    found = softhsm()
    directory = tmp_path_factory.mktemp("softhsm")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configured(directory))
    import pkcs11

    pkcs11.lib(found).finalize()  # whatever another test had loaded it with
    yield found
    pkcs11.lib(found).finalize()
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def token(module: str) -> str:
    """A token with nothing on it."""
    import pkcs11

    label = uuid.uuid4().hex[:12]
    make_token(Path(os.environ["SOFTHSM2_CONF"]).parent, label)
    pkcs11.lib(module).reinitialize()  # SoftHSM sees a new token only so
    return label


Make = Callable[..., TokenSigner]


@pytest.fixture
def make(module: str, token: str, tmp_path: Path) -> Iterator[Make]:
    made: list[TokenSigner] = []

    def make(label: str = "log", pin: str = PIN, **other: Any) -> TokenSigner:
        where = TokenKey(other.get("module", module), other.get("token", token), label, lambda: pin)
        made.append(TokenSigner(where, ORIGIN, tmp_path / "key"))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_what_it_signs_is_a_note_like_any_other(make: Make, module: str, token: str, tmp_path: Path) -> None:
    make_key(module, token, "log")
    signer = make()
    note = signer.sign(CHECKPOINT)
    assert open_checkpoint(note.encode(), VerifierKey.parse(str(signer.verifier))) == CHECKPOINT
    assert signer.verifiers == (signer.verifier,)
    assert make().verifier == signer.verifier
    assert list(tmp_path.iterdir()) == [], "the private key is nowhere but on the token"


async def test_a_log_signed_by_a_token(make: Make, module: str, token: str, log_url: str) -> None:
    make_key(module, token, "log")
    signer = make()
    log = Log(log_url, signer)
    await log.start()
    for _ in range(3):
        await ask_and_answer(log)
    await log.close()
    assert verify_database(log_url, str(signer.verifier)).ok


def test_it_never_signs_backwards(make: Make, module: str, token: str) -> None:
    make_key(module, token, "log")
    make().remember(5, ROOT)
    again = make()
    again.check(5, ROOT)
    for size, root in ((5, OTHER), (4, ROOT), (0, EMPTY_ROOT)):
        with pytest.raises(SignsBackwards):
            again.sign(Checkpoint(ORIGIN, size, root))


@pytest.mark.parametrize(
    ("parts", "given", "message"),
    [
        pytest.param(None, {}, "no private Ed25519 key labelled 'log'", id="no key"),
        pytest.param(("public",), {}, "no private", id="only the public half"),
        pytest.param(("private",), {}, "no public", id="only the private half"),
        pytest.param(("private", "public"), {"label": "other"}, "labelled 'other'", id="another label"),
        pytest.param(("private", "public"), {"pin": "999999"}, "refused the PIN", id="a wrong PIN"),
        pytest.param(("private", "public"), {"pin": ""}, "refused the PIN", id="an empty PIN"),
        pytest.param(
            ("private", "public"), {"token": "elsewhere"}, "no token labelled 'elsewhere'", id="no such token"
        ),
        pytest.param(("private", "public"), {"module": "/nowhere/module.so"}, "not a PKCS#11 module", id="no module"),
        pytest.param(
            ("private", "public"), {"module": __file__}, "not a PKCS#11 module", id="a file that is no module"
        ),
    ],
)
def test_what_is_refused_at_the_start(
    make: Make, module: str, token: str, parts: tuple[str, ...] | None, given: dict[str, str], message: str
) -> None:
    if parts is not None:
        make_key(module, token, "log", parts=parts)
    with pytest.raises(ConfigurationError, match=message) as caught:
        make(**given)
    assert PIN not in str(caught.value)
    assert "999999" not in str(caught.value)


def test_two_keys_of_one_label(make: Make, module: str, token: str) -> None:
    make_key(module, token, "log")
    make_key(module, token, "log")
    with pytest.raises(ConfigurationError, match="several private keys"):
        make()


def test_a_public_key_that_is_another_pairs(make: Make, module: str, token: str) -> None:
    make_key(module, token, "log", parts=("private",))
    make_key(module, token, "log", parts=("public",))
    with pytest.raises(ConfigurationError, match="does not fit"):
        make()


def test_a_lost_session_is_opened_again(make: Make, module: str, token: str) -> None:
    import pkcs11

    make_key(module, token, "log")
    signer = make()
    before = signer.sign(CHECKPOINT)
    signer._session.close()
    assert signer.sign(CHECKPOINT) == before
    pkcs11.lib(module).reinitialize()  # as after a token was pulled out and put back
    assert signer.sign(CHECKPOINT) == before


def test_a_token_that_is_gone(make: Make, module: str, token: str) -> None:
    import pkcs11

    make_key(module, token, "log")
    signer = make()
    tokens = Path(os.environ["SOFTHSM2_CONF"]).parent / "tokens"
    hidden = tokens.rename(tokens.with_name("hidden"))
    tokens.mkdir()
    try:
        pkcs11.lib(module).reinitialize()
        for _ in range(2):
            with pytest.raises(SignerGone, match="no token labelled"):
                signer.sign(CHECKPOINT)
    finally:
        tokens.rmdir()
        hidden.rename(tokens)
        pkcs11.lib(module).reinitialize()
    assert open_checkpoint(signer.sign(CHECKPOINT).encode(), signer.verifier) == CHECKPOINT


def test_another_key_under_the_label_is_not_used(make: Make, module: str, token: str) -> None:
    import pkcs11

    make_key(module, token, "log")
    signer = make()
    signer.close()
    session = pkcs11.lib(module).get_token(token_label=token).open(rw=True, user_pin=PIN)
    for half in list(session.get_objects({pkcs11.Attribute.LABEL: "log"})):
        half.destroy()
    session.close()
    make_key(module, token, "log")
    with pytest.raises(SignerGone, match="another key"):
        signer.sign(CHECKPOINT)


def test_a_refused_pin_is_not_tried_until_the_token_locks(make: Make, module: str, token: str) -> None:
    make_key(module, token, "log")
    pins = [PIN]
    asked: list[str] = []

    def pin() -> str:
        asked.append(pins[0])
        return pins[0]

    signer = make()
    signer.close()
    signer._where = TokenKey(module, token, "log", pin)
    pins[0] = "000000"
    for _ in range(5):
        with pytest.raises(SignerGone, match="refused the PIN"):
            signer.sign(CHECKPOINT)
    assert asked == ["000000"]


@pytest.mark.parametrize(
    ("encoded", "ok"),
    [
        pytest.param(ROOT, True, id="bare, as PKCS#11 3.0 says"),
        pytest.param(b"\x04\x20" + ROOT, True, id="an octet string"),
        pytest.param(b"\x03\x21\x00" + ROOT, True, id="a bit string"),
        pytest.param(b"", False, id="nothing"),
        pytest.param(ROOT[:31], False, id="too short"),
        pytest.param(b"\x04\x21" + ROOT, False, id="a length that is not"),
        pytest.param(b"\x04" + ROOT + ROOT, False, id="a point of another curve"),
    ],
)
def test_a_public_point(encoded: bytes, ok: bool) -> None:
    if ok:
        assert _point(encoded) == ROOT
    else:
        with pytest.raises(SignerGone):
            _point(encoded)
