"""What a request must be, and which steps it may take. Pure: reference data and the time are arguments."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from postal_service.intake.schemas import AddressIn, AgentIn, ApplicantIn, PickupIn, RequestIn, WindowIn
from postal_service.intake.story import RequestStatus
from postal_service.kit.clock import local_date
from postal_service.kit.fee_book import Zone
from postal_service.kit.national_id import read_national_id
from postal_service.kit.phone import read_phone
from postal_service.kit.problems import FieldError
from postal_service.kit.reference import Agency, Procedure, Reference
from postal_service.kit.units import Place, PlaceUnknown, Units
from postal_service.kit.windows import check_window
from postal_service.kit.working_days import WorkingCalendar

_S = RequestStatus

DOSSIER_CODE = re.compile(r"^(?:\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d{1,3}){0,3})-\d{6}-\d{4,12}$", re.ASCII)
"""`000.17.22.H56-210531-0001` (QCVN 102:2016) or `H55.242-240115-0003` (QĐ 20/2020): agency, day, serial."""

TRANSIT_WORKING_DAYS: Mapping[Zone, int] = {"same_province": 2, "other_province": 3}
"""Working days the post takes; weak public figures (domain facts §3), to be set by contract."""

PORTAL_STATUS: Mapping[RequestStatus, int] = {
    _S.FILED: 1,
    _S.ACCEPTED: 2,
    _S.REFUSED: 3,
    _S.PROCESSING: 4,
    _S.ADDITIONS_REQUESTED: 5,
    _S.PAYMENT_DUE: 6,
    _S.WITHDRAWN: 7,
    _S.STOPPED: 8,
    _S.ISSUED: 9,
    _S.RETURNED: 10,
}
"""The national portal's numbering of dossier states."""

STEPS: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    _S.FILED: frozenset({_S.ACCEPTED, _S.REFUSED, _S.ADDITIONS_REQUESTED, _S.WITHDRAWN}),
    _S.ACCEPTED: frozenset({_S.REFUSED, _S.ADDITIONS_REQUESTED, _S.ISSUED, _S.WITHDRAWN}),
    _S.PROCESSING: frozenset({_S.REFUSED, _S.ADDITIONS_REQUESTED, _S.ISSUED, _S.WITHDRAWN}),
    # The additions came, on paper or by upload: accepting again ends the pause of the legal clock.
    _S.ADDITIONS_REQUESTED: frozenset({_S.ACCEPTED, _S.REFUSED, _S.WITHDRAWN}),
    _S.PAYMENT_DUE: frozenset({_S.ACCEPTED, _S.REFUSED, _S.WITHDRAWN}),
    _S.ISSUED: frozenset({_S.RETURNED}),
    _S.REFUSED: frozenset(),
    _S.WITHDRAWN: frozenset(),
    _S.STOPPED: frozenset(),
    _S.RETURNED: frozenset(),
}


CAN_BE_LATE = (_S.FILED, _S.ACCEPTED, _S.PROCESSING, _S.PAYMENT_DUE, _S.ISSUED)
"""While something is owed to the citizen; during `additions_requested` the citizen owes something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A request whose every field was found right, with what the rules made of it."""

    agency: Agency
    procedure: Procedure
    national_id: str
    phone: str
    agent_national_id: str | None
    pickup_place: Place | None
    pickup_zone: Zone | None
    delivery_place: Place | None
    delivery_zone: Zone | None
    window: tuple[datetime, datetime] | None


