"""SMS through Twilio's own SDK. Importing this module loads the whole SDK: the registry does so only where it is used."""

import asyncio
import json
import logging
from datetime import datetime, timedelta
from typing import Any

from aiohttp import ClientConnectorError, ClientError, encode_basic_auth
from twilio.base import values  # type: ignore[import-untyped]  # the SDK ships no types
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.async_http_client import AsyncTwilioHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]
from twilio.rest.api import Api  # type: ignore[import-untyped]

from notifications.ports import Channel, Outcome, Outgoing, Sender, SendResult
from notifications.settings import TwilioSettings
from notifications.sms_text import segments
from notifications.twilio_codes import meaning_of
from postal_service.kit.text import nfc

_VALID_FOR = timedelta(hours=4)
"""What has not reached the handset by then is old news."""
_CLOCK_SKEW = timedelta(seconds=30)
"""Twilio's times have whole seconds, and its clock is not ours."""
_LOOK_BACK = 400
"""Messages to one person that a look-up reads, newest first."""

_SILENCE = (TimeoutError, ClientError, OSError, TwilioException, json.JSONDecodeError)

# The SDK writes request lines with the recipient in them; no personal data in logs.
_SDK_LOG = logging.getLogger("notifications.twilio_sdk")
_SDK_LOG.disabled = True


class _EmptyAnswerError(ClientError):
    """A 5xx without a body: a gateway gave up, Twilio itself said nothing."""


class _HttpClient(AsyncTwilioHttpClient):  # type: ignore[misc]  # the SDK ships no types
    async def request(self, *args: Any, **kwargs: Any) -> Response:
        # The SDK hands the sign-in to aiohttp in a form that aiohttp is about to drop.
        if auth := kwargs.pop("auth", None):
            kwargs["headers"] = {**kwargs["headers"], "Authorization": encode_basic_auth(*auth)}
        response = await super().request(*args, **kwargs)
        if response.status_code >= 500 and not response.text.strip():  # noqa: PLR2004 - 5xx
            raise _EmptyAnswerError
        return response


class TwilioSms(Sender):
    """Sends SMS; asks Twilio what became of a message whose answer was lost."""

    provider = "twilio"
    channel = Channel.SMS
    can_look_up = True

    def __init__(self, settings: TwilioSettings, *, status_callback_url: str | None = None) -> None:
        self._settings = settings
        self._callback = status_callback_url or values.unset
        self._api: Api | None = None

    async def send(self, message: Outgoing) -> SendResult:
        """Send once. An error answer is an answer; only silence after the request left is UNKNOWN."""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                created = await self._sdk().account.messages.create_async(
                    to=message.recipient,
                    from_=self._settings.from_number,
                    body=nfc(message.text),
                    status_callback=self._callback,
                    validity_period=int(_VALID_FOR.total_seconds()),
                )
        except (TwilioRestException, TwilioServiceException) as answer:
            return self._refusal(answer)
        except ClientConnectorError:
            return SendResult(outcome=Outcome.LATER, provider=self.provider, detail="Twilio could not be reached")
        except _SILENCE:
            return self._unknown("no answer from Twilio")
        if not created.sid:
            return self._unknown("Twilio's answer names no message")
        return self._accepted(message, created)

    async def look_up(self, message: Outgoing, since: datetime) -> SendResult | None:
        """Ask for a message by recipient, text and time of creation; UNKNOWN when Twilio cannot be asked.

        The list is not narrowed by DateSent: a message still in Twilio's queue has none and would be overlooked.
        """
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                listed = await self._sdk().account.messages.list_async(to=message.recipient, page_size=100, limit=_LOOK_BACK)
        except _SILENCE:
            return self._unknown("Twilio could not be asked")
        recent = [known for known in listed if known.date_created and known.date_created >= since - _CLOCK_SKEW]
        text = nfc(message.text)
        for known in recent:
            if nfc(known.body or "") == text:
                return self._accepted(message, known)
        if len(recent) == _LOOK_BACK:
            return self._unknown("too many messages to this recipient to be sure")
        return None

    async def probe(self) -> None:
        """Sign in and read our own account; raises what is wrong."""
        async with asyncio.timeout(self._settings.timeout_seconds):
            await self._sdk().v2010.accounts(self._settings.account_sid).fetch_async()

    async def close(self) -> None:
        """Close the SDK's connections."""
        if self._api is not None:
            await self._api.twilio.http_client.close()
            self._api = None

    def _sdk(self) -> Api:
        # Made at first use, because the SDK's session must be made inside a running loop.
        if self._api is None:
            self._api = Api(
                Client(
                    self._settings.account_sid,
                    self._settings.auth_token.get_secret_value(),
                    http_client=_HttpClient(logger=_SDK_LOG),
                )
            )
            self._api.base_url = self._settings.base_url
        return self._api

    def _accepted(self, message: Outgoing, known: Any) -> SendResult:
        return SendResult(
            outcome=Outcome.ACCEPTED,
            provider=self.provider,
            provider_id=known.sid,
            code=None if known.error_code is None else str(known.error_code),
            segments=segments(message.text).segments,
        )

    def _refusal(self, answer: TwilioRestException | TwilioServiceException) -> SendResult:
        meaning = meaning_of(answer.code, answer.status)
        return SendResult(outcome=meaning.outcome, provider=self.provider, code=str(answer.code), detail=meaning.words)

    def _unknown(self, words: str) -> SendResult:
        return SendResult(outcome=Outcome.UNKNOWN, provider=self.provider, detail=words)
