"""This file holds a program to one certificate authority: the controller that it was given.

The machine's own store is never asked. The name that is checked is the same at every controller:
addresses change, and the authority is one school's alone.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Final

from protocol.settings import SettingsError
from protocol.words import N_

CONTROLLER_NAME: Final = "controller.lophoc"


# What OpenSSL calls a peer that offers too old a TLS, or none: no controller of ours does.
_NO_TLS: Final = frozenset(
    {"UNSUPPORTED_PROTOCOL", "WRONG_VERSION_NUMBER", "TLSV1_ALERT_PROTOCOL_VERSION"}
)
# By OpenSSL's X509_V_ERR codes (openssl-verification-options).
_WHY: Final = {
    9: "its certificate begins later: is this computer's clock right?",
    10: "its certificate has ended: is this computer's clock right?",
    62: "its certificate is for another name",
}


def disbelief(error: BaseException) -> str:
    """Why what answered is not the controller that is believed; "" where it is another trouble."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = _WHY.get(error.verify_code, "its certificate is another school's, or a stranger's")
    elif isinstance(error, ssl.SSLError) and error.reason in _NO_TLS:
        why = "it offers no encryption, or one that is too old"
    else:
        return ""
    return f"what answers is not believed, and was told nothing: {why}"


class _Pinned(ssl.SSLContext):
    """A context that looks for the controller's name, whatever address it is reached by."""

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        return super().wrap_socket(*args, **{**options, "server_hostname": CONTROLLER_NAME})

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        return super().wrap_bio(*args, **{**options, "server_hostname": CONTROLLER_NAME})


def pinned(authority: str | Path) -> ssl.SSLContext:
    """What believes this authority alone: PEM text, or a file of it. Raises SettingsError."""
    context = _Pinned(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        if isinstance(authority, Path):
            context.load_verify_locations(cafile=authority)
        else:
            context.load_verify_locations(cadata=authority)
    except OSError as error:  # ssl's own errors among them
        raise SettingsError(
            "authority_unreadable",
            N_("The school's certificate {path} cannot be read."),
            N_("Enrol this computer again, or check the setting and the file's owner."),
            path=authority if isinstance(authority, Path) else "",
        ) from error
    return context
