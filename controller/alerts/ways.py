"""This file sends a message by its receiver's way. Raises UntakenError, AlertError."""

from __future__ import annotations

import base64
import hashlib
import smtplib
import socket
import ssl
from contextlib import closing
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from controller.alerts.alert import Alert
from controller.alerts.receivers import (
    TELEGRAM_HOST,
    AlertError,
    Receiver,
    Way,
    check_receiver,
    is_sender,
    secret_of,
)
from controller.webhooks.hook import Hook, Trouble, Untaken, signature
from controller.webhooks.line import (
    LONGEST_S,
    TIMEOUT_S,
    UntakenError,
    ended_after,
    line_to,
    post,
    trouble_of,
)
from protocol import __version__
from protocol.this_machine import is_this_machine
from protocol.words import N_

_to_json: Final = msgspec.json.Encoder().encode
_JSON: Final = {
    "Content-Type": "application/json",
    "User-Agent": f"lophoc-controller/{__version__}",
}
_URGENT: Final = 8  # of Gotify's ten
_SMTPS: Final = 465
_SMTP: Final = 587
_NEVER: Final = frozenset({400, 413, 414, 415, 422})  # of HTTP: this message, and no other
_PERMANENT: Final = 500  # of SMTP
SOME: Final = "some"


def send(
    receiver: Receiver, alert: Alert, school: str, now_ms: int, longest_s: float = LONGEST_S
) -> str:
    """Send it; returns when the other side has taken it. SOME: some of its addresses have not."""
    check_receiver(alert.receiver, receiver)  # what pages kept once, or a person wrote there
    secret = secret_of(receiver)
    if receiver.way is Way.EMAIL:
        letter = _letter(receiver, alert, now_ms, _id_of(alert, school))
        return _mail(receiver, letter, secret, longest_s)
    url, body, headers = _posted(receiver, alert, secret, school, now_ms)
    hook = Hook(  # the address, as the line of webhooks takes it: looked at before each message
        url=url, secret_file="", ca_file=receiver.ca_file, allow_private=receiver.allow_private
    )
    try:
        post(hook, body, headers, longest_s)
    except UntakenError as error:
        if error.why.status in _NEVER:
            why = error.why._replace(trouble=Trouble.MESSAGE)
            raise UntakenError(str(error), why) from None
        raise
    return ""


def _posted(
    receiver: Receiver, alert: Alert, secret: str, school: str, now_ms: int
) -> tuple[str, bytes, dict[str, str]]:
    """Where to, what, and with which headers."""
    url = receiver.url
    match receiver.way:
        case Way.NTFY:
            title = base64.b64encode(alert.title.encode()).decode()
            headers = {"Title": f"=?UTF-8?B?{title}?=", "Content-Type": "text/plain; charset=utf-8"}
            if secret:
                headers["Authorization"] = f"Bearer {secret}"
            return url, alert.text.encode() or b"-", headers
        case Way.GOTIFY:
            body = {"title": alert.title, "message": alert.text or "-", "priority": _URGENT}
            headers = _JSON | {"X-Gotify-Key": secret}
            return f"{url.rstrip('/')}/message", _to_json(body), headers
        case Way.TELEGRAM:
            base = url.rstrip("/") or f"https://{TELEGRAM_HOST}"
            chat = {"chat_id": receiver.to, "text": f"{alert.title}\n{alert.text}"}
            return f"{base}/bot{secret}/sendMessage", _to_json(chat), _JSON
        case _:
            return _signed(url, alert, secret, school, now_ms)


def _id_of(alert: Alert, school: str) -> str:
    """A message's own id, the same at each try: who got it already knows it again."""
    what = f"{school}\n{alert.receiver}\n{alert.about}\n{alert.made_ms}"
    return hashlib.sha256(what.encode()).hexdigest()[:32]


def _signed(
    url: str, alert: Alert, secret: str, school: str, now_ms: int
) -> tuple[str, bytes, dict[str, str]]:
    if not secret:
        raise AlertError(
            "alert_secret", N_("A webhook needs a secret."), N_("Name it in secret_file.")
        )
    told = {"school": school, "about": alert.about, "title": alert.title, "text": alert.text}
    body = _to_json({"alert": told})
    headers = {
        "X-LopHoc-Delivery": _id_of(alert, school),
        "X-LopHoc-Signature": signature(secret.encode(), now_ms // 1000, body),
    }
    return url, body, _JSON | headers


class _MailLine(smtplib.SMTP):
    """Speaks on a line that is open already."""

    def __init__(self, host: str, line: socket.socket) -> None:
        self._open = line
        super().__init__(host, 1, timeout=TIMEOUT_S)

    def _get_socket(self, *_: Any) -> socket.socket:
        return self._open


def _mail(receiver: Receiver, letter: EmailMessage, secret: str, longest_s: float) -> str:
    parts = urlsplit(receiver.url)
    host, is_tls = parts.hostname or "", parts.scheme == "smtps"
    port = parts.port or (_SMTPS if is_tls else _SMTP)
    try:
        context = ssl.create_default_context(cafile=receiver.ca_file or None)
        raw = line_to(host, port, allow_private=receiver.allow_private)
        with ended_after(raw, longest_s):
            open_line = context.wrap_socket(raw, server_hostname=host) if is_tls else raw
            with closing(open_line), closing(_MailLine(host, open_line)) as line:
                if not is_tls and not is_this_machine(host):
                    line.starttls(context=context)
                if secret:
                    line.login(receiver.user or receiver.sender, secret)
                return SOME if line.send_message(letter) else ""
    except smtplib.SMTPDataError as error:
        is_never = error.smtp_code >= _PERMANENT
        raise _untaken(error.smtp_code, Trouble.MESSAGE if is_never else Trouble.STATUS) from None
    except smtplib.SMTPResponseException as error:
        raise _untaken(error.smtp_code, Trouble.STATUS) from None
    except smtplib.SMTPRecipientsRefused as error:
        code = next((code for code, _ in error.recipients.values()), 0)
        raise _untaken(code, Trouble.STATUS) from None
    except smtplib.SMTPNotSupportedError:
        raise AlertError(
            "alert_mail",
            N_("The mail server takes no encryption (STARTTLS), or no log-in."),
            N_("Write smtps://… (url)."),
        ) from None
    except smtplib.SMTPServerDisconnected:
        raise UntakenError("disconnected", Untaken(Trouble.NO_ANSWER)) from None
    except (OSError, ValueError) as error:
        raise UntakenError(type(error).__name__, Untaken(trouble_of(error))) from None


def _untaken(code: int, trouble: Trouble) -> UntakenError:
    if code <= 0:  # what it said was no answer
        return UntakenError("SMTP", Untaken(Trouble.NO_ANSWER))
    return UntakenError(f"SMTP {code}", Untaken(trouble, code))


def _letter(receiver: Receiver, alert: Alert, now_ms: int, own_id: str) -> EmailMessage:
    letter = EmailMessage()
    letter["Subject"], letter["To"] = alert.title, receiver.to
    user = receiver.user if is_sender(receiver.user) else ""
    letter["From"] = receiver.sender or user or receiver.to
    letter["Date"] = formatdate(now_ms / 1000)
    domain = (receiver.sender or receiver.to).rpartition("@")[2]
    is_plain = domain.isascii() and domain.replace("-", "").replace(".", "").isalnum()
    letter["Message-ID"] = f"<{own_id}@{domain if is_plain else 'lophoc.invalid'}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    letter.set_content(alert.text or "-")
    return letter
