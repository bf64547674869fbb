"""What is wrong with this installation, before a citizen finds out. Nothing is changed and nothing is sent."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date

from carriers.ports import Carrier
from config.settings import DEFAULT_SECRET, Environment, Settings
from notifications.ports import Sender
from notifications.registry import Senders
from postal_service.kit.clock import Clock, local_date
from postal_service.kit.reference import Reference
from postal_service.kit.working_days import WorkingCalendar
from postal_service.operations import database_checks
from postal_service.operations.findings import Finding, error, fine, warning
from postal_service.storage.database import Database

PROBE_SECONDS = 10.0
_NAMED = 5


async def examine_ground(settings: Settings) -> list[Finding]:
    """Look at what the program needs before it can be opened at all: its settings, and a database that answers."""
    return [*_settings(settings), *await database_checks.reachable(settings.database_url.get_secret_value())]


async def examine(
    *,
    settings: Settings,
    database: Database,
    carriers: Mapping[str, Carrier],
    senders: Senders,
    reference: Reference,
    clock: Clock,
) -> list[Finding]:
    """Look at an opened program, the outside services among it: each gets `PROBE_SECONDS` to answer."""
    today = local_date(clock())
    outside = await asyncio.gather(
        *(_probe(f"carrier {name}", carrier.probe) for name, carrier in carriers.items()),
        *(_sender(channel.value, sender) for channel, sender in senders.real.items()),
    )
    return [
        *_settings(settings),
        *await database_checks.inside(database, clock),
        *_carriers(settings, carriers),
        *outside,
        *_agencies(reference, carriers, today),
        _calendar(reference.calendar, today),
    ]


def _settings(settings: Settings) -> list[Finding]:
    production = settings.environment is Environment.PRODUCTION
    found = []
    if settings.secret_key.get_secret_value() == DEFAULT_SECRET:
        told = error if production else warning
        found.append(told("settings", "POSTAL_SECRET_KEY is the default: anybody can forge what it signs"))
    if production and settings.public_url.startswith("http://"):
        found.append(error("settings", "POSTAL_PUBLIC_URL is http: tracking codes would travel in the clear"))
    if not settings.messaging.quiet_hours:
        found.append(warning("settings", "no quiet hours: messages leave at night too"))
    if not production and not settings.messaging.guest_list:
        found.append(warning("settings", "outside production and nobody is on the guest list: every message is captured"))
    return found or [fine("settings", f"set for {settings.environment.value}")]


def _carriers(settings: Settings, carriers: Mapping[str, Carrier]) -> list[Finding]:
    if carriers:
        return []
    told = error if settings.environment is Environment.PRODUCTION else warning
    return [told("carriers", "none is enabled: no shipment can be booked")]


def _agencies(reference: Reference, carriers: Mapping[str, Carrier], today: date) -> list[Finding]:
    active = [agency for agency in reference.agencies(today) if agency.active_with_post]
    stranded = [agency.agency for agency in active if not carriers.keys() & set(agency.carriers)]
    if stranded:
        return [warning("agencies", f"none of their carriers is enabled: {_listed(stranded)}")]
    return [fine("agencies", f"{len(active)} with the post, each with an enabled carrier")]


def _calendar(calendar: WorkingCalendar, today: date) -> Finding:
    unknown = [str(year) for year in (today.year, today.year + 1) if year not in calendar.years]
    if unknown:
        return warning("calendar", f"holidays of {' and '.join(unknown)} are unknown: promises may be days early")
    return fine("calendar", f"holidays are known to the end of {today.year + 1}")


async def _sender(channel: str, sender: Sender) -> Finding:
    if sender.provider == "capture":
        return fine(channel, "no provider is set: messages are captured, none leaves")
    return await _probe(channel, sender.probe)


async def _probe(area: str, probe: Callable[[], Awaitable[None]]) -> Finding:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await probe()
    except TimeoutError:
        return error(area, "no answer in time")
    except Exception as trouble:  # noqa: BLE001 - whatever it is, it is what we were asked to find
        # The type and the code only: what the other side says in words may repeat an account or a person.
        code = getattr(trouble, "code", None)
        return error(area, f"cannot be signed in to: {type(trouble).__name__}{f' ({code})' if code else ''}")
    return fine(area, "answers and knows us")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
