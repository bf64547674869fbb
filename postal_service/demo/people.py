"""Made-up citizens and addresses. The telephone numbers belong to nobody."""

import random
from typing import Any

_FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô")
_MIDDLE = ("Văn", "Thị", "Minh", "Thu", "Quốc", "Ngọc", "Thanh", "Đức")
_GIVEN = ("An", "Bình", "Châu", "Dũng", "Giang", "Hà", "Khánh", "Linh", "Mai", "Nam", "Phương", "Quân", "Trang", "Yến")
_STREETS = ("Trần Phú", "Lê Lợi", "Hai Bà Trưng", "Nguyễn Trãi", "Quang Trung", "Lý Thường Kiệt")

WARDS = {
    "hanoi": ("01", ("Phường Hoàn Kiếm", "Phường Ba Đình", "Phường Cầu Giấy", "Phường Đống Đa")),
    "ho-chi-minh": ("79", ("Phường Sài Gòn", "Phường Bến Thành")),
    "da-nang": ("48", ("Phường Hải Châu",)),
    "an-giang": ("91", ("Phường Long Xuyên",)),
    "bac-ninh": ("24", ("Phường Kinh Bắc",)),
}
"""Agency → its province and some of its wards."""
CHANNELS = ("vneid", "national_portal", "provincial_portal", "ministry_module")


def a_request(number: int, chance: random.Random) -> dict[str, Any]:
    """Return the body of a request as a portal would file it."""
    agency = ("hanoi", "ho-chi-minh", "hanoi", "da-nang", "an-giang", "bac-ninh")[number % 6]
    province, wards = WARDS[agency]
    name = " ".join(chance.choice(part) for part in (_FAMILY, _MIDDLE, _GIVEN))

    def address() -> dict[str, Any]:
        return {
            "province": province,
            "ward": chance.choice(wards),
            "detail": f"Số {chance.randint(1, 200)} đường {chance.choice(_STREETS)}",
        }

    return {
        "external_id": f"DK-{number:05d}",
        "channel": chance.choice(CHANNELS),
        "procedure": "criminal-record-1",
        "agency": agency,
        "copies": chance.choice((1, 2, 2, 3)),
        "fee_class": chance.choice(("standard", "standard", "standard", "reduced")),
        "applicant": {
            "full_name": name,
            "birth_date": f"{chance.randint(1960, 2004)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
            "national_id": f"0{province}0{chance.randint(60, 99)}{chance.randint(0, 999999):06d}",
            "phone": f"+8490000{number % 10000:04d}",
            "email": f"nguoi.dan.{number}@example.vn",
            "language": "en" if number % 5 == 4 else "vi",  # noqa: PLR2004 - every fifth reads English
        },
        "pickup": {"address": address()},
        "delivery": {"address": address()},
        "consent": {"sms": True, "email": True, "version": "2026-01"},
    }
