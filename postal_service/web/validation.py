"""Reading bodies and queries with pydantic, and telling what is wrong with them in words for people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import AfterValidator, AwareDatetime, BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError, from_json

from postal_service.kit.problems import FieldError, Problem, invalid
from postal_service.web.validation_texts import describe

ModelT = TypeVar("ModelT", bound=BaseModel)
_NUL = "\x00"
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
# PostgreSQL stores no NUL character, and nobody's name or address has one.
_NUL_TEXTS = {
    "code": "not_allowed_character",
    "vi": "Có ký tự không được phép.",
    "en": "Contains a character that is not allowed.",
}


def refuse(code: str, *, vi: str, en: str) -> PydanticCustomError:
    """Return the error a model's validator raises when only the room knows the rule and its words.

    The words must not repeat what was typed: they end up in answers, and answers end up in other people's logs.
    """
    return PydanticCustomError("refused", "{en}", {"code": code, "vi": vi, "en": en})


def _within_a_lifetime(moment: datetime) -> datetime:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise refuse("out_of_range", vi="Thời điểm quá xa.", en="The time is too far away.")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_within_a_lifetime)]
"""A time with its offset. The first and last years of the calendar have none in every other offset."""


async def read_json(request: web.Request, model: type[ModelT]) -> ModelT:
    """Read the body as `model`; raises the 400, 415 or 422 that names what is wrong."""
    raw = await request.read()
    if raw and not _is_json(request.content_type):
        raise Problem(
            415,
            "unsupported_media_type",
            vi="Nội dung gửi lên phải là JSON (Content-Type: application/json).",
            en="The body must be JSON (Content-Type: application/json).",
        )
    # A POST without any body means one without any field: it is then told which are missing.
    raw = raw or b"{}"
    try:
        value = model.model_validate_json(raw)
    except ValidationError as error:
        details = error.errors(include_url=False)
        if details[0]["type"] == "json_invalid":
            raise _malformed_json() from None
        raise invalid(*_field_errors(details, from_json(raw))) from None
    if b"\\u0000" in raw:
        _refuse_nul(from_json(raw))
    return value


def read_query(request: web.Request, model: type[ModelT]) -> ModelT:
    """Read the query string as `model`; names it does not know are left alone (`?lang=`)."""
    values = {name: value for name, value in request.query.items() if name in model.model_fields}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Problem(
            422,
            "invalid_query",
            vi="Một số tham số trên đường dẫn chưa đúng.",
            en="Some query parameters are wrong.",
            errors=_field_errors(error.errors(include_url=False), values),
        ) from None


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or content_type.endswith("+json")


def _malformed_json() -> Problem:
    return Problem(
        400,
        "malformed_json",
        vi="Nội dung gửi lên không phải là JSON hợp lệ.",
        en="The body is not well-formed JSON.",
    )


def _field_errors(details: Sequence[ErrorDetails], value: Any) -> tuple[FieldError, ...]:
    errors = []
    for detail in details:
        texts = describe(detail)
        errors.append(FieldError(_pointer(detail, value), texts.code, texts.vi, texts.en))
    return tuple(errors)


def _pointer(detail: ErrorDetails, value: Any) -> str:
    """Return the JSON pointer (RFC 6901) of what is wrong.

    pydantic's location also names the members of a union, which are no part of the document: whatever does not lead
    into it is left out, except the name of a field that is missing.
    """
    parts = []
    for part in detail["loc"]:
        if _leads_on(value, part):
            value = value[part]
        elif not (detail["type"] == "missing" and part == detail["loc"][-1]):
            continue
        parts.append("/" + str(part).replace("~", "~0").replace("/", "~1"))
    return "".join(parts)


def _leads_on(value: Any, part: str | int) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and part < len(value)


def _refuse_nul(document: Any) -> None:
    pointers = list(_nul_pointers(document, ""))
    if pointers:
        raise invalid(*(FieldError(pointer, **_NUL_TEXTS) for pointer in pointers))


def _nul_pointers(value: Any, pointer: str) -> list[str]:
    if isinstance(value, str):
        return [pointer] if _NUL in value else []
    children: Sequence[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    found = [pointer] if isinstance(value, dict) and any(_NUL in name for name in value) else []
    for name, child in children:
        found += _nul_pointers(child, f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")
    return found
