"""Workers and staff from lists of the post and of an agency. Who is no longer listed is closed, never deleted."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from postal_service.accounts.models import PostalWorker, Staff
from postal_service.accounts.service import Worker
from postal_service.kit.clock import local_date
from postal_service.kit.ids import new_id
from postal_service.kit.importing import CellError, CellReader, ImportResult, Values, compare, refuse_repeats
from postal_service.kit.sheets import Column, Row
from postal_service.storage.transactions import transaction

WORKER_COLUMNS = (
    Column("employee_code", ("Mã nhân viên", "Mã bưu tá", "Mã NV")),
    Column("name", ("Họ và tên", "Họ tên", "Tên", "Full name")),
    Column("phone", ("Điện thoại", "Số điện thoại", "SĐT", "Telephone")),
    Column("post_office", ("Mã bưu cục", "Bưu cục", "Mã BC", "Office code")),
)
STAFF_COLUMNS = (
    Column("username", ("Tên đăng nhập", "Tài khoản", "User name")),
    Column("name", ("Họ và tên", "Họ tên", "Tên", "Full name")),
    Column("agency", ("Cơ quan", "Mã cơ quan")),
    Column("role", ("Vai trò", "Quyền", "Roles")),
)

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,59}")
_BETWEEN_ROLES = re.compile(r"[\s,;+/]+")


async def workers_of_offices(post_offices: Collection[str]) -> list[Worker]:
    """Return the workers who go out from these offices and have not left, by code."""
    rows = PostalWorker.filter(post_office__in=post_offices, active=True).order_by("employee_code")
    columns = ("id", "employee_code", "full_name", "phone", "post_office", "active")
    return [Worker(**row) for row in await rows.values(*columns)]


async def import_workers(
    rows: Sequence[Row], area_of_office: Mapping[str, str], *, dry_run: bool, now: datetime
) -> ImportResult:
    """Bring the workers of the areas (provinces) that `rows` cover up to date with them; all or nothing.

    `area_of_office` names the area of every post office there is. A worker of such an area who is not listed has left
    today; one who comes back begins anew. PINs are not touched.
    """
    errors: list[CellError] = []
    readers = [CellReader(row, errors) for row in rows]
    refuse_repeats(readers, "employee_code")
    wanted = {reader.row.cells["employee_code"]: _worker_values(reader, area_of_office) for reader in readers}
    if errors:
        return ImportResult.refused(errors)
    today = local_date(now)
    async with transaction():
        stored = {row["employee_code"]: row for row in await PostalWorker.all().values()}
        covered = {area_of_office[values["post_office"]] for values in wanted.values()}
        closable = [
            code for code, row in stored.items() if row["active"] and area_of_office.get(row["post_office"]) in covered
        ]
        plan = compare(wanted, stored, closable)
        if not dry_run:
            await PostalWorker.bulk_create(
                PostalWorker(id=new_id(), employee_code=code, valid_from=today, **values)
                for code, values in plan.added.items()
            )
            for code, values in plan.changed.items():
                back = {"valid_from": today} if "active" in values else {}
                await PostalWorker.filter(employee_code=code).update(**values, **back)
            await PostalWorker.filter(employee_code__in=plan.closed).update(active=False, valid_to=today)
    return plan.result(written=not dry_run)


async def import_staff(
    rows: Sequence[Row],
    *,
    agencies: Collection[str],
    roles: Collection[str],
    kept: Collection[str] = (),
    dry_run: bool,
    now: datetime,
) -> ImportResult:
    """Bring the staff of the agencies that `rows` cover up to date with them; all or nothing.

    `agencies` and `roles` are those there are. Somebody of such an agency who is not listed has left today, save who
    has one of the roles `kept`: a list must not lock out those who look after the program. Passwords are not touched.
    """
    errors: list[CellError] = []
    readers = [CellReader(row, errors) for row in rows]
    refuse_repeats(readers, "username")
    wanted = {reader.row.cells["username"]: _staff_values(reader, agencies, roles) for reader in readers}
    if errors:
        return ImportResult.refused(errors)
    async with transaction():
        stored = {row["username"]: row for row in await Staff.all().values()}
        covered = {values["agency"] for values in wanted.values()}
        closable = [
            username
            for username, row in stored.items()
            if row["active"] and row["agency"] in covered and not set(kept).intersection(row["roles"])
        ]
        plan = compare(wanted, stored, closable)
        if not dry_run:
            await Staff.bulk_create(
                Staff(id=new_id(), username=username, **values) for username, values in plan.added.items()
            )
            for username, values in plan.changed.items():
                await Staff.filter(username=username).update(**values)
            await Staff.filter(username__in=plan.closed).update(active=False, closed_on=local_date(now))
    return plan.result(written=not dry_run)


def _worker_values(reader: CellReader, area_of_office: Mapping[str, str]) -> Values:
    reader.text("employee_code", 32)
    office = reader.text("post_office", 20)
    if office and office not in area_of_office:
        reader.refuse("post_office", f"không có bưu cục {office}", f"there is no post office {office}")
    return {
        "full_name": reader.text("name", 120),
        "phone": reader.phone("phone"),
        "post_office": office,
        "active": True,
        "valid_to": None,
    }


def _staff_values(reader: CellReader, agencies: Collection[str], roles: Collection[str]) -> Values:
    if not _USERNAME.fullmatch(reader.row.cells["username"]):
        reader.refuse(
            "username",
            "chỉ gồm chữ thường không dấu, chữ số và . _ @ -",
            "must be of small letters, digits and . _ @ -",
        )
    agency = reader.text("agency", 40)
    if agency and agency not in agencies:
        reader.refuse("agency", f"không có cơ quan {agency}", f"there is no agency {agency}")
    given = {role for role in _BETWEEN_ROLES.split(reader.row.cells["role"].casefold()) if role}
    unknown = ", ".join(sorted(given.difference(roles)))
    if unknown or not given:
        known = ", ".join(sorted(roles))
        reader.refuse("role", f"phải là một trong: {known}", f"must be one of: {known}")
    return {
        "full_name": reader.text("name", 120),
        "agency": agency,
        "roles": sorted(given),
        "active": True,
        "closed_on": None,
    }
