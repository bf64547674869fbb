"""The errors a caller may see: one type, rendered as application/problem+json (RFC 9457) in the caller's language."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of a body that is wrong: where (a JSON pointer), a stable code, and words for people."""

    pointer: str
    code: str
    vi: str
    en: str

    def message(self, language: str) -> str:
        """Return the words in `language`."""
        return self.en if language == "en" else self.vi


class Problem(Exception):  # noqa: N818 - it is the RFC's own word, and it is an answer rather than a failure
    """An answer that refuses: HTTP status, a stable code, words in both languages, and what else helps.

    Subclass nothing: raise `Problem(409, "external_id_taken", vi=…, en=…)`. `headers` go out with the answer
    (`Retry-After`), `extra` into the body.
    """

    def __init__(
        self,
        status: int,
        code: str,
        *,
        vi: str,
        en: str,
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.vi = vi
        self.en = en
        self.errors = errors
        self.headers = headers or {}
        self.extra = extra or {}

    def body(self, language: str) -> dict[str, Any]:
        """Return the problem document in `language` (`vi` or `en`)."""
        document: dict[str, Any] = {
            "type": f"urn:postal:problem:{self.code}",
            "title": self.en if language == "en" else self.vi,
            "status": self.status,
            "code": self.code,
            **self.extra,
        }
        if self.errors:
            document["errors"] = [
                {"pointer": e.pointer, "code": e.code, "message": e.message(language)} for e in self.errors
            ]
        return document


def not_found(vi: str = "Không tìm thấy.", en: str = "Not found.") -> Problem:
    """Return the 404 that says nothing about why."""
    return Problem(404, "not_found", vi=vi, en=en)


def invalid(*errors: FieldError) -> Problem:
    """Return the 422 for a body whose fields are wrong, naming each."""
    return Problem(
        422,
        "invalid_body",
        vi="Một số thông tin chưa đúng, vui lòng kiểm tra lại.",
        en="Some fields are wrong.",
        errors=errors,
    )
