"""Keys for signed hooks, and signing with them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Sign = Callable[[bytes], bytes]

_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where a pair of keys is kept (PEM)."""

    private: Path
    public: Path


def make_key_pair(directory: Path, name: str = "hook") -> KeyFiles:
    """Write a new RSA-2048 pair for a demo or a test, the private key readable by its owner alone."""
    directory.mkdir(parents=True, exist_ok=True)
    files = KeyFiles(directory / f"{name}-private.pem", directory / f"{name}-public.pem")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    files.private.touch(_OWNER_ONLY)
    files.private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    files.public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return files


def signer_from(file: Path) -> Sign:
    """Return how a hook is signed with this key: a public key encrypts (rsa_decrypt), a private one signs (rsa_verify).

    Raises `ValueError` when the file holds no RSA key in PEM, `OSError` when it cannot be read.
    """
    pem = file.read_bytes()
    if b"PRIVATE KEY" in pem:
        private = serialization.load_pem_private_key(pem, password=None)
        if isinstance(private, rsa.RSAPrivateKey):
            return lambda text: private.sign(text, padding.PKCS1v15(), hashes.SHA256())
    else:
        public = serialization.load_pem_public_key(pem)
        if isinstance(public, rsa.RSAPublicKey):
            return lambda text: public.encrypt(text, padding.PKCS1v15())
    raise ValueError(f"{file} holds no RSA key")
