"""The refusals that aiohttp or the plumbing itself gives."""

from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from postal_service.kit.problems import Problem, not_found

INTERNAL_ERROR: Final = Problem(
    500,
    "internal_error",
    vi="Hệ thống gặp sự cố. Vui lòng thử lại sau.",
    en="Something went wrong on our side. Please try again later.",
)
MALFORMED_URL: Final = Problem(400, "malformed_url", vi="Đường dẫn không hợp lệ.", en="The address is malformed.")


def from_http_exception(error: web.HTTPException) -> Problem:
    """Return the problem for a refusal of aiohttp's."""
    if error.status == HTTPStatus.NOT_FOUND:
        return not_found()
    if isinstance(error, web.HTTPMethodNotAllowed):
        return Problem(
            405,
            "method_not_allowed",
            vi="Địa chỉ này không nhận phương thức đó.",
            en="This address does not take that method.",
            headers={hdrs.ALLOW: ", ".join(sorted(error.allowed_methods))},
        )
    if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Problem(413, "too_large", vi="Nội dung gửi lên quá lớn.", en="The body is too large.")
    phrase = HTTPStatus(error.status).phrase
    return Problem(error.status, phrase.lower().replace(" ", "_"), vi="Yêu cầu không hợp lệ.", en=f"{phrase}.")
