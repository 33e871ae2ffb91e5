"""This file says the ways of telling, and why a message was not taken, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.alerts.receivers import Severity, Way
from controller.alerts.ways import SOME
from controller.webhooks.hook import Trouble
from protocol.words import N_

WAY_WORDS: Final[Mapping[Way, str]] = {
    Way.EMAIL: N_("e-mail"),
    Way.WEBHOOK: N_("webhook"),
    Way.NTFY: N_("ntfy"),
    Way.GOTIFY: N_("Gotify"),
    Way.TELEGRAM: N_("Telegram"),
}
SEVERITY_WORDS: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: N_("what is critical"),
    Severity.WARNING: N_("warnings, too"),
}
TROUBLE_WORDS: Final[Mapping[str, str]] = {
    Trouble.STATUS.value: N_("the other side refused it"),
    Trouble.NO_ANSWER.value: N_("the other side did not answer"),
    Trouble.NO_NAME.value: N_("its name is not known"),
    Trouble.NO_LINE.value: N_("nobody answers there"),
    Trouble.CERTIFICATE.value: N_("its certificate is not believed"),
    Trouble.PRIVATE.value: N_("it is in a network that allow_private does not allow"),
    Trouble.MESSAGE.value: N_("the other side takes no such message"),
    SOME: N_("some of the addresses did not take it"),
    "alert_mail": N_("the mail server takes no encryption or no log-in: write smtps://…"),
    "alert_secret_signs": N_("its secret holds more than one line, or signs that no token has"),
    "alert_secret": N_("its secret cannot be read"),
    "alert_secret_open": N_("others on this computer can read its secret: chmod 600"),
    **dict.fromkeys(
        ("alert_signs", "alert_nobody", "alert_sender", "alert_time", "alert_address"),
        N_("what is written for this receiver cannot be used"),
    ),
    "too_many": N_("too many messages waited"),
}
LANGUAGE_WORDS: Final[Mapping[str, str]] = {"vi": "Tiếng Việt", "en": "English"}
UNKNOWN_TROUBLE: Final = N_("it was not taken")
EXAMPLE: Final = """[receivers.thay-minh]
way = "telegram"          # email, webhook, ntfy, gotify, telegram
to = "123456789"
secret_file = "/etc/lophoc/telegram-token"
severity = "critical"     # critical, warning
digest_at = "06:45"

[receivers.van-phong]
way = "email"
url = "smtps://smtp.example.edu.vn"
to = "it@example.edu.vn"
sender = "lophoc@example.edu.vn"
user = "lophoc@example.edu.vn"
secret_file = "/etc/lophoc/smtp-password"
"""
