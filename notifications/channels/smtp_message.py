"""The e-mail as it travels: MIME parts and headers. Pure."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses

from notifications.ports import Outgoing

# Seven-bit transfer: not every relay on the way takes 8BITMIME.
_POLICY = SMTP.clone(cte_type="7bit")


def read_address(written: str) -> Address:
    """Return `Name <user@host>` or `user@host` as an address; raises ValueError when it is neither."""
    found = getaddresses([written]) if written.isprintable() else []
    name, spec = found[0] if len(found) == 1 else ("", "")
    local, _, domain = spec.rpartition("@")
    if not local or not domain or not spec.isascii():
        raise ValueError("not a usable e-mail address")
    return Address(display_name=name, addr_spec=spec)


def message_id(message: Outgoing, sender: Address) -> str:
    """Return the Message-ID, the same on every try of a message."""
    return f"<{message.message_id}@{sender.domain}>"


def compose(message: Outgoing, sender: Address, now: datetime) -> EmailMessage:
    """Build the e-mail: text first, HTML as the alternative, every header in ASCII with encoded words (RFC 2047).

    Raises ValueError when an address or a header cannot be written.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = read_address(message.recipient)
    mail["Subject"] = message.subject or ""
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(message, sender)
    if message.reply_to:
        mail["Reply-To"] = read_address(message.reply_to)
    # RFC 3834: out-of-office programs do not answer what was made by a program.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    mail["Content-Language"] = message.language  # last: making parts moves Content- headers into them
    return mail