def check(
    body: RequestIn, *, reference: Reference, units: Units, pickup_office_province: str | None, now: datetime
) -> Checked | list[FieldError]:
    """Return the request as the rules read it, or everything that is wrong with it.

    `pickup_office_province` is the province of the post office the citizen brings the papers to; None where no such
    office is known.
    """
    today = local_date(now)
    errors: list[FieldError] = []
    agency = reference.agency(body.agency, today)
    procedure = reference.procedure(body.procedure, today)
    if agency is None:
        errors.append(FieldError("/agency", "unknown_agency", "Không có cơ quan này.", "There is no such agency."))
    elif (body.pickup or body.delivery) and not agency.active_with_post:
        errors.append(
            FieldError(
                "/agency",
                "agency_without_post",
                "Cơ quan này chưa triển khai nhận, trả hồ sơ qua bưu chính.",
                "This agency has no postal service yet.",
            )
        )
    if procedure is None:
        errors.append(FieldError("/procedure", "unknown_procedure", "Không có thủ tục này.", "There is no such procedure."))
    if body.dossier_code is not None:
        errors += check_dossier_code(body.dossier_code)
    national_id, phone = _check_applicant(body.applicant, procedure, today, errors)
    agent_id = _check_agent(body.agent, procedure, errors)
    pickup_place = _check_pickup(body.pickup, units, pickup_office_province, errors)
    delivery_place = _place(body.delivery.address, "/delivery/address", units, errors) if body.delivery else None
    window = _check_window(body.pickup.window if body.pickup else None, reference.calendar, now, errors)
    if errors or agency is None or procedure is None:
        return errors
    pickup_province = pickup_place.province.code if pickup_place else pickup_office_province
    return Checked(
        agency=agency,
        procedure=procedure,
        national_id=national_id,
        phone=phone,
        agent_national_id=agent_id,
        pickup_place=pickup_place,
        pickup_zone=_zone(pickup_province, agency) if body.pickup else None,
        delivery_place=delivery_place,
        delivery_zone=_zone(delivery_place.province.code, agency) if delivery_place else None,
        window=window,
    )


def check_dossier_code(code: str) -> list[FieldError]:
    """Return what is wrong with a dossier code of the one-stop system."""
    if DOSSIER_CODE.match(code):
        return []
    return [
        FieldError(
            "/dossier_code",
            "malformed_dossier_code",
            "Mã hồ sơ phải có dạng 000.00.14.H56-200203-0118 hoặc H55.242-240115-0003.",
            "A dossier code looks like 000.00.14.H56-200203-0118 or H55.242-240115-0003.",
        )
    ]


def may_step(current: RequestStatus, to: RequestStatus) -> bool:
    """Tell whether a request in `current` may go to `to`."""
    return to in STEPS[current]


def promise_at_filing(
    calendar: WorkingCalendar, *, start: date, limit: int, pickup_zone: Zone | None, delivery_zone: Zone | None
) -> date:
    """Return the day promised for the whole journey: the way to the agency, the legal limit, and the way back.

    The legal clock only starts at the agency (Law 28/2009/QH12, Article 48); until then this is our best promise.
    """
    days = limit + _transit(pickup_zone) + _transit(delivery_zone)
    return calendar.add_working_days(start, days)


def legal_deadline(steps: Iterable[tuple[str, datetime]], calendar: WorkingCalendar, limit: int) -> date | None:
    """Return the last day the law gives the agency, counted in working days from the first acceptance.

    `steps` are (kind, time) in order. From a request for additions until the next acceptance the clock stands still.
    None before the first acceptance.
    """
    accepted: date | None = None
    paused_since: date | None = None
    paused_days = 0
    for kind, at in steps:
        day = local_date(at)
        if kind == _S.ACCEPTED:
            accepted = accepted or day
            if paused_since is not None:
                paused_days += calendar.working_days_between(paused_since, day)
                paused_since = None
        elif kind == _S.ADDITIONS_REQUESTED and accepted and paused_since is None:
            paused_since = day
    return calendar.add_working_days(accepted, limit + paused_days) if accepted else None


def promise_after_acceptance(calendar: WorkingCalendar, deadline: date, delivery_zone: Zone | None) -> date:
    """Return the promised day once the legal deadline is known: the way back comes on top."""
    return calendar.add_working_days(deadline, _transit(delivery_zone)) if delivery_zone else deadline


def _transit(zone: Zone | None) -> int:
    return TRANSIT_WORKING_DAYS[zone] if zone else 0


def _zone(province: str | None, agency: Agency) -> Zone:
    return "same_province" if province in (None, agency.province) else "other_province"


def _check_applicant(
    applicant: ApplicantIn, procedure: Procedure | None, today: date, errors: list[FieldError]
) -> tuple[str, str]:
    national_id = read_national_id(applicant.national_id)
    if national_id is None:
        errors.append(_bad_national_id("/applicant/national_id"))
    phone = read_phone(applicant.phone)
    if phone is None:
        errors.append(
            FieldError("/applicant/phone", "bad_phone", "Số điện thoại không hợp lệ.", "Not a valid telephone number.")
        )
    errors += _check_birth(applicant.birth_date, procedure, today)
    return national_id or "", phone or ""


