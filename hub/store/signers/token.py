"""A key that never leaves a hardware token (HSM, smart card), through PKCS#11: mechanism CKM_EDDSA, PKCS#11 3.0.

The library is ``python-pkcs11`` (MIT; extra ``pkcs11``), imported only where a token is used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.audit.checkpoint import Checkpoint
from hub.audit.note import KEY_BYTES, Note, Signature, VerifierKey
from hub.errors import ConfigurationError
from hub.store.signers.base import Growth, SignerGone
from hub.store.signers.memory import HeadMemory

_TEST = "hub signer test\nnot a checkpoint\n"
"""Signed at each start. It is no checkpoint (that has a size on its second line), so it can be taken for none."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Where the key is: the module's file, the token's label, the key's label, and how to get the PIN."""

    module: str
    token: str
    label: str
    pin: Callable[[], str] = field(repr=False)


class TokenSigner:
    """A :class:`~hub.store.signers.base.Signer` whose key is on a token.

    The public key is read from the token and tried with a signature at every opening. When the session is lost it is
    opened again, once for each signature asked for; a PIN that was refused is never tried again, because tokens lock
    after a few wrong ones.

    Args:
        where: the key.
        name: the log's origin.
        path: as of a key's file: ``path``.head keeps the last committed head.

    Raises:
        ConfigurationError: the module, token, key or PIN is not there or not right; says which.
    """

    def __init__(self, where: TokenKey, name: str, path: Path) -> None:
        self._where = where
        self._name = name
        self._memory = HeadMemory(path.with_name(path.name + ".head"))
        self._lock = threading.Lock()
        self._session: Any = None
        self._key: Any = None
        self._refused = False
        self._verifier: VerifierKey | None = None
        try:
            self._open()
        except SignerGone as fault:
            raise ConfigurationError(f"The log's signing key: {fault}.") from None

    @property
    def verifier(self) -> VerifierKey:
        """The public key; its name is the log's origin."""
        assert self._verifier is not None
        return self._verifier

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """The one key."""
        return (self.verifier,)

    def check(self, size: int, root: bytes) -> Sequence[bytes]:
        """See :meth:`Signer.check`; there is never anything left to write."""
        self._memory.check(size, root)
        return ()

    def sign(self, checkpoint: Checkpoint, growth: Growth | None = None) -> str:
        """See :meth:`Signer.sign`; how the log grew is not looked at."""
        del growth
        self._memory.check(checkpoint.size, checkpoint.root)
        text = str(checkpoint)
        with self._lock:
            try:
                value = self._signed(text)
            except SignerGone:
                self.close()
                self._open()
                value = self._signed(text)
        return str(Note(text, (Signature(self._name, self.verifier.key_id, value),)))

    def remember(self, size: int, root: bytes) -> None:
        """See :meth:`Signer.remember`."""
        self._memory.remember(size, root)

    def close(self) -> None:
        """Give the session back; the next signature opens another."""
        session, self._session, self._key = self._session, None, None
        if session is not None:
            with suppress(Exception):  # it may be lost already
                session.close()

    def _signed(self, text: str) -> bytes:
        """The 64 bytes of a signature over ``text``; SignerGone when the token does not give one."""
        import pkcs11

        if self._key is None:
            raise SignerGone("the token is not open")
        try:
            return bytes(self._key.sign(text.encode(), mechanism=pkcs11.Mechanism.EDDSA))
        except (pkcs11.PKCS11Error, RuntimeError) as fault:
            raise SignerGone(f"the token did not sign ({type(fault).__name__})") from None

    def _open(self) -> None:
        """Open a session, find the key and try it.

        Raises:
            SignerGone: it cannot be done now; the message says what is not there.
            ConfigurationError: it can never be done: no library, or no module of that name.
        """
        if self._refused:
            raise SignerGone("the token refused the PIN, which is not tried again: correct it and start the hub again")
        pkcs11 = _library()
        try:
            self._session = self._log_in(pkcs11)
            self._key, public = self._find(pkcs11, self._session)
            self._try(_point(bytes(public[pkcs11.Attribute.EC_POINT])))
        except (pkcs11.PKCS11Error, RuntimeError) as fault:
            self.close()
            raise SignerGone(f"the token {self._where.token!r} cannot be used ({type(fault).__name__})") from None
        except SignerGone:
            self.close()
            raise

    def _log_in(self, pkcs11: Any) -> Any:
        where = self._where
        try:
            module = pkcs11.lib(where.module)
        except (pkcs11.PKCS11Error, RuntimeError):
            raise ConfigurationError(
                f"{where.module}: not a PKCS#11 module that can be loaded. Name the file that came with the token, "
                "such as /usr/lib/softhsm/libsofthsm2.so."
            ) from None
        try:
            token = module.get_token(token_label=where.token)
        except pkcs11.NoSuchToken:
            raise SignerGone(f"there is no token labelled {where.token!r}: is it plugged in?") from None
        try:
            session = token.open(user_pin=where.pin())
        except pkcs11.UserAlreadyLoggedIn:  # another session of this process: the login is the process's
            session = token.open()
        except (pkcs11.PinIncorrect, pkcs11.PinLocked, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinExpired) as no:
            self._refused = True
            raise SignerGone(f"the token {where.token!r} refused the PIN ({type(no).__name__})") from None
        return session

    def _find(self, pkcs11: Any, session: Any) -> tuple[Any, Any]:
        found = []
        kinds = ((pkcs11.ObjectClass.PRIVATE_KEY, "private"), (pkcs11.ObjectClass.PUBLIC_KEY, "public"))
        for kind, what in kinds:
            wanted = {
                pkcs11.Attribute.CLASS: kind,
                pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.EC_EDWARDS,
                pkcs11.Attribute.LABEL: self._where.label,
            }
            keys = list(session.get_objects(wanted))
            if len(keys) != 1:
                many = f"several {what} keys" if keys else f"no {what} Ed25519 key"
                raise SignerGone(f"the token holds {many} labelled {self._where.label!r}")
            found.append(keys[0])
        return found[0], found[1]

    def _try(self, public: bytes) -> None:
        """Hold the public key against the one this log had at its start, and against a signature."""
        verifier = VerifierKey(self._name, public)
        if self._verifier not in (None, verifier):
            raise SignerGone("the token holds another key under that label than when the hub started")
        value = self._signed(_TEST)
        if not verifier.accepts(_TEST, Signature(self._name, verifier.key_id, value)):
            raise SignerGone("the token's public key does not fit what its private key of that label signs")
        self._verifier = verifier


def _library() -> Any:
    try:
        import pkcs11
    except ImportError:
        raise ConfigurationError(
            "A signing key on a token needs the library python-pkcs11: pip install 'safeguarding-hub[pkcs11]'."
        ) from None
    return pkcs11


def _point(encoded: bytes) -> bytes:
    """The 32 bytes of CKA_EC_POINT.

    PKCS#11 3.0 says a bare point; modules give it as a DER octet string or bit string too.
    """
    for before in (b"", b"\x04\x20", b"\x03\x21\x00"):
        if len(encoded) == len(before) + KEY_BYTES and encoded.startswith(before):
            return encoded[len(before) :]
    raise SignerGone("the token's public key is not an Ed25519 point")
