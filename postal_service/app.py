"""The composition root: the only place that reads settings, picks real adapters and ties the rooms together."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry

from carriers.ports import Carrier
from carriers.registry import build_enabled
from config.reference import load_reference
from config.settings import Environment, Settings
from notifications.registry import Senders, build_senders
from notifications.settings import TwilioSettings
from postal_service.accounts.people import workers_of_offices
from postal_service.accounts.service import Accounts
from postal_service.fees import api as fees_api
from postal_service.intake import api as intake_api
from postal_service.intake import journal
from postal_service.intake.filing import Filing
from postal_service.intake.service import Intake
from postal_service.intake.stories import Stories
from postal_service.kit.clock import Clock, local_date, system_clock
from postal_service.kit.reference import Reference
from postal_service.kit.units import Units
from postal_service.messaging import api as messaging_api
from postal_service.messaging.inbox import KeptMessages
from postal_service.messaging.policy import Policy
from postal_service.messaging.sending import RECEIPT, SEND, Sending
from postal_service.messaging.service import Messaging
from postal_service.observing import Observations
from postal_service.outbox import queries as outbox_queries
from postal_service.outbox.dispatcher import Dispatcher, Handler, Job
from postal_service.outbox.periodic import Periodic, keep_doing
from postal_service.shipments import api as shipments_api
from postal_service.shipments import booking, inbox, recording, territory
from postal_service.shipments import service as shipments
from postal_service.shipments.assignment import Assignment
from postal_service.shipments.booking import BookingDesk
from postal_service.shipments.cancelling import CANCEL, CancelDesk
from postal_service.shipments.geocoding import Locator, make_locator
from postal_service.shipments.inbox import Inbox
from postal_service.shipments.jobs import NamingJob
from postal_service.shipments.pulling import Puller
from postal_service.storage import schema, sql
from postal_service.storage.database import Database, open_database, read_url
from postal_service.storage.listening import hearing_others
from postal_service.storage.transactions import listen
from postal_service.tables import MODELS
from postal_service.tracking import api as tracking_api
from postal_service.tracking import pages as tracking_pages
from postal_service.tracking.access import Access
from postal_service.tracking.live import Hub
from postal_service.tracking.readers import reader_for
from postal_service.tracking.second_factor import Passes
from postal_service.tracking.service import Tracking
from postal_service.web import idempotency
from postal_service.web.endpoints import Endpoint
from postal_service.web.keys import STOPPING
from postal_service.web.metrics import Metrics
from postal_service.web.server import build_app, serving, serving_metrics

STATIC = Path(__file__).parent
SHUTDOWN_SECONDS = 20.0
DONE_WORK_KEPT = timedelta(days=7)


class SchemaOutOfDateError(Exception):
    """The database lacks schema steps that this release needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Every room of an opened program, tied together."""

    settings: Settings
    clock: Clock
    database: Database
    reference: Reference
    units: Units
    carriers: Mapping[str, Carrier]
    senders: Senders
    accounts: Accounts
    desk: shipments.Desk
    inbox: Inbox
    filing: Filing
    intake: Intake
    tracking: Tracking
    hub: Hub
    access: Access
    kept: KeptMessages
    dispatcher: Dispatcher
    puller: Puller
    observations: Observations

    def endpoints(self) -> list[Endpoint]:
        """Return everything the program serves, room by room."""
        found = [
            *intake_api.endpoints(self.filing, self.intake, self.settings.public_url),
            *shipments_api.endpoints(self.desk, self.inbox),
            *fees_api.endpoints(self.reference),
            *messaging_api.endpoints(
                twilio_token=self.settings.twilio.auth_token, public_url=self.settings.public_url, clock=self.clock
            ),
            *tracking_api.endpoints(self.tracking, self.access, self.hub),
            *tracking_pages.endpoints(self.tracking, self.access),
        ]
        if self.settings.environment is not Environment.PRODUCTION:
            found += messaging_api.demo_endpoints(self.kept)
        return found

    def web_app(self) -> web.Application:
        """Return the web side of the program."""

        async def database_answers() -> None:
            await sql.fetch("SELECT 1 AS one")

        async def schema_is_current() -> None:
            await self.require_schema()

        app = build_app(
            endpoints=self.endpoints(),
            authenticate=self.accounts.authenticate,
            clock=self.clock,
            checks={"database": database_answers, "migrations": schema_is_current},
            templates={"tracking": "postal_service.tracking", "messaging": "postal_service.messaging"},
            static={"tracking": STATIC / "tracking" / "static"},
            max_body_bytes=self.settings.http.max_body_bytes,
            trusted_proxies=self.settings.http.trusted_proxies,
            registry=self.observations.registry,
        )
        app.cleanup_ctx.append(self._live_updates)
        return app

    async def require_schema(self) -> None:
        """Raise `SchemaOutOfDateError` unless every schema step is applied."""
        missing = await schema.pending(self.database.target, MODELS)
        if missing:
            raise SchemaOutOfDateError(f"the database lacks {', '.join(missing)}: run `run.py migrate` first")

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Do the jobs while the block runs; at the end finish what is in hand, and leave the rest to others."""
        tasks = [
            asyncio.create_task(self.dispatcher.run(), name="outbox"),
            asyncio.create_task(self.puller.run(), name="pulling"),
        ]
        rounds = asyncio.create_task(keep_doing(self._rounds()), name="periodic work")
        try:
            yield
        finally:
            rounds.cancel()
            self.dispatcher.stop()
            self.puller.stop()
            _, unfinished = await asyncio.wait(tasks, timeout=SHUTDOWN_SECONDS)
            for task in unfinished:
                # Its leases run out, and another process takes over.
                task.cancel()
            await asyncio.gather(rounds, *tasks, return_exceptions=True)

    async def _live_updates(self, app: web.Application) -> AsyncIterator[None]:
        stop_listening = listen(self.tracking.heard)
        async with self.hub.running(app[STOPPING]):
            yield
        stop_listening()

    def _rounds(self) -> list[Periodic]:
        async def forget_done_work() -> None:
            await outbox_queries.purge_done(self.clock() - DONE_WORK_KEPT)

        async def forget_idempotency_keys() -> None:
            await idempotency.purge(self.clock() - idempotency.KEPT_FOR)

        return [
            Periodic("late requests", 300, self.intake.tell_late),
            Periodic("backlog", 15, self.observations.count_backlog),
            Periodic("forget done work", 3600, forget_done_work),
            Periodic("forget idempotency keys", 3600, forget_idempotency_keys),
        ]


