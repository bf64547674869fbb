"""What can be told, with which values, through which channels. Templates may use these fields and no others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from notifications.ports import Channel


class Kind(StrEnum):
    """How a value behaves in an SMS."""

    EXACT = "exact"
    """A code or a link: never cut."""
    WORDS = "words"
    """Ready words in the reader's language: cut at a word to the length of the longest real value."""
    NAME = "name"
    """A person's name: cut from the front to the length of the longest real value."""
    DAY = "day"
    """A `date`, written as the language writes it."""
    CHOICE = "choice"
    """One of a few words that choose a sentence, or a truth value."""
    LIST = "list"
    """Ready words, several; e-mail only."""


FieldValue = str | bool | date | list[str] | None


@dataclass(frozen=True, slots=True)
class Field:
    """A value a text may use. `longest` is the longest real one: the SMS budget is computed and tested with it."""

    name: str
    kind: Kind
    longest: FieldValue
    optional: bool = False
    """May be None; the texts then do without."""
    choices: frozenset[str | bool] = frozenset()


@dataclass(frozen=True, slots=True)
class Event:
    """One thing people are told."""

    name: str
    fields: Mapping[str, Field]
    channels: frozenset[Channel]


_DAY = date(2026, 12, 28)

TRACKING_URL = Field("tracking_url", Kind.EXACT, "https://tra-cuu.buu-chinh.example.gov.vn/t/7K2M-9QXA-4T1C")
"""The longest public address is 40 characters; `/t/` and the code follow."""
TRACKING_CODE = Field("tracking_code", Kind.EXACT, "7K2M-9QXA-4T1C")
AGENCY_NAME = Field("agency_name", Kind.WORDS, "Phòng Hồ sơ nghiệp vụ - Công an Thành phố Hồ Chí Minh")
DOSSIER_CODE = Field("dossier_code", Kind.EXACT, "000.00.14.H56-200203-0118")
PROMISED_ON = Field("promised_on", Kind.DAY, _DAY)
DUE_ON = Field("due_on", Kind.DAY, _DAY)
NEW_DATE = Field("new_date", Kind.DAY, _DAY)
MISSING = Field("missing", Kind.LIST, ["Bản sao Căn cước công dân có chứng thực", "Văn bản ủy quyền có công chứng"])
REASON = Field("reason", Kind.WORDS, "người gửi chưa chuẩn bị đủ giấy tờ hồ sơ")
"""Why a try failed or a date was missed: one of the fixed reasons, in words."""
REFUSAL_REASON = Field(
    "reason", Kind.WORDS, "Thông tin trong tờ khai không khớp với giấy tờ kèm theo, cần kê khai lại từ đầu."
)
"""Written by the agency's staff; e-mail only."""
BY_POST = Field("by_post", Kind.CHOICE, longest=True, choices=frozenset({True, False}))
WORKER_NAME = Field("worker_name", Kind.NAME, "Nguyễn Phương Thảo Trang", optional=True)
WORKER_CODE = Field("worker_code", Kind.EXACT, "HNI-001234", optional=True)
WINDOW_DAY = Field("window_day", Kind.DAY, _DAY, optional=True)
WINDOW_PART = Field("window_part", Kind.CHOICE, "afternoon", choices=frozenset({"morning", "afternoon", "day"}))
NEXT_DAY = Field("next_day", Kind.DAY, _DAY, optional=True)
OFFICE_NAME = Field("office_name", Kind.WORDS, "Bưu cục Trần Quốc Toản Quận 3")
KEEP_UNTIL = Field("keep_until", Kind.DAY, _DAY, optional=True)

COMMON = (TRACKING_URL, TRACKING_CODE, AGENCY_NAME)
BOTH = frozenset({Channel.SMS, Channel.EMAIL})


def _event(name: str, *fields: Field, channels: frozenset[Channel] = BOTH) -> Event:
    return Event(name, {field.name: field for field in (*COMMON, *fields)}, channels)


CATALOGUE: Mapping[str, Event] = {
    event.name: event
    for event in (
        _event("filed"),
        _event("accepted", DOSSIER_CODE, PROMISED_ON),
        _event("additions_requested", MISSING, DUE_ON),
        _event("refused", REFUSAL_REASON),
        _event("issued", BY_POST),
        _event("withdrawn"),
        _event("late", REASON, NEW_DATE),
        _event("pickup_assigned", WORKER_NAME, WORKER_CODE, WINDOW_DAY, WINDOW_PART),
        _event("pickup_failed", REASON, NEXT_DAY),
        _event("picked_up"),
        _event("pickup_delivered", channels=frozenset({Channel.EMAIL})),
        _event("out_for_delivery", WORKER_NAME, WORKER_CODE),
        _event("delivery_failed", REASON, NEXT_DAY),
        _event("waiting_at_office", OFFICE_NAME, KEEP_UNTIL),
        _event("delivered"),
        _event("returned"),
    )
}
