"""`run.py demo`: everything in one process on SQLite, over real HTTP, from empty each time."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession, web

from carriers.simulator.keys import KeyFiles, make_key_pair
from carriers.simulator.server import make_app
from config.settings import Settings
from postal_service.accounts.permissions import Scope
from postal_service.app import Program, open_program, running
from postal_service.demo.portal import Portal
from postal_service.operations.imports import Kind, import_file
from postal_service.operations.upkeep import migrate
from postal_service.web.server import until_told_to_stop

SAMPLES = Path(__file__).parents[2] / "config" / "samples"
STEP_SECONDS = 1.5
HOST = "127.0.0.1"


async def show(folder: Path, port: int) -> None:
    """Run the demo until told to stop. What an earlier run left in `folder` is thrown away."""
    keys = await asyncio.to_thread(_fresh_keys, folder)
    public_url = f"http://{HOST}:{port}"
    async with AsyncExitStack() as stack:
        carrier_url = await stack.enter_async_context(_carrier(keys, f"{public_url}/hooks/carriers/vnpost"))
        settings = _settings(folder, public_url, port, carrier_url, keys)
        await migrate(settings)
        program = await stack.enter_async_context(open_program(settings))
        await _import_samples(program)
        key = await program.accounts.create_api_client("Cổng dịch vụ công (demo)", [Scope.ADMIN])
        await stack.enter_async_context(running(program, "all", host=HOST, port=port))
        _print_welcome(public_url, key.key)
        headers = {"Authorization": f"Bearer {key.key}"}
        session = await stack.enter_async_context(ClientSession(public_url, headers=headers))
        portal = asyncio.create_task(Portal(session, _say).run(), name="demo portal")
        stopped = asyncio.create_task(until_told_to_stop(), name="told to stop")
        await asyncio.wait({portal, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (portal, stopped):
            task.cancel()
        outcome = await asyncio.gather(portal, stopped, return_exceptions=True)
        if isinstance(outcome[0], Exception):
            raise outcome[0]


def _fresh_keys(folder: Path) -> KeyFiles:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return make_key_pair(folder)


@asynccontextmanager
async def _carrier(keys: KeyFiles, hook_url: str) -> AsyncIterator[str]:
    app = make_app("vnpost", hook_url=hook_url, key_file=keys.public, step_seconds=STEP_SECONDS)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    try:
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _settings(folder: Path, public_url: str, port: int, carrier_url: str, keys: KeyFiles) -> Settings:
    return Settings.model_validate(
        {
            "environment": "demo",
            "database_url": f"sqlite:///{folder / 'postal.sqlite3'}",
            "public_url": public_url,
            "secret_key": secrets.token_urlsafe(32),
            "http": {"host": HOST, "port": port},
            "carriers": {
                "poll_seconds": 5,
                "vnpost": {
                    "enabled": True,
                    "base_url": carrier_url,
                    "username": "demo",
                    "password": "demo",
                    "customer_code": "T000000001",
                    "signature_scheme": "rsa_decrypt",
                    "signature_key_file": keys.private,
                },
            },
            "twilio": {},
            "smtp": {},
            # A demo that is quiet at night would look broken.
            "messaging": {"quiet_hours": ""},
        }
    )


async def _import_samples(program: Program) -> None:
    for kind in (Kind.OFFICES, Kind.WORKERS, Kind.ROUNDS, Kind.STAFF):
        await import_file(program, kind, (SAMPLES / f"{kind}.csv").read_bytes(), dry_run=False)


def _print_welcome(public_url: str, key: str) -> None:
    _say("Bưu chính hành chính công - bản chạy thử / demo")
    _say("Trang đầu, nhận mã tra cứu / first page, takes a code:")
    _say(f"{public_url}/")
    _say("Tin nhắn và thư đã giữ lại / captured SMS and e-mail:")
    _say(f"{public_url}/demo/inbox")
    _say("Tài liệu API / API documents:")
    _say(f"{public_url}/api/docs")
    _say(f"Khóa API / API key (all scopes): {key}")
    _say("Hồ sơ vừa nộp, sẽ tự chuyển động / requests just filed, they move by themselves:")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the demo's own screen
