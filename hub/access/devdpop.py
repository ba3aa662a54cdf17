"""DPoP at the development server's token endpoint (RFC 9449 s.5): which key a token is to be bound to.

Written apart from the hub's own check of proofs, so that one mistake cannot be in both.
"""

from __future__ import annotations

import time

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from hub.access.devonce import Seen

PROOF_ALGORITHMS = ["ES256", "PS256", "Ed25519"]
PROOF_SECONDS_MAX = 60
PROOF_BYTES_MAX = 4_096


class ProofRefused(ValueError):
    """The proof does not show that whoever sent it holds its key. The message is for the developer who sent it."""


class DevProofs:
    """Checks proofs sent to one address.

    Args:
        url: of the token endpoint, as in the metadata.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._seen = Seen()

    def thumbprint(self, proof: str) -> str:
        """The thumbprint (RFC 7638) of the key that signed ``proof``.

        Raises:
            ProofRefused: it is malformed, for another request, old, or was used before.
        """
        if len(proof) > PROOF_BYTES_MAX:
            raise ProofRefused("The DPoP proof is too long.")
        try:
            key = _key(proof)
            claims = jwt.decode(proof, key, algorithms=PROOF_ALGORITHMS).claims
        except ProofRefused:
            raise
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ProofRefused("The DPoP proof is not a JWT signed with the public key in its header.") from None
        if claims.get("htm") != "POST" or claims.get("htu") != self._url:
            raise ProofRefused("The DPoP proof is for another request (htm, htu).")
        issued_at, proof_id = claims.get("iat"), claims.get("jti")
        now = time.time()
        if type(issued_at) is not int or abs(now - issued_at) > PROOF_SECONDS_MAX:
            raise ProofRefused("The DPoP proof is too old, or from the future (iat).")
        if not isinstance(proof_id, str) or not proof_id:
            raise ProofRefused("The DPoP proof has no id of its own (jti).")
        jkt = key.thumbprint()
        if not self._seen.is_new((jkt, proof_id), until=now + 2 * PROOF_SECONDS_MAX, now=now):
            raise ProofRefused("The DPoP proof was used before.")
        return jkt


def _key(proof: str) -> RSAKey | ECKey | OKPKey:
    """The public key in the header (RFC 9449 s.4.2), of a kind that signs."""
    header = jws.extract_compact(proof.encode("ascii")).headers()
    if header["typ"] != "dpop+jwt":
        raise ProofRefused("The DPoP proof's typ must be dpop+jwt.")
    key = JWKRegistry.import_key(header["jwk"])
    if key.is_private or not isinstance(key, RSAKey | ECKey | OKPKey):
        raise ProofRefused("The DPoP proof's jwk must be a public key.")
    return key
