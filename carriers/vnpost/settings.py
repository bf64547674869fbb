"""What VNPost gives a customer, and what its environments differ in."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt, SecretStr, field_validator

SignatureScheme = Literal["rsa_decrypt", "rsa_verify"]


class VNPostSettings(BaseModel):
    """Settings of the VNPost adapter (`POSTAL_CARRIERS__VNPOST__…`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = False
    base_url: str = "https://connect-my.vnpost.vn"
    path_prefix: str = ""
    """`/customer-partner` where the older paths are still in use."""
    username: str = ""
    password: SecretStr = SecretStr("")
    customer_code: str = ""
    contract_code: str | None = None
    service_code: str = "ETN011"
    """ETN011 (Nhanh): the service whose add-ons are documented and include collection from the receiver."""
    signature_scheme: SignatureScheme | None = None
    """How hooks are proved: `rsa_decrypt` as in VNPost's sample code, `rsa_verify` as in its words. Unset: none passes."""
    signature_key_file: Path | None = None
    """PEM: our private key for `rsa_decrypt`, VNPost's public key for `rsa_verify`."""
    timeout_seconds: PositiveFloat = 10.0
    max_concurrency: PositiveInt = 8
    legacy_tls: bool = False
    """Allow servers without secure renegotiation. Certificates are verified all the same."""

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if not url.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return url.rstrip("/")

    @field_validator("path_prefix")
    @classmethod
    def _begins_with_slash(cls, prefix: str) -> str:
        trimmed = prefix.strip("/")
        return f"/{trimmed}" if trimmed else ""
