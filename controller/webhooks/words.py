"""This file says in words why an address takes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.webhooks.hook import Trouble
from protocol.words import N_

TROUBLES: Final[Mapping[str, str]] = {
    Trouble.STATUS: N_("It answers {status}: look into that program's log."),
    Trouble.NO_ANSWER: N_("It does not answer."),
    Trouble.NO_NAME: N_("Nobody knows a machine of this name."),
    Trouble.NO_LINE: N_("There is no way to it, or nothing listens there."),
    Trouble.CERTIFICATE: N_("Its certificate is not believed: renew it, or give its ca_file."),
    Trouble.PRIVATE: N_("It leads into a network of one's own: allow_private is not set."),
    Trouble.SECRET: N_("The file of the secret cannot be read, or holds too little."),
    Trouble.MESSAGE: N_("It takes others, but not this message: look into that program's log."),
}