def _check_birth(written: str, procedure: Procedure | None, today: date) -> list[FieldError]:
    year, month, day = (*(int(part) for part in written.split("-")), 1, 1)[:3]
    pointer = "/applicant/birth_date"
    try:
        # With only a year or month known, the earliest day counts: nobody is refused for what they can't say.
        earliest = date(year, month, day)
    except ValueError:
        return [FieldError(pointer, "no_such_day", "Ngày sinh không có trong lịch.", "There is no such day.")]
    if earliest > today:
        return [FieldError(pointer, "in_the_future", "Ngày sinh ở tương lai.", "The day is in the future.")]
    minimum = procedure.minimum_age if procedure else 0
    age = today.year - earliest.year - ((today.month, today.day) < (earliest.month, earliest.day))
    if age < minimum:
        return [
            FieldError(
                pointer,
                "too_young",
                f"Người yêu cầu phải đủ {minimum} tuổi.",
                f"The applicant must be at least {minimum} years old.",
            )
        ]
    return []


def _check_agent(agent: AgentIn | None, procedure: Procedure | None, errors: list[FieldError]) -> str | None:
    if agent is None:
        return None
    national_id = read_national_id(agent.national_id)
    if national_id is None:
        errors.append(_bad_national_id("/agent/national_id"))
    if procedure and not procedure.agent.allowed:
        errors.append(
            FieldError(
                "/agent",
                "agent_not_allowed",
                "Thủ tục này không được ủy quyền cho người khác.",
                "Nobody may act for the applicant in this procedure.",
            )
        )
    elif procedure and procedure.needs_authorisation(agent.relation) and not agent.authorisation:
        errors.append(
            FieldError(
                "/agent/authorisation",
                "authorisation_required",
                "Cần văn bản ủy quyền, trừ khi là cha, mẹ, vợ, chồng hoặc con.",
                "A written authorisation is needed unless the agent is father, mother, wife, husband or child.",
            )
        )
    return national_id


def _bad_national_id(pointer: str) -> FieldError:
    return FieldError(
        pointer,
        "bad_national_id",
        "Số giấy tờ phải có 9 số (CMND) hoặc 12 số (CCCD).",
        "An identity number has 9 digits (CMND) or 12 (CCCD).",
    )


def _check_pickup(
    pickup: PickupIn | None, units: Units, office_province: str | None, errors: list[FieldError]
) -> Place | None:
    if pickup is None:
        return None
    if (pickup.address is None) == (pickup.post_office is None):
        errors.append(
            FieldError(
                "/pickup",
                "address_or_post_office",
                "Cần đúng một trong hai: địa chỉ lấy hồ sơ, hoặc bưu cục nơi nộp.",
                "Give either an address or a post office.",
            )
        )
        return None
    if pickup.address is not None:
        return _place(pickup.address, "/pickup/address", units, errors)
    if office_province is None:
        errors.append(
            FieldError("/pickup/post_office", "unknown_post_office", "Không có bưu cục này.", "There is no such office.")
        )
    return None


def _check_window(
    window: WindowIn | None, calendar: WorkingCalendar, now: datetime, errors: list[FieldError]
) -> tuple[datetime, datetime] | None:
    if window is None:
        return None
    errors += check_window(window.start, window.end, calendar, now, "/pickup/window")
    return window.start, window.end


def _place(address: AddressIn, pointer: str, units: Units, errors: list[FieldError]) -> Place | None:
    try:
        return units.resolve(address.province, address.ward, address.district)
    except PlaceUnknown as error:
        names = ", ".join(candidate.name for candidate in error.candidates[:3])
        hint_vi = f" Có phải: {names}?" if names else ""
        hint_en = f" Perhaps: {names}?" if names else ""
        errors.append(
            FieldError(
                f"{pointer}/{error.field}",
                f"{error.reason}_{error.field}",
                f"Không xác định được đơn vị hành chính này.{hint_vi}",
                f"This administrative unit cannot be told.{hint_en}",
            )
        )
        return None
