"""VNPost's calls and hooks (MyVNPost partner API), answered from its documents and in the variants met."""

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from carriers.simulator import vnpost_wire as wire
from carriers.simulator.chance import digest, draw
from carriers.simulator.engine import CancelCase, Engine, Happening, Order
from carriers.simulator.journeys import Step
from carriers.simulator.keys import Sign
from carriers.simulator.label import label_pdf
from postal_service.kit.clock import LOCAL, Clock

_MOST_LABELS = 100
_PREFIXES = ("", "/customer-partner")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class VNPostFace:
    """VNPost's calls and hooks over the engine."""

    carrier = "vnpost"
    create_call = "CreateOrder"

    def __init__(
        self, engine: Engine, *, clock: Clock, sign: Sign | None = None, credentials: tuple[str, str] | None = None
    ) -> None:
        """Take any user name and password that are not empty, unless `credentials` names the only right pair."""
        self._engine = engine
        self._clock = clock
        self._sign = sign
        self._credentials = credentials
        self._tokens: dict[str, int | None] = {}
        self._sign_ins = 0
        self._answers = 0

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the calls, under both prefixes in use."""
        calls: list[tuple[str, str, Handler]] = [
            ("POST", "/GetAccessToken", self._get_access_token),
            ("POST", "/CreateOrder", self._signed_in(self._create_order)),
            ("GET", "/getOrder", self._signed_in(self._get_order)),
            ("GET", "/GetStatusHistoryOrder", self._signed_in(self._history)),
            ("POST", "/orderCancel", self._signed_in(self._cancel)),
            ("GET", "/orderCorrection/updateCase", self._signed_in(self._update_case)),
            ("POST", "/exportListReport", self._signed_in(self._labels)),
        ]
        return [web.route(method, prefix + path, handler) for prefix in _PREFIXES for method, path, handler in calls]

    def error(self, status: int, words: str) -> web.Response:
        """Return one of the four error envelopes that were met."""
        envelopes: list[dict[str, Any]] = [
            {
                "status": status,
                "timestamp": self._clock().isoformat(),
                "error": "Error",
                "message": words,
                "description": words,
            },
            {"errorMessage": words},
            {"message": words},
            {"Message": words},
        ]
        self._answers += 1
        return _answer(envelopes[self._answers % len(envelopes)], status=status)

    def code(self, step: Step) -> str:
        """Return VNPost's status number for a step."""
        return str(wire.CODES[step][0])

    def hook(self, order: Order, happening: Happening) -> bytes:
        """Return the hook about a step; unsigned where there is no key."""
        status = wire.CODES[happening.step][0]
        sent = wire.moment(self._clock())
        signed = f"MYVNP{sent}{order.item_number}{status}".encode()
        return wire.hook_body(order, status, sent, self._sign(signed) if self._sign else b"")

    def forged_hook(self, order: Order) -> bytes:
        """Return a hook that says `delivered`, with a signature made of noise."""
        noise = digest(self._engine.seed, "noise", order.item_number) * 16
        return wire.hook_body(order, wire.CODES[Step.DELIVERED][0], wire.moment(self._clock()), noise)

    def expire_tokens(self) -> None:
        """Forget every token."""
        self._tokens.clear()

    async def _get_access_token(self, request: web.Request) -> web.Response:
        body = await _json_object(request)
        pair = (body.get("username"), body.get("password"))
        if not all(pair) or not body.get("customerCode") or (self._credentials and pair != self._credentials):
            return _answer({"success": False, "errorMessage": "Sai thông tin đăng nhập", "token": None})
        self._sign_ins += 1
        token = digest(self._engine.seed, "token", self._sign_ins).hex()
        self._tokens[token] = self._engine.profile.token_calls
        return _answer({"success": True, "errorMessage": None, "token": token})

    def _signed_in(self, handler: Handler) -> Handler:
        async def checked(request: web.Request) -> web.StreamResponse:
            token = request.headers.get("token", "")
            if token not in self._tokens:
                return self.error(401, "Token không hợp lệ hoặc đã hết hạn")
            calls_left = self._tokens[token]
            if calls_left is not None:
                self._tokens[token] = calls_left - 1
                if calls_left <= 1:
                    del self._tokens[token]
            return await handler(request)

        return checked

    async def _create_order(self, request: web.Request) -> web.Response:
        body = await _json_object(request)
        info = body.get("informationOrder")
        if not isinstance(info, dict) or body.get("type") != "GUI" or not body.get("customerCode"):
            return self.error(400, "Thiếu thông tin đơn hàng")
        wrong = wire.first_wrong_field(info)
        if wrong is not None:
            return self.error(400, f"Trường {wrong} không hợp lệ")
        order = self._engine.book(
            reference=str(info.get("saleOrderCode") or ""),
            collect_at_door=info["sendType"] == "1",
            pays_out=wire.collected(info) > 0,
            details=info,
        )
        record = wire.record(order)
        return _answer({"data": record} if self._odd("create") else record)

    async def _get_order(self, request: web.Request) -> web.Response:
        return _answer([{"results": [wire.record(order) for order in self._asked_for(request)]}])

    async def _history(self, request: web.Request) -> web.Response:
        items = [self._history_of(order) for order in self._asked_for(request)]
        one_as_object = len(items) == 1 and self._odd("history data")
        return _answer({"data": items[0] if one_as_object else items})

    async def _cancel(self, request: web.Request) -> web.Response:
        order = self._engine.by_order_id(str((await _json_object(request)).get("OriginalId")))
        if order is None:
            return self.error(404, "Không tìm thấy đơn hàng")
        return self._cancel_answer(order, self._engine.cancel(order))

    async def _update_case(self, request: web.Request) -> web.Response:
        cases = await request.json()
        order = self._engine.by_order_id(str(cases[0].get("OriginalId"))) if isinstance(cases, list) and cases else None
        case = order.cancel_case if order else None
        if order is None or case is None or case.case_id != cases[0].get("CaseId"):
            return self.error(404, "Không tìm thấy yêu cầu")
        return self._cancel_answer(order, case)

    async def _labels(self, request: web.Request) -> web.Response:
        numbers = await request.json()
        if not isinstance(numbers, list) or not 0 < len(numbers) <= _MOST_LABELS:
            return self.error(400, "Danh sách bưu gửi không hợp lệ")
        if any(self._engine.by_item(str(number)) is None for number in numbers):
            return self.error(400, "Không tìm thấy bưu gửi")
        encoded = base64.b64encode(label_pdf(numbers)).decode()
        return _answer([encoded] if self._odd("label") else encoded)

    def _asked_for(self, request: web.Request) -> list[Order]:
        code = request.query.get("code", "")
        match request.query.get("type"):
            case "2":
                return self._engine.by_reference(code)
            case "3":
                order = self._engine.by_order_id(code)
            case _:
                order = self._engine.by_item(code)
        return [order] if order else []

    def _history_of(self, order: Order) -> dict[str, Any]:
        rows = [self._row(order, happening) for happening in order.happened]
        if draw(self._engine.seed, "row doubled", order.item_number) < self._engine.profile.rows_doubled:
            rows.append(rows[len(rows) // 2])
        key = "statusHistory " if self._odd("history key") else "statusHistory"
        return {"itemCode": order.item_number, key: rows}

    def _row(self, order: Order, happening: Happening) -> dict[str, Any]:
        at = happening.at.astimezone(LOCAL)
        code, words = wire.CODES[happening.step]
        # An item keeps the spelling it once had: a row that changed its name would be another bug than the one met.
        odd = draw(self._engine.seed, "hour", order.item_number) < self._engine.profile.odd_shapes
        return {
            "createdDate": f"{at:%d/%m/%Y}",
            "createdHour" if odd else "createHour": f"{at:%H:%M:%S}",
            "statusCode": code,
            "statusName": words,
            "locateName": f"BC {order.details['senderProvinceName']}",
        }

    def _cancel_answer(self, order: Order, case: CancelCase | None) -> web.Response:
        if case is None or case.approved is False:
            kind, words = "01", "Đơn hàng không thể hủy"
        elif case.approved:
            kind, words = "00", "Thành công"
        else:
            kind, words = "02", "Chờ duyệt"
        answer = {
            "Type": kind,
            "Message": words,
            "Note": "",
            "OriginalId": order.order_id,
            "CaseId": case.case_id if case else None,
        }
        if self._odd("cancel"):
            answer = {name[0].lower() + name[1:]: value for name, value in answer.items()}
        return _answer([answer] if self._odd("cancel list") else answer)

    def _odd(self, what: str) -> bool:
        self._answers += 1
        return draw(self._engine.seed, "odd", what, self._answers) < self._engine.profile.odd_shapes


def _answer(value: Any, *, status: int = 200) -> web.Response:
    return web.json_response(value, status=status, dumps=lambda v: json.dumps(v, ensure_ascii=False))


async def _json_object(request: web.Request) -> dict[str, Any]:
    body = await request.json()
    return body if isinstance(body, dict) else {}
