"""API clients, staff and postal workers: making them, knowing them, closing them."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from postal_service.accounts.models import ApiClient, PostalWorker, Staff
from postal_service.accounts.permissions import Caller, Scope
from postal_service.kit.clock import Clock, local_date
from postal_service.kit.ids import new_id
from postal_service.kit.phone import read_phone
from postal_service.kit.problems import FieldError, Problem, invalid, not_found
from postal_service.kit.text import squeeze
from postal_service.storage.transactions import transaction

_KEY_BYTES = 32
_CLIENT_ID_LENGTH = 26
_KNOWN_FOR = timedelta(seconds=30)
"""How long a good key is taken without asking the database; so a revoked one may work that much longer."""
_MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class NewApiClient:
    """A client just made. The key is in no other place and is not shown again."""

    client_id: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Worker:
    """A postal worker as other rooms see one."""

    id: str
    employee_code: str
    full_name: str
    phone: str
    """E.164."""
    post_office: str
    active: bool


@dataclass(frozen=True, slots=True)
class Accounts:
    """The room's use cases. One in a process: it remembers good keys for a moment."""

    clock: Clock
    _known: dict[bytes, tuple[Caller, datetime]] = field(default_factory=dict, repr=False)

    async def create_api_client(self, name: str, scopes: Collection[Scope], agency: str | None = None) -> NewApiClient:
        """Make a client with a new 256-bit key, of which only the SHA-256 is stored."""
        if not scopes:
            raise Problem(422, "scope_required", vi="Cần ít nhất một quyền (scope).", en="At least one scope is needed.")
        client_id = new_id()
        secret = secrets.token_urlsafe(_KEY_BYTES)
        await ApiClient.create(
            id=client_id,
            name=squeeze(name),
            key_hash=_digest(secret).hex(),
            scopes=sorted(str(scope) for scope in scopes),
            agency=agency,
            created_at=self.clock(),
        )
        return NewApiClient(client_id, f"{client_id}.{secret}")

    async def revoke_api_client(self, client_id: str) -> None:
        """Make the client's key worthless: here at once, in other processes within half a minute."""
        revoked = await ApiClient.filter(id=client_id, revoked_at=None).update(revoked_at=self.clock())
        if not revoked:
            raise not_found("Không có khoá nào đang dùng với mã này.", "There is no such client with a live key.")
        for digest, (caller, _) in list(self._known.items()):
            if caller.client_id == client_id:
                del self._known[digest]

    async def authenticate(self, bearer: str) -> Caller | None:
        """Return whose key this is; None for a wrong or revoked one."""
        if not bearer.isascii():
            return None
        now = self.clock()
        digest = _digest(bearer)
        known = self._known.get(digest)
        if known and now < known[1]:
            return known[0]
        self._known.pop(digest, None)
        caller = await _look_up(bearer)
        if caller:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[digest] = (caller, now + _KNOWN_FOR)
        return caller

    async def upsert_worker(self, employee_code: str, full_name: str, phone: str, post_office: str) -> str:
        """Take a worker in, or bring what is known up to date; a closed one is at work again. Returns the id."""
        number = read_phone(phone)
        if number is None:
            raise invalid(
                FieldError("/phone", "bad_phone", "Số điện thoại chưa đúng.", "The phone number is not a valid one.")
            )
        today = local_date(self.clock())
        values = {"full_name": squeeze(full_name), "phone": number, "post_office": post_office}
        async with transaction():
            worker = await PostalWorker.get_or_none(employee_code=employee_code)
            if worker is None:
                worker = PostalWorker(id=new_id(), employee_code=employee_code, valid_from=today, **values)
            elif not worker.active:
                worker.valid_from = today
            worker.update_from_dict({**values, "active": True, "valid_to": None})
            await worker.save()
        return worker.id

    async def worker_by_code(self, employee_code: str) -> Worker | None:
        """Return the worker with this code, also one who left."""
        worker = await PostalWorker.get_or_none(employee_code=employee_code)
        return _worker(worker) if worker else None

    async def close_worker(self, employee_code: str, last_day: date) -> None:
        """Note that a worker leaves after `last_day`; what they did stays theirs."""
        closed = await PostalWorker.filter(employee_code=employee_code, active=True).update(active=False, valid_to=last_day)
        if not closed:
            raise not_found("Không có bưu tá đang làm việc với mã này.", "There is no such worker at work.")

    async def upsert_staff(self, username: str, full_name: str, agency: str, roles: Collection[str]) -> str:
        """Take a member of staff in, or bring what is known up to date; a closed one is back. Returns the id."""
        async with transaction():
            member = await Staff.get_or_none(username=username) or Staff(id=new_id(), username=username)
            member.update_from_dict(
                {
                    "full_name": squeeze(full_name),
                    "agency": agency,
                    "roles": sorted(roles),
                    "active": True,
                    "closed_on": None,
                }
            )
            await member.save()
        return member.id

    async def close_staff(self, username: str, on: date) -> None:
        """Note that a member of staff left; what they did stays theirs."""
        closed = await Staff.filter(username=username, active=True).update(active=False, closed_on=on)
        if not closed:
            raise not_found("Không có cán bộ đang làm việc với tên này.", "There is no such member of staff at work.")


def _digest(secret: str) -> bytes:
    # A fast hash is right here: the key is 256 random bits, which nobody can try out.
    return hashlib.sha256(secret.encode()).digest()


async def _look_up(bearer: str) -> Caller | None:
    client_id, _, secret = bearer.partition(".")
    if len(client_id) != _CLIENT_ID_LENGTH:
        return None
    client = await ApiClient.get_or_none(id=client_id, revoked_at=None)
    if client is None or not hmac.compare_digest(_digest(secret), bytes.fromhex(client.key_hash)):
        return None
    return Caller(client.id, frozenset(client.scopes), client.agency)


def _worker(row: PostalWorker) -> Worker:
    return Worker(row.id, row.employee_code, row.full_name, row.phone, row.post_office, row.active)
