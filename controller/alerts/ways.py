"""This file sends a message by its receiver's way. Raises UntakenError, AlertError."""

from __future__ import annotations

import base64
import smtplib
import ssl
from contextlib import closing
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final
from urllib.parse import urlsplit

import msgspec

from controller.alerts.alert import Alert
from controller.alerts.receivers import TELEGRAM_HOST, AlertError, Receiver, Way, secret_of
from controller.webhooks.hook import Hook, Trouble, Untaken, signature
from controller.webhooks.line import TIMEOUT_S, UntakenError, post, reachable
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


def send(receiver: Receiver, alert: Alert, school: str, now_ms: int) -> None:
    """Send it; returns when the other side has taken it."""
    secret = secret_of(receiver)
    match receiver.way:
        case Way.EMAIL:
            _mail(receiver, alert, secret, now_ms)
        case Way.WEBHOOK:
            _hook(receiver, alert, secret, school, now_ms)
        case Way.NTFY:
            title = base64.b64encode(alert.title.encode()).decode()
            headers = {"Title": f"=?UTF-8?B?{title}?=", "Content-Type": "text/plain; charset=utf-8"}
            if secret:
                headers["Authorization"] = f"Bearer {secret}"
            post(_line(receiver, receiver.url), alert.text.encode() or b"-", headers)
        case Way.GOTIFY:
            body = {"title": alert.title, "message": alert.text or "-", "priority": _URGENT}
            headers = _JSON | {"X-Gotify-Key": secret}
            post(_line(receiver, f"{receiver.url.rstrip('/')}/message"), _to_json(body), headers)
        case Way.TELEGRAM:
            base = receiver.url.rstrip("/") or f"https://{TELEGRAM_HOST}"
            body = {"chat_id": receiver.to, "text": f"{alert.title}\n{alert.text}"}
            post(_line(receiver, f"{base}/bot{secret}/sendMessage"), _to_json(body), _JSON)


def _line(receiver: Receiver, url: str) -> Hook:
    """The address, as the line of webhooks takes it: looked at before each message."""
    return Hook(
        url=url, secret_file="", ca_file=receiver.ca_file, allow_private=receiver.allow_private
    )


def _hook(receiver: Receiver, alert: Alert, secret: str, school: str, now_ms: int) -> None:
    if not secret:
        raise AlertError(
            "alert_secret", N_("A webhook needs a secret."), N_("Name it in secret_file.")
        )
    told = {"school": school, "about": alert.about, "title": alert.title, "text": alert.text}
    body = _to_json({"alert": told})
    signed = signature(secret.encode(), now_ms // 1000, body)
    headers = _JSON | {"X-LopHoc-Signature": signed}
    post(_line(receiver, receiver.url), body, headers)


def _mail(receiver: Receiver, alert: Alert, secret: str, now_ms: int) -> None:
    parts = urlsplit(receiver.url)
    host, is_tls = parts.hostname or "", parts.scheme == "smtps"
    port = parts.port or (_SMTPS if is_tls else _SMTP)
    letter = EmailMessage()
    letter["Subject"], letter["To"] = alert.title, receiver.to
    letter["From"] = receiver.sender or receiver.user or receiver.to
    letter["Date"] = formatdate(now_ms / 1000)
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    letter.set_content(alert.text or "-")
    try:
        context = ssl.create_default_context(cafile=receiver.ca_file or None)
        reachable(host, port, allow_private=receiver.allow_private)
        server = (
            smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
            if is_tls
            else smtplib.SMTP(host, port, timeout=TIMEOUT_S)
        )
        with closing(server) as line:
            if not is_tls and not is_this_machine(host):
                line.starttls(context=context)
            if secret:
                line.login(receiver.user or receiver.sender, secret)
            line.send_message(letter)
    except smtplib.SMTPResponseException as error:
        why = Untaken(Trouble.STATUS, error.smtp_code)
        raise UntakenError(f"SMTP {error.smtp_code}", why) from None
    except ssl.SSLError as error:
        raise UntakenError(type(error).__name__, Untaken(Trouble.CERTIFICATE)) from None
    except (OSError, smtplib.SMTPException, ValueError, UnicodeError) as error:
        raise UntakenError(type(error).__name__, Untaken(Trouble.NO_LINE)) from None
