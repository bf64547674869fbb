"""The calls to VNPost: the only place of this adapter that touches the network."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from carriers.errors import CredentialsBad
from carriers.http import Answer, CarrierHttp
from carriers.ports import CancelAnswer
from carriers.vnpost import parse
from carriers.vnpost.parse import HistoryRow, Order
from carriers.vnpost.settings import VNPostSettings

T = TypeVar("T")

_BY_ITEM_CODE, _BY_OUR_REFERENCE = "1", "2"


class VNPostClient:
    """VNPost's partner calls, signed in as one customer.

    The token's life is not documented, so it is used until VNPost refuses it; then it is fetched anew once and the call made
    once more, which is safe for any call: a refused one did nothing.
    """

    def __init__(self, settings: VNPostSettings, http: CarrierHttp) -> None:
        self._settings = settings
        self._http = http
        self._token: str | None = None
        self._signing_in = asyncio.Lock()

    async def sign_in(self) -> None:
        """Fetch a new token whether or not there is one."""
        await self._fresh_token(stale=self._token)

    async def create_order(self, body: Mapping[str, Any], reference: str) -> Order:
        """Create one order."""
        return await self._call(
            "CreateOrder",
            "POST",
            "/CreateOrder",
            safe=False,
            json=body,
            read=lambda answer: parse.created_order(answer, reference),
        )

    async def order_by_reference(self, reference: str) -> Order | None:
        """Look for an order by our own reference."""
        return await self._call(
            "getOrder",
            "GET",
            "/getOrder",
            safe=True,
            params={"type": _BY_OUR_REFERENCE, "code": reference},
            read=lambda answer: parse.found_order(answer, reference),
        )

    async def status_history(self, item_code: str) -> list[HistoryRow]:
        """Read everything that happened to one item."""
        return await self._call(
            "GetStatusHistoryOrder",
            "GET",
            "/GetStatusHistoryOrder",
            safe=True,
            params={"type": _BY_ITEM_CODE, "code": item_code},
            read=lambda answer: parse.history(answer, item_code),
        )

    async def cancel_order(self, original_id: str) -> CancelAnswer:
        """Ask for an order to be cancelled."""
        return await self._call(
            "orderCancel",
            "POST",
            "/orderCancel",
            safe=False,
            json={"OriginalId": original_id},
            read=parse.cancel_answer,
        )

    async def cancel_case(self, original_id: str, case_id: str) -> CancelAnswer:
        """Ask what became of a cancel request. It only reads, though VNPost calls it updateCase; its GET has a body."""
        return await self._call(
            "updateCase",
            "GET",
            "/orderCorrection/updateCase",
            safe=True,
            json=[{"OriginalId": original_id, "CaseId": case_id}],
            read=parse.cancel_answer,
        )

    async def label(self, item_code: str) -> bytes:
        """Fetch the label. It only reads, though it is a POST."""
        return await self._call(
            "exportListReport", "POST", "/exportListReport", safe=True, json=[item_code], read=parse.label_pdf
        )

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()

    async def _call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        safe: bool,
        read: Callable[[Answer], T],
        params: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> T:
        async def once(token: str) -> T:
            return await self._http.call(
                name,
                method,
                self._settings.path_prefix + path,
                safe=safe,
                read=read,
                params=params,
                json=json,
                headers={"token": token},
            )

        token = self._token or await self._fresh_token(stale=None)
        try:
            return await once(token)
        except CredentialsBad:
            return await once(await self._fresh_token(stale=token))

    async def _fresh_token(self, stale: str | None) -> str:
        """Return a token other than `stale`; of many callers with the same stale one, one signs in and all share it."""
        async with self._signing_in:
            if self._token is None or self._token == stale:
                self._token = None
                self._token = await self._http.call(
                    "GetAccessToken",
                    "POST",
                    self._settings.path_prefix + "/GetAccessToken",
                    safe=True,
                    json={
                        "username": self._settings.username,
                        "password": self._settings.password.get_secret_value(),
                        "customerCode": self._settings.customer_code,
                    },
                    read=parse.token,
                )
            return self._token
