"""Words for what pydantic finds wrong: a stable code of ours, natural Vietnamese, plain English."""

from collections.abc import Callable
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails


class Texts(NamedTuple):
    """What is told about one field."""

    code: str
    vi: str
    en: str


_REQUIRED = Texts("required", "Thông tin này là bắt buộc.", "This field is required.")
_UNKNOWN_FIELD = Texts("unknown_field", "Không có mục thông tin này.", "There is no such field.")
_NOT_TEXT = Texts("not_text", "Cần nhập chữ.", "Must be text.")
_BAD_FORMAT = Texts("bad_format", "Chưa đúng định dạng.", "Is not in the right format.")
_NOT_INTEGER = Texts("not_integer", "Cần là số nguyên.", "Must be a whole number.")
_NOT_NUMBER = Texts("not_number", "Cần là một số.", "Must be a number.")
_NOT_BOOLEAN = Texts("not_boolean", "Chỉ nhận giá trị đúng (true) hoặc sai (false).", "Must be true or false.")
_NOT_LIST = Texts("not_list", "Cần là một danh sách.", "Must be a list.")
_NOT_OBJECT = Texts("not_object", "Cần là một nhóm thông tin (đối tượng JSON).", "Must be an object.")
_BAD_DATE = Texts("bad_date", "Ngày chưa đúng, ví dụ đúng: 2026-01-31.", "Must be a date like 2026-01-31.")
_BAD_TIME = Texts(
    "bad_time",
    "Thời điểm chưa đúng, ví dụ đúng: 2026-01-31T08:00:00+07:00.",
    "Must be a time like 2026-01-31T08:00:00+07:00.",
)
_NO_ZONE = Texts("timezone_required", "Thời điểm phải kèm múi giờ, ví dụ +07:00.", "The time needs its offset (+07:00).")
_BAD_URL = Texts("bad_url", "Địa chỉ web chưa đúng.", "Must be a web address.")
_NOT_VALID = Texts("not_valid", "Thông tin này chưa đúng.", "Is not valid.")

_PLAIN = {
    "missing": _REQUIRED,
    "extra_forbidden": _UNKNOWN_FIELD,
    "string_type": _NOT_TEXT,
    "string_pattern_mismatch": _BAD_FORMAT,
    "string_unicode": _BAD_FORMAT,
    "uuid_type": _BAD_FORMAT,
    "uuid_parsing": _BAD_FORMAT,
    "int_type": _NOT_INTEGER,
    "int_parsing": _NOT_INTEGER,
    "int_from_float": _NOT_INTEGER,
    "int_parsing_size": _NOT_INTEGER,
    "float_type": _NOT_NUMBER,
    "float_parsing": _NOT_NUMBER,
    "finite_number": _NOT_NUMBER,
    "decimal_type": _NOT_NUMBER,
    "decimal_parsing": _NOT_NUMBER,
    "bool_type": _NOT_BOOLEAN,
    "bool_parsing": _NOT_BOOLEAN,
    "list_type": _NOT_LIST,
    "tuple_type": _NOT_LIST,
    "set_type": _NOT_LIST,
    "frozen_set_type": _NOT_LIST,
    "dict_type": _NOT_OBJECT,
    "model_type": _NOT_OBJECT,
    "model_attributes_type": _NOT_OBJECT,
    "dataclass_type": _NOT_OBJECT,
    "date_type": _BAD_DATE,
    "date_parsing": _BAD_DATE,
    "date_from_datetime_parsing": _BAD_DATE,
    "date_from_datetime_inexact": _BAD_DATE,
    "datetime_type": _BAD_TIME,
    "datetime_parsing": _BAD_TIME,
    "datetime_from_date_parsing": _BAD_TIME,
    "datetime_object_invalid": _BAD_TIME,
    "timezone_aware": _NO_ZONE,
    "url_type": _BAD_URL,
    "url_parsing": _BAD_URL,
    "url_scheme": _BAD_URL,
}

_Context = dict[str, Any]
_WITH_LIMIT: dict[str, Callable[[_Context], Texts]] = {
    "string_too_short": lambda c: Texts(
        "too_short", f"Cần ít nhất {c['min_length']} ký tự.", f"Must have at least {c['min_length']} characters."
    ),
    "string_too_long": lambda c: Texts(
        "too_long", f"Không được quá {c['max_length']} ký tự.", f"Must have at most {c['max_length']} characters."
    ),
    "too_short": lambda c: Texts(
        "too_few", f"Cần ít nhất {c['min_length']} mục.", f"Must have at least {c['min_length']} items."
    ),
    "too_long": lambda c: Texts(
        "too_many", f"Không được quá {c['max_length']} mục.", f"Must have at most {c['max_length']} items."
    ),
    "greater_than": lambda c: Texts("too_small", f"Phải lớn hơn {c['gt']}.", f"Must be greater than {c['gt']}."),
    "greater_than_equal": lambda c: Texts("too_small", f"Phải từ {c['ge']} trở lên.", f"Must be {c['ge']} or more."),
    "less_than": lambda c: Texts("too_large", f"Phải nhỏ hơn {c['lt']}.", f"Must be less than {c['lt']}."),
    "less_than_equal": lambda c: Texts("too_large", f"Không được quá {c['le']}.", f"Must be {c['le']} or less."),
    "enum": lambda c: _one_of(c["expected"]),
    "literal_error": lambda c: _one_of(c["expected"]),
    "union_tag_invalid": lambda c: _one_of(c["expected_tags"]),
    "refused": lambda c: Texts(c["code"], c["vi"], c["en"]),
}


def describe(detail: ErrorDetails) -> Texts:
    """Return the words for one finding. What was typed never appears in them."""
    with_limit = _WITH_LIMIT.get(detail["type"])
    if with_limit:
        return with_limit(detail["ctx"])
    return _PLAIN.get(detail["type"], _NOT_VALID)


def _one_of(expected: str) -> Texts:
    listed = expected.replace(" or ", ", ")
    return Texts("not_allowed", f"Chỉ nhận một trong các giá trị: {listed}.", f"Must be one of: {listed}.")
