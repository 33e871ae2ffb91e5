"""This file writes an authority as a profile that iPhones and iPads install.

Source: Apple, "Device Management", CertificateRoot and TopLevel. It is not signed: nobody whom an
iPhone knows could sign for a school, and it says so while it is installed.
"""

from __future__ import annotations

import plistlib
import ssl
import uuid
from typing import Final

from protocol.enrolment import fingerprint_of

MOBILECONFIG: Final = "application/x-apple-aspen-config"


def profile_of(authority: str, school: str) -> bytes:
    """The profile of this authority (PEM). The same one is the same profile, installed once."""
    own = uuid.uuid5(uuid.NAMESPACE_OID, fingerprint_of(authority).hex())
    root = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"vn.lophoc.{own}.root",
        "PayloadUUID": str(uuid.uuid5(own, "root")),
        "PayloadDisplayName": f"LopHoc · {school}",
        "PayloadCertificateFileName": "lophoc.crt",
        "PayloadContent": ssl.PEM_cert_to_DER_cert(authority),
    }
    whole = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"vn.lophoc.{own}",
        "PayloadUUID": str(own),
        "PayloadDisplayName": f"LopHoc · {school}",
        "PayloadContent": [root],
    }
    return plistlib.dumps(whole)
