"""Whether a hook comes from somebody who holds the agreed key. One scheme, chosen by the settings, never "either"."""

import base64
import binascii
import hmac
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from carriers.errors import MalformedAnswer
from carriers.ports import HookVerdict
from carriers.vnpost import parse
from carriers.vnpost.settings import SignatureScheme, VNPostSettings

_PROVEN = HookVerdict(proven=True, reason="ok")
_BAD = HookVerdict(proven=False, reason="bad_signature")
_NOT_CONFIGURED = HookVerdict(proven=False, reason="not_configured")
_MALFORMED = HookVerdict(proven=False, reason="malformed")


class Proof(Protocol):
    """One signature scheme with its key."""

    def holds(self, signature: bytes, signed: bytes) -> bool:
        """Tell whether `signature` proves `signed`."""
        ...


class RsaDecrypt:
    """VNPost's sample code: the signature is the text, encrypted with the public key that belongs to our private key.

    Anybody who has that public key can make one, so a passing hook is still only a hint. Every failure looks the same from
    outside: PKCS #1 v1.5 decryption whose errors can be told apart is an oracle.
    """

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    def holds(self, signature: bytes, signed: bytes) -> bool:
        """Tell whether the signature decrypts to the text; compared in constant time."""
        try:
            decrypted = self._key.decrypt(signature, padding.PKCS1v15())
        except ValueError:
            return False
        return hmac.compare_digest(decrypted, signed)


class RsaVerify:
    """VNPost's words ("RSASHA256"): RSASSA-PKCS1-v1_5 over SHA-256, verified with VNPost's public key."""

    def __init__(self, key: rsa.RSAPublicKey) -> None:
        self._key = key

    def holds(self, signature: bytes, signed: bytes) -> bool:
        """Tell whether the holder of VNPost's private key signed the text."""
        try:
            self._key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


def proof_from(settings: VNPostSettings) -> Proof | None:
    """Return the configured scheme with its key, None where none is configured.

    Raises `ValueError` for a key that cannot be read: a service that could check no hook should not start.
    """
    if settings.signature_scheme is None or settings.signature_key_file is None:
        return None
    return _load(settings.signature_scheme, settings.signature_key_file)


def check(proof: Proof | None, body: bytes) -> HookVerdict:
    """Return the verdict on a hook's body."""
    if proof is None:
        return _NOT_CONFIGURED
    try:
        hook = parse.hook(body)
    except MalformedAnswer:
        return _MALFORMED
    try:
        signature = base64.b64decode(hook.signature, validate=True)
    except (binascii.Error, ValueError):
        return _BAD
    return _PROVEN if proof.holds(signature, hook.signed_text.encode()) else _BAD


def _load(scheme: SignatureScheme, file: Path) -> Proof:
    try:
        pem = file.read_bytes()
        if scheme == "rsa_decrypt":
            private = serialization.load_pem_private_key(pem, password=None)
            if isinstance(private, rsa.RSAPrivateKey):
                return RsaDecrypt(private)
        else:
            public = serialization.load_pem_public_key(pem)
            if isinstance(public, rsa.RSAPublicKey):
                return RsaVerify(public)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"VNPost signature key {file} cannot be read") from error
    raise ValueError(f"VNPost signature key {file} is not an RSA key")