@asynccontextmanager
async def open_program(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[Program]:
    """Open the database and every adapter, and tie the rooms together; close all of it after the block."""
    async with AsyncExitStack() as stack:
        reference = load_reference(settings.reference_folder)
        units = Units.load()
        target = read_url(settings.database_url.get_secret_value(), pool=settings.database_pool)
        database = await open_database(target, MODELS)
        stack.push_async_callback(database.close)
        observations = Observations(CollectorRegistry())
        carriers = build_enabled(settings.carriers, observations.carrier_called)
        for carrier in carriers.values():
            stack.push_async_callback(carrier.close)
        kept = KeptMessages(clock)
        senders = build_senders(
            settings.twilio if "twilio" in settings.messaging.sms_providers else TwilioSettings(),
            settings.smtp,
            kept.keep,
            status_callback_url=settings.public_url + messaging_api.TWILIO_STATUS,
            clock=clock,
        )
        stack.push_async_callback(senders.close)
        locator = make_locator(
            units,
            nominatim_domain=settings.geocoder.nominatim_domain,
            nominatim_scheme=settings.geocoder.nominatim_scheme,
            timeout_seconds=settings.geocoder.timeout_seconds,
        )
        stack.push_async_callback(locator.close)
        reader = reader_for(target)
        stack.callback(reader.close)

        accounts = Accounts(clock)
        desk = shipments.Desk(carriers, accounts.worker_by_code, reference.calendar, clock)
        carrier_inbox = Inbox(carriers, clock)
        observations.count_verdicts_of(carrier_inbox)
        requests = Intake(reference, clock, desk)
        stories = Stories(reference, clock)
        policy = _policy(settings)
        tracking = Tracking(reader, stories, shipments.of_request)
        assignment = _assignment(reference, units, locator, accounts)
        bookings = BookingDesk(carriers, lambda agency: reference.carriers_for(agency, local_date(clock())), clock)
        handlers = _handlers(
            bookings=bookings,
            cancels=CancelDesk(carriers, clock),
            carrier_inbox=carrier_inbox,
            naming=NamingJob(assignment, clock),
            requests=requests,
            teller=Messaging(stories.story, policy, clock),
            sending=Sending(senders.real, senders.captured, policy, clock),
            tracking=tracking,
        )
        yield Program(
            settings=settings,
            clock=clock,
            database=database,
            reference=reference,
            units=units,
            carriers=carriers,
            senders=senders,
            accounts=accounts,
            desk=desk,
            inbox=carrier_inbox,
            filing=Filing(reference, units, clock, territory.open_office),
            intake=requests,
            tracking=tracking,
            hub=Hub(reader.commits),
            access=Access(
                stories, Passes(_key(settings, "tracking pass"), clock), clock, settings.public_url.startswith("https:")
            ),
            kept=kept,
            dispatcher=Dispatcher(handlers, clock),
            puller=Puller(carriers, clock, timedelta(seconds=settings.carriers.poll_seconds)),
            observations=observations,
        )


@asynccontextmanager
async def running(
    program: Program, role: str, *, host: str, port: int, reuse_port: bool = False
) -> AsyncIterator[int | None]:
    """Serve and work as `role` (`all`, `web` or `jobs`) says while the block runs; gives the port, where one is open."""
    await program.require_schema()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(hearing_others(program.database.target))
        if role in ("all", "jobs"):
            await stack.enter_async_context(program.working())
        inside = program.settings.http.metrics_port
        if role == "jobs" and inside is not None:
            await stack.enter_async_context(serving_metrics(Metrics(program.observations.registry), host, inside))
        opened = None
        if role in ("all", "web"):
            opened = await stack.enter_async_context(
                serving(
                    program.web_app(),
                    host,
                    port,
                    reuse_port=reuse_port,
                    metrics_port=inside,
                )
            )
        yield opened


def _handlers(
    *,
    bookings: BookingDesk,
    cancels: CancelDesk,
    carrier_inbox: Inbox,
    naming: NamingJob,
    requests: Intake,
    teller: Messaging,
    sending: Sending,
    tracking: Tracking,
) -> Mapping[str, Handler]:
    """Return who does which work. What happens in a room below and concerns one above is tied here."""

    async def shipment_changed(job: Job) -> None:
        view, journey = await shipments.journey(str(job.payload["shipment_id"]))
        await requests.shipment_changed(view)
        await teller.shipment_changed(view, journey)
        await tracking.refresh(view.request_id)

    async def request_changed(job: Job) -> None:
        request_id = str(job.payload["request_id"])
        await teller.request_changed(request_id, str(job.payload["event_id"]))
        await tracking.refresh(request_id)

    return {
        booking.BOOK: bookings.book,
        CANCEL: cancels.cancel,
        booking.ASSIGN: naming,
        inbox.MESSAGE: carrier_inbox.handle,
        recording.CHANGED: shipment_changed,
        journal.CHANGED: request_changed,
        SEND: sending.send,
        RECEIPT: sending.note_receipt,
    }


def _assignment(reference: Reference, units: Units, locator: Locator, accounts: Accounts) -> Assignment:
    return Assignment(
        units=units,
        locate=locator.locate,
        worker_by_code=accounts.worker_by_code,
        workers_of_offices=workers_of_offices,
        is_working_day=reference.calendar.is_working_day,
        is_holiday=reference.calendar.is_holiday,
    )


def _policy(settings: Settings) -> Policy:
    return Policy(
        quiet_hours=settings.messaging.quiet_hours,
        guest_list=settings.messaging.guest_list,
        everyone=settings.environment is Environment.PRODUCTION,
        accented_sms=settings.messaging.accented_sms,
        public_url=settings.public_url,
    )


def _key(settings: Settings, purpose: str) -> bytes:
    """Return a key of its own for each purpose, so that what one signs is worth nothing to another."""
    return hmac.digest(settings.secret_key.get_secret_value().encode(), purpose.encode(), hashlib.sha256)
