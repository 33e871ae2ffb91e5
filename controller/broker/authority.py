"""This file is the controller's own certificate authority: made once, and what it has signed.

Valid from 1970 to 2049, for a Pi without a clock wakes in 1970, and rooms are not visited to renew.
Every extension that VERIFY_X509_STRICT asks for is there. cryptography is loaded only to sign.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from protocol.errors import LopHocError
from protocol.folder import OWNER_ONLY, changing, write_whole
from protocol.pin import CONTROLLER_NAME
from protocol.words import N_

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

FOLDER: Final = "tls"
FROM: Final = datetime(1970, 1, 1, tzinfo=UTC)
UNTIL: Final = datetime(2049, 12, 31, tzinfo=UTC)
# A phone that trusts this authority trusts it for these alone (RFC 5280, 4.2.1.10).
_NAMES: Final = ("lophoc", "localhost", "local", "lan", "internal", "home.arpa")
_NETWORKS: Final[Sequence[IPv4Network | IPv6Network]] = (
    *map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")),
    *map(IPv6Network, ("fc00::/7", "fe80::/10", "::1/128")),
)
# Key usage by its bits' places (RFC 5280, 4.2.1.3): signature 0, certificates 5, lists 6.
_USES: Final = {True: {5, 6}, False: {0}}


def covers(name: str) -> bool:
    """Whether the authority may sign this name or address (RFC 5280, 4.2.1.10)."""
    try:
        address = ip_address(name)
    except ValueError:
        return any(name == allowed or name.endswith(f".{allowed}") for allowed in _NAMES)
    return any(address in network for network in _NETWORKS)


class AuthorityError(LopHocError):
    """Nothing can be signed; `code` says why, `hint` what to do."""


class Certificate(NamedTuple):
    """Where a certificate and its key lie, both PEM."""

    chain: Path
    key: Path

    @property
    def is_sound(self) -> bool:
        """Whether both are there and belong together; a kill or a power cut parts them."""
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.chain, self.key)
        except OSError:  # ssl's own errors among them
            return False
        return True


class Authority:
    """The authority in a controller's folder; made when it is first asked for."""

    def __init__(self, data: Path) -> None:
        folder = data / FOLDER
        self._own = Certificate(folder / "ca.pem", folder / "ca.key")
        self._machine = Certificate(folder / "machine.pem", folder / "machine.key")

    @property
    def file(self) -> Path:
        """Its certificate, which agents and phones take."""
        return self._own.chain

    def machine(self) -> Certificate:
        """What the broker and the door of enrolment show. Raises AuthorityError or OSError."""
        if not self._is_sound():
            with changing(self._own.chain):
                if not self._is_sound():
                    self._sign(self._machine, CONTROLLER_NAME, [CONTROLLER_NAME], (FROM, UNTIL))
        return self._machine

    def _is_sound(self) -> bool:
        """Whether what is shown, and who is believed for it, are there as they were written."""
        return self._machine.is_sound and _is_read(self._own.chain)

    def pem(self) -> str:
        """Its certificate as text."""
        return self.file.read_text("ascii")

    def sign(
        self,
        place: Certificate,
        name: str,
        names: Sequence[str],
        since: datetime,
        until: datetime,
    ) -> None:
        """Put a new key and a certificate for these names and addresses in place.

        Raises AuthorityError where its key is gone, or OSError.
        """
        with changing(self._own.chain):
            self._sign(place, name, names, (since, until))

    def _sign(
        self, place: Certificate, name: str, names: Sequence[str], valid: tuple[datetime, datetime]
    ) -> None:
        own = self._opened()
        key, certificate = _issue(name, names, valid, own)
        _write(place, key, [certificate, own.certificate])

    def _opened(self) -> _Own:
        from cryptography import x509  # noqa: PLC0415 - heavy, and only to sign

        own = self._own
        if not own.key.exists() and own.chain.exists():
            raise AuthorityError(
                "authority_key_gone",
                N_("The key of this school's certificates, {path}, is gone."),
                N_("Restore the folder from a copy; without it every room must be enrolled again."),
                path=own.key,
            )
        if not own.key.exists():
            key, certificate = _issue("LopHoc", (), (FROM, UNTIL), None)
            _write(own, key, [certificate])
        loaded = self._key()
        if not _is_read(own.chain):  # certified again: whoever believes its key believes this, too
            _, certificate = _issue("LopHoc", (), (FROM, UNTIL), None, loaded)
            _write(own, loaded, [certificate])
        return _Own(loaded, x509.load_pem_x509_certificate(own.chain.read_bytes()))

    def _key(self) -> EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

        try:
            return load_pem_private_key(self._own.key.read_bytes(), None)  # type: ignore[return-value]  # we made no other kind
        except ValueError as error:
            raise AuthorityError(
                "authority_key_damaged",
                N_("The key of this school's certificates, {path}, is damaged."),
                N_("Restore the folder from a copy; without it every room must be enrolled again."),
                path=self._own.key,
            ) from error


class _Own(NamedTuple):
    key: EllipticCurvePrivateKey
    certificate: x509.Certificate


def _issue(
    name: str,
    names: Sequence[str],
    valid: tuple[datetime, datetime],
    signer: _Own | None,
    key: EllipticCurvePrivateKey | None = None,
) -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
    """A P-256 key, new if none is given, and its certificate; an authority's own without signer."""
    from cryptography import x509  # noqa: PLC0415 - heavy, and only to sign
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - likewise
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - likewise
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - likewise

    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing = signer or _Own(key, None)  # type: ignore[arg-type]  # its own, being made
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0].replace(tzinfo=None))
        .not_valid_after(valid[1].replace(tzinfo=None))
    )
    for extension, is_critical in _extensions(key, names, signing):
        builder = builder.add_extension(extension, is_critical)
    return key, builder.sign(signing.key, hashes.SHA256())


def _extensions(
    key: EllipticCurvePrivateKey, names: Sequence[str], signer: _Own
) -> list[tuple[x509.ExtensionType, bool]]:
    """What a certificate says of itself; one without names is the authority's."""
    from cryptography import x509  # noqa: PLC0415 - heavy, and only to sign
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415 - likewise

    is_authority = not names
    uses = [place in _USES[is_authority] for place in range(9)]
    signing = signer.key.public_key()
    common: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(is_authority, 0 if is_authority else None), True),
        (x509.KeyUsage(*uses), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(signing), False),
    ]
    if is_authority:
        networks = [x509.IPAddress(network) for network in _NETWORKS]
        allowed = [*map(x509.DNSName, _NAMES), *networks]
        return [*common, (x509.NameConstraints(allowed, None), True)]
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return [
        *common,
        (server, False),
        (x509.SubjectAlternativeName([*map(_general_name, names)]), False),
    ]


def _general_name(name: str) -> x509.GeneralName:
    from cryptography import x509  # noqa: PLC0415 - heavy, and only to sign

    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _is_read(chain: Path) -> bool:
    """Whether a file holds a certificate."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(chain)
    except OSError:  # ssl's own errors among them
        return False
    return True


def _write(
    place: Certificate, key: EllipticCurvePrivateKey, chain: Sequence[x509.Certificate]
) -> None:
    """The key first: one without its certificate is made anew, and nobody has believed it yet."""
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 - heavy

    plain = form.NoEncryption()
    text = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, plain)
    place.chain.unlink(missing_ok=True)
    write_whole(place.key, text, OWNER_ONLY)
    pem = b"".join(one.public_bytes(form.Encoding.PEM) for one in chain)
    write_whole(place.chain, pem, OWNER_ONLY)
