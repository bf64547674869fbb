"""Telephone numbers: kept in E.164, shown masked where the reader is not known."""

import phonenumbers

_REGION = "VN"
_VISIBLE_TAIL = 3


def read_phone(typed: str) -> str | None:
    """Return the number in E.164 (`+84912345678`), or None when it is not a possible and valid number."""
    try:
        number = phonenumbers.parse(typed, _REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_mobile(e164: str) -> bool:
    """Tell whether an SMS can be expected to arrive at this number."""
    kind = phonenumbers.number_type(phonenumbers.parse(e164, None))
    return kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


def national_phone(e164: str) -> str:
    """Write a Vietnamese number as dialled at home (`0912345678`), which is what Vietnamese carriers take."""
    return "0" + e164.removeprefix("+84") if e164.startswith("+84") else e164


def mask_phone(e164: str) -> str:
    """Write the number with only its last three digits readable (`09*****678`)."""
    home = national_phone(e164)
    return home[:2] + "*" * max(0, len(home) - 2 - _VISIBLE_TAIL) + home[-_VISIBLE_TAIL:]
