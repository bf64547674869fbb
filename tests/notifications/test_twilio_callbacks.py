import itertools

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import MultiDict
from pydantic import SecretStr

from notifications.ports import Outcome
from notifications.twilio_callbacks import RANKS, SIGNATURE_HEADER, Receipt, is_authentic, read_receipt
from notifications.twilio_codes import meaning_of
from tests.notifications.conftest import NOW, SMS
from tests.peers.twilio import TwilioPeer

TOKEN = SecretStr("12345")
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}


def test_twilios_own_signature_examples_are_authentic() -> None:
    assert is_authentic(TOKEN, URL, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    digits = [("Sid", "CA123"), ("SidAccount", "AC123"), *(("Digits", d) for d in ("5678", "1234", "1234"))]
    assert is_authentic(TOKEN, URL, MultiDict(digits), "IK+Dwps556ElfBT0I3Rgjkr1wJU=")
    assert is_authentic(TOKEN, "http://mycompany.com:1234/myapp.php?foo=1&bar=2", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=")


@pytest.mark.parametrize("field", [*CALL, "NewField"])
def test_every_received_field_is_under_the_signature(field: str) -> None:
    assert not is_authentic(TOKEN, URL, CALL | {field: "changed"}, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


@pytest.mark.parametrize("signature", [None, "", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "é"])
def test_a_missing_or_wrong_signature_proves_nothing(signature: str | None) -> None:
    assert not is_authentic(TOKEN, URL, CALL, signature)


def test_without_a_token_nothing_is_authentic() -> None:
    peer = TwilioPeer(auth_token="")
    assert not is_authentic(SecretStr(""), URL, CALL, peer.sign(URL, CALL))


def test_the_address_behind_the_proxy_is_not_the_signed_one() -> None:
    assert not is_authentic(TOKEN, "http://127.0.0.1:8080/myapp.php", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


def test_a_receipt_says_what_became_of_which_message() -> None:
    receipt = read_receipt({"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005"})
    assert receipt == Receipt("SM1", "undelivered", RANKS["undelivered"], 30005)
    assert receipt.failed
    assert not receipt.delivered
    assert meaning_of(receipt.error_code).outcome is Outcome.REFUSED


@pytest.mark.parametrize("fields", [{}, {"MessageSid": "SM1"}, {"MessageSid": "SM1", "MessageStatus": "teleported"}])
def test_a_callback_that_says_nothing_we_know_is_no_receipt(fields: dict[str, str]) -> None:
    assert read_receipt(fields) is None


def test_whatever_the_order_of_callbacks_the_last_word_is_the_same() -> None:
    states = ("queued", "sending", "sent", "delivered", "read")
    for order in itertools.permutations(states):
        assert max(order, key=RANKS.__getitem__) == "read"
    assert RANKS["delivered"] == RANKS["undelivered"] == RANKS["failed"] == RANKS["canceled"]
    assert RANKS["accepted"] < RANKS["scheduled"] < RANKS["queued"]


async def test_a_signed_callback_of_the_peer_is_read_as_twilios() -> None:
    received: list[Receipt | None] = []
    peer = TwilioPeer()

    async def hook(request: web.Request) -> web.Response:
        fields = MultiDict((key, str(value)) for key, value in (await request.post()).items())
        url = str(server.make_url("/hooks/twilio/status"))
        if not is_authentic(SecretStr(peer.auth_token), url, fields, request.headers.get(SIGNATURE_HEADER)):
            return web.Response(status=401)
        received.append(read_receipt(fields))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hooks/twilio/status", hook)
    async with peer, TestServer(app) as server:
        url = str(server.make_url("/hooks/twilio/status"))
        message = peer.add(SMS.recipient, SMS.text, created=NOW)
        assert await peer.send_callback(message.sid, "delivered", url=url, RawDlrDoneDate="2611200230") == 204
    assert received == [Receipt(message.sid, "delivered", RANKS["delivered"])]
