"""Ready words that go into texts: why a try failed, why it is late. Both languages, short enough for an SMS."""

from collections.abc import Mapping

from carriers.status import FailReason
from postal_service.kit.words import Words

NOT_SAID = Words("bưu cục sẽ thông báo lý do", "the post office will explain")
"""Carriers often give no reason, and none is made up."""

FAILED_TRY: Mapping[str, Words] = {
    FailReason.ABSENT: Words("không có người ở nhà", "nobody was at home"),
    FailReason.UNREACHABLE: Words("không liên lạc được qua điện thoại", "nobody could be reached by phone"),
    FailReason.RESCHEDULED: Words("người nhận hẹn lại ngày khác", "another day was asked for"),
    FailReason.WRONG_ADDRESS: Words("địa chỉ chưa đúng hoặc chưa đủ", "the address is wrong or incomplete"),
    FailReason.PAPERS_INCOMPLETE: Words("giấy tờ chưa đủ", "papers were missing"),
    FailReason.IDENTITY_MISMATCH: Words("giấy tờ tùy thân chưa khớp", "the ID did not match"),
    FailReason.NOT_THE_RECEIVER: Words("người có mặt không được nhận thay", "the person present may not receive it"),
    FailReason.REFUSED: Words("người nhận từ chối nhận", "it was refused"),
    FailReason.NO_MONEY: Words("chưa có đủ tiền nộp", "the money was not at hand"),
    FailReason.AGENCY_CLOSED: Words("cơ quan không làm việc vào lúc đó", "the agency was closed"),
    FailReason.WORKER_DELAYED: Words("bưu chính không kịp đến trong ngày", "the post could not come in time"),
    FailReason.WEATHER: Words("thời tiết xấu hoặc thiên tai", "bad weather"),
    FailReason.OTHER: Words("có trở ngại khác", "another obstacle"),
}
"""By the structured reason of a failed try."""

THE_POST_OFFICE = Words("bưu cục phát", "the post office")
LATE_AT_AGENCY = Words("cơ quan cần thêm thời gian xử lý", "the agency needs more time")
LATE_IN_POST = Words("chuyển phát chậm hơn dự kiến", "the post is taking longer")


def failed_try(reason: str | None) -> Words:
    """Return why a try failed."""
    return FAILED_TRY.get(reason or "", NOT_SAID)
