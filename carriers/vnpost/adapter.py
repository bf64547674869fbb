"""VNPost as a `Carrier`."""

from carriers.errors import Refused
from carriers.http import CarrierHttp, Observe, observe_nothing
from carriers.ports import (
    Booking,
    BookingRequest,
    CancelAnswer,
    Capabilities,
    CarrierFact,
    HookItem,
    HookReply,
    HookRequest,
    HookVerdict,
)
from carriers.vnpost import mapping, parse, proof
from carriers.vnpost.client import VNPostClient
from carriers.vnpost.settings import VNPostSettings


class VNPost:
    """The MyVNPost partner API. Raises the errors of `carriers.errors` and nothing else."""

    name = mapping.NAME

    def __init__(self, settings: VNPostSettings, observe: Observe = observe_nothing) -> None:
        """Raise `ValueError` where the signature key is named but cannot be read."""
        self.capabilities = Capabilities(labels=frozenset({"pdf"}), max_concurrency=settings.max_concurrency)
        self._settings = settings
        self._proof = proof.proof_from(settings)
        self._client = VNPostClient(
            settings,
            CarrierHttp(
                self.name,
                settings.base_url,
                timeout_seconds=settings.timeout_seconds,
                max_concurrency=settings.max_concurrency,
                legacy_tls=settings.legacy_tls,
                observe=observe,
            ),
        )

    async def create(self, request: BookingRequest) -> Booking:
        """Book one shipment. VNPost takes the same reference twice: look it up before sending again."""
        body = mapping.create_order(request, self._settings)
        return mapping.booking(await self._client.create_order(body, request.reference), request.reference)

    async def find_by_reference(self, reference: str) -> Booking | None:
        """Return VNPost's order under our reference (`saleOrderCode`), or None when there is none."""
        order = await self._client.order_by_reference(reference)
        return mapping.booking(order, reference) if order else None

    async def track(self, item_number: str) -> list[CarrierFact]:
        """Return the item's status history as facts, oldest first, each once."""
        facts = (mapping.fact(row, item_number) for row in await self._client.status_history(item_number))
        return list({fact.source_id: fact for fact in facts}.values())

    async def cancel(self, carrier_order_id: str) -> CancelAnswer:
        """Ask VNPost to cancel; a no is an answer here, not an error."""
        try:
            return await self._client.cancel_order(carrier_order_id)
        except Refused as error:
            return CancelAnswer(accepted=False, message=str(error))

    async def cancel_state(self, carrier_order_id: str, case_id: str) -> CancelAnswer:
        """Ask what became of a cancel that waits for approval."""
        answer = await self._client.cancel_case(carrier_order_id, case_id)
        return CancelAnswer(
            accepted=answer.accepted, pending=answer.pending, case_id=answer.case_id or case_id, message=answer.message
        )

    async def label_pdf(self, item_number: str) -> bytes:
        """Return VNPost's label as PDF bytes."""
        return await self._client.label(item_number)

    def verify_hook(self, hook: HookRequest) -> HookVerdict:
        """Check the hook's signature; without a configured scheme and key none passes."""
        return proof.check(self._proof, hook.body)

    def parse_hook(self, body: bytes) -> list[HookItem]:
        """Return the items a hook speaks of. None carries a fact: VNPost can be asked."""
        return parse.hook(body).items

    def hook_reply(self, hook: HookRequest) -> HookReply:  # noqa: ARG002 - VNPost hears the same whatever it sent
        """Return the plain success VNPost expects."""
        return HookReply()

    async def probe(self) -> None:
        """Sign in."""
        await self._client.sign_in()

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()
