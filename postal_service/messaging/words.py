"""Ready words that go into texts: why a try failed, why it is late. Both languages, short enough for an SMS."""

from collections.abc import Mapping

from postal_service.kit.words import Words

NOT_SAID = Words("bưu cục sẽ thông báo lý do", "the post office will explain")
"""Carriers often give no reason, and none is made up."""

FAILED_TRY: Mapping[str, Words] = {
    "absent": Words("không gặp được Ông/Bà tại địa chỉ", "nobody was at the address"),
    "no_answer": Words("không liên lạc được qua điện thoại", "the telephone was not answered"),
    "wrong_address": Words("địa chỉ chưa chính xác", "the address is not right"),
    "papers_missing": Words("hồ sơ còn thiếu giấy tờ", "papers are missing"),
    "identity_mismatch": Words("giấy tờ tùy thân chưa khớp", "the identity paper did not match"),
    "refused": Words("người nhận từ chối nhận", "the receiver refused it"),
    "asked_later": Words("Ông/Bà hẹn lại ngày khác", "another day was asked for"),
    "closed": Words("nơi nhận đóng cửa", "the place was closed"),
    "weather": Words("thời tiết xấu", "bad weather"),
}
"""By the structured reason of a failed try."""

THE_POST_OFFICE = Words("bưu cục phát", "the post office")
LATE_AT_AGENCY = Words("cơ quan cần thêm thời gian xử lý", "the agency needs more time")
LATE_IN_POST = Words("chuyển phát chậm hơn dự kiến", "the post is taking longer")


def failed_try(reason: str | None) -> Words:
    """Return why a try failed."""
    return FAILED_TRY.get(reason or "", NOT_SAID)
