import base64
import json
from pathlib import Path

import pytest

from carriers.ports import HookVerdict
from carriers.simulator.keys import KeyFiles, signer_from
from carriers.vnpost import proof
from carriers.vnpost.settings import SignatureScheme, VNPostSettings

SENT, ITEM = "14/10/2026 15:00:00", "CV497960035VN"


def hook(signature: bytes, status: int = 14, item: str = ITEM) -> bytes:
    body = {
        "data": [{"itemCode": item, "status": status}],
        "sendDate": SENT,
        "signature": base64.b64encode(signature).decode(),
    }
    return json.dumps(body).encode()


def verdict(scheme: SignatureScheme | None, key_file: Path | None, body: bytes) -> HookVerdict:
    return proof.check(proof.proof_from(VNPostSettings(signature_scheme=scheme, signature_key_file=key_file)), body)


def sides(scheme: SignatureScheme, keys: KeyFiles) -> tuple[Path, Path]:
    """Return our key and VNPost's."""
    return (keys.private, keys.public) if scheme == "rsa_decrypt" else (keys.public, keys.private)


schemes = pytest.mark.parametrize("scheme", ["rsa_decrypt", "rsa_verify"])
TEXT = f"MYVNP{SENT}{ITEM}14".encode()


@schemes
def test_a_signature_by_the_agreed_key_proves_the_hook(scheme: SignatureScheme, keys: KeyFiles) -> None:
    ours, theirs = sides(scheme, keys)
    assert verdict(scheme, ours, hook(signer_from(theirs)(TEXT))) == HookVerdict(proven=True, reason="ok")


@schemes
def test_every_wrong_signature_ends_in_the_same_words(scheme: SignatureScheme, keys: KeyFiles, other_keys: KeyFiles) -> None:
    ours, theirs = sides(scheme, keys)
    right = signer_from(theirs)(TEXT)
    bodies = [
        hook(right, status=19),
        hook(right, item="CV497523410VN"),
        hook(signer_from(sides(scheme, other_keys)[1])(TEXT)),
        hook(right[:-1]),
        hook(right + b"\0"),
        hook(b"\0" * 256),
        hook(b"\xff" * 256),
        hook(b""),
        hook(right).replace(b'"signature": "', b'"signature": "!'),
        json.dumps({"data": [{"itemCode": ITEM, "status": 14}], "sendDate": SENT}).encode(),
    ]
    assert {verdict(scheme, ours, body) for body in bodies} == {HookVerdict(proven=False, reason="bad_signature")}


def test_one_scheme_never_passes_for_the_other(keys: KeyFiles) -> None:
    signed, encrypted = hook(signer_from(keys.private)(TEXT)), hook(signer_from(keys.public)(TEXT))
    assert not verdict("rsa_decrypt", keys.private, signed).proven
    assert not verdict("rsa_verify", keys.public, encrypted).proven


@schemes
def test_without_scheme_or_key_no_hook_passes(scheme: SignatureScheme, keys: KeyFiles) -> None:
    ours, theirs = sides(scheme, keys)
    body = hook(signer_from(theirs)(TEXT))
    not_configured = HookVerdict(proven=False, reason="not_configured")
    assert verdict(None, ours, body) == not_configured
    assert verdict(scheme, None, body) == not_configured


@schemes
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"\xff", b'{"data":[],"sendDate":"x"}', b'{"data":[{"itemCode":null}],"sendDate":"x"}']
)
def test_what_is_no_hook_is_malformed(scheme: SignatureScheme, keys: KeyFiles, body: bytes) -> None:
    assert verdict(scheme, sides(scheme, keys)[0], body) == HookVerdict(proven=False, reason="malformed")


@schemes
def test_a_key_that_cannot_be_read_stops_the_start(scheme: SignatureScheme, keys: KeyFiles, tmp_path: Path) -> None:
    nonsense = tmp_path / "key.pem"
    nonsense.write_text("no key")
    for file in (tmp_path / "missing.pem", nonsense, sides(scheme, keys)[1]):
        with pytest.raises(ValueError, match="VNPost signature key"):
            proof.proof_from(VNPostSettings(signature_scheme=scheme, signature_key_file=file))
