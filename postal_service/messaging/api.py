"""Where providers tell what became of a message, and the demo's inbox."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from pydantic import SecretStr

from notifications.twilio_callbacks import SIGNATURE_HEADER, is_authentic, read_receipt
from postal_service.kit.clock import Clock
from postal_service.kit.problems import Problem, not_found
from postal_service.messaging.inbox import KeptMessages
from postal_service.messaging.sending import RECEIPT
from postal_service.outbox import service as outbox
from postal_service.storage.transactions import transaction
from postal_service.web.endpoints import HTML, Answer, Call, Endpoint
from postal_service.web.keys import PAGES

TWILIO_STATUS = "/hooks/twilio/status"


def endpoints(*, twilio_token: SecretStr, public_url: str, clock: Clock) -> list[Endpoint]:
    """Return the doors providers knock at."""

    async def twilio_status(request: web.Request) -> web.Response:
        fields: Mapping[str, str] = {k: v for k, v in (await request.post()).items() if isinstance(v, str)}
        # Twilio signs the address it called, which is the public one whatever proxy stands before us.
        url = public_url + request.path_qs
        if not is_authentic(twilio_token, url, fields, request.headers.get(SIGNATURE_HEADER)):
            raise Problem(401, "unproven", vi="Không xác thực được.", en="The message proves nothing.")
        receipt = read_receipt(fields)
        if receipt is not None:
            now = clock()
            said = {
                "provider_id": receipt.provider_id,
                "rank": receipt.rank,
                "delivered": receipt.delivered,
                "failed": receipt.failed,
                "code": receipt.error_code,
            }
            async with transaction():
                await outbox.add(outbox.Work(topic=RECEIPT, payload=said), now=now)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    return [Endpoint("POST", TWILIO_STATUS, twilio_status, "What became of an SMS", "Providers", raw=True, quiet=True)]


def demo_endpoints(kept: KeptMessages) -> list[Endpoint]:
    """Return the inbox of messages that were kept instead of sent. Registered in demo and development only."""

    async def inbox(call: Call) -> Answer:
        page = call.request.app[PAGES].render(call.language, "messaging/inbox.html", messages=await kept.newest())
        return Answer(body=page.encode(), media_type=HTML)

    async def one(call: Call) -> Answer:
        message = await kept.one(call.path["id"])
        if message is None:
            raise not_found()
        page = call.request.app[PAGES].render(call.language, "messaging/message.html", message=message)
        return Answer(body=page.encode(), media_type=HTML)

    return [
        Endpoint("GET", "/demo/inbox", inbox, "Messages that were kept instead of sent", "Demo", media_type=HTML),
        Endpoint("GET", "/demo/inbox/{id}", one, "One kept message", "Demo", media_type=HTML),
    ]
