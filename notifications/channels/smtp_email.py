"""E-mail by SMTP with STARTTLS and authentication, over a few connections that are kept and used again."""

import asyncio
import ssl
from datetime import datetime

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from notifications.channels.smtp_message import compose, message_id, read_address
from notifications.ports import Channel, Outcome, Outgoing, Sender, SendResult
from notifications.settings import SmtpSettings
from postal_service.kit.clock import Clock, system_clock

_CLOSING = 421
_TROUBLE = (SMTPException, OSError)  # SMTP's own time-outs and cut lines are both


class SmtpEmail(Sender):
    """Sends e-mail. A server that fell silent after DATA cannot be asked what it did: that is UNKNOWN for good."""

    provider = "smtp"
    channel = Channel.EMAIL
    can_look_up = False

    def __init__(self, settings: SmtpSettings, *, clock: Clock = system_clock) -> None:
        self._settings = settings
        self._clock = clock
        self._from = read_address(settings.from_address)
        self._places = asyncio.Semaphore(settings.connections)
        self._idle: list[SMTP] = []
        self._tls: ssl.SSLContext | None = None

    async def send(self, message: Outgoing) -> SendResult:
        """Send once. Until the text itself is handed over every failure is safe to repeat."""
        try:
            mail = compose(message, self._from, self._clock()).as_bytes()
            recipient = read_address(message.recipient).addr_spec
        except ValueError:
            return self._result(Outcome.REFUSED, detail="the address or a header cannot be written")
        async with self._places:
            line: SMTP | None = None
            try:
                line = await self._announce(recipient)
            except _TROUBLE as error:
                return self._not_handed_over(error)
            try:
                await line.data(mail)
            except SMTPResponseException as error:
                await self._put_back(line)
                return self._answered(error)
            except _TROUBLE:
                return self._result(Outcome.UNKNOWN, detail="the mail server fell silent after DATA")
            except BaseException:  # a cancelled send leaves the line between two commands
                line.close()
                raise
            self._idle.append(line)
            return self._result(Outcome.ACCEPTED, provider_id=message_id(message, self._from), code="250", detail="taken")

    async def look_up(self, message: Outgoing, since: datetime) -> SendResult | None:  # noqa: ARG002 - the port's shape
        """SMTP has nobody to ask."""
        return self._result(Outcome.UNKNOWN, detail="a mail server cannot be asked")

    async def probe(self) -> None:
        """Connect, start TLS and sign in; raises what is wrong."""
        line = self._new_line()
        await line.connect()
        await line.quit()

    async def close(self) -> None:
        """Take leave of the server on every idle connection."""
        idle, self._idle = self._idle, []
        for line in idle:
            try:
                await line.quit()
            except _TROUBLE:
                line.close()

    async def _announce(self, recipient: str) -> SMTP:
        """Return a line on which the server has taken sender and recipient; the idle ones may be dead by now."""
        while self._idle:
            line = self._idle.pop()
            if not line.is_connected:
                continue
            try:
                await self._envelope(line, recipient)
            except SMTPServerDisconnected:
                continue
            except SMTPResponseException as error:
                if error.code != _CLOSING:
                    raise
            else:
                return line
        line = self._new_line()
        try:
            await line.connect()
        except BaseException:
            line.close()
            raise
        await self._envelope(line, recipient)
        return line

    async def _envelope(self, line: SMTP, recipient: str) -> None:
        try:
            await line.mail(self._from.addr_spec)
            await line.rcpt(recipient)
        except SMTPResponseException:
            await self._put_back(line)
            raise
        except BaseException:
            line.close()
            raise

    async def _put_back(self, line: SMTP) -> None:
        """Clear a refused envelope and keep the line, if the server still wants it."""
        if not line.is_connected:
            return
        try:
            await line.rset()
        except _TROUBLE:
            line.close()
        else:
            self._idle.append(line)

    def _new_line(self) -> SMTP:
        settings = self._settings
        if self._tls is None and settings.starttls:
            self._tls = ssl.create_default_context()
            if settings.ca_file is not None:
                self._tls.load_verify_locations(cafile=settings.ca_file)
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password.get_secret_value() or None,
            start_tls=settings.starttls,
            tls_context=self._tls,
            local_hostname=self._from.domain,
            timeout=settings.timeout_seconds,
        )

    def _not_handed_over(self, error: SMTPException | OSError) -> SendResult:
        match error:
            case SMTPRecipientRefused():
                return self._answered(error)
            case SMTPAuthenticationError():
                return self._result(Outcome.LATER, code=str(error.code), detail="the mail server refuses our sign-in")
            case SMTPResponseException():
                # Said of our connection or our sender address: it would hit every recipient and is ours to put right.
                return self._result(Outcome.LATER, code=str(error.code), detail="the mail server refuses us")
            case ssl.SSLError():
                return self._result(Outcome.LATER, code="tls", detail="the mail server's certificate is not trusted")
            case _:
                return self._result(Outcome.LATER, detail="the mail server could not be reached")

    def _answered(self, error: SMTPResponseException) -> SendResult:
        """Class a reply to RCPT or DATA by its first digit (RFC 5321 section 4.2.1)."""
        code = str(error.code)
        match error.code // 100:
            case 4:
                return self._result(Outcome.LATER, code=code, detail="the mail server asks to try later")
            case 5:
                return self._result(Outcome.REFUSED, code=code, detail="the mail server refuses this mail")
            case _:
                return self._result(Outcome.UNKNOWN, code=code, detail="the mail server's reply cannot be read")

    def _result(
        self, outcome: Outcome, *, provider_id: str | None = None, code: str | None = None, detail: str | None = None
    ) -> SendResult:
        return SendResult(outcome=outcome, provider=self.provider, provider_id=provider_id, code=code, detail=detail)
