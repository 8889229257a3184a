"""A private certificate authority, in memory. Elliptic curves: a Pi Zero signs with them at every connection.

Names and uses follow RFC 5280.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sagui.deploy.broker.errors import BrokerFolderError

AUTHORITY_DAYS = 3650
HOLDER_DAYS = 1825
"""A camera on a pole gets its next certificate when it gets its next card."""

_EARLIER = timedelta(days=1)
"""A Pi has no clock of its own: at its start it may be a little behind."""


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, PEM."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True)
class Authority:
    """Who signs.

    Attributes:
        certificate: Of the authority.
        key: Its private key.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def server(self, hosts: Sequence[str], now: datetime) -> Issued:
        """Signs a certificate for the broker.

        Args:
            hosts: The names and addresses by which clients call it; checked by them at every connection.
            now: UTC.
        """
        names = x509.SubjectAlternativeName([_name(host) for host in hosts])
        return self._issue(hosts[0], now, ExtendedKeyUsageOID.SERVER_AUTH, names)

    def client(self, user: str, now: datetime) -> Issued:
        """Signs a certificate for a device or a person.

        Args:
            user: The name under which the broker knows its holder.
            now: UTC.
        """
        return self._issue(user, now, ExtendedKeyUsageOID.CLIENT_AUTH)

    def revoked(self, serials: Iterable[int], now: datetime) -> bytes:
        """Signs the list of certificates that hold no more, PEM. It lasts as long as the authority.

        Args:
            serials: Their numbers.
            now: UTC.
        """
        last = self.certificate.not_valid_after_utc
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - _EARLIER)
            .next_update(last)
        )
        for serial in sorted(serials):
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - _EARLIER).build()
            builder = builder.add_revoked_certificate(one)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def signed(self, certificate: bytes) -> x509.Certificate:
        """Reads a certificate of ours, PEM.

        Raises:
            BrokerFolderError: It is none, or another authority's.
        """
        try:
            found = x509.load_pem_x509_certificate(certificate)
            found.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise BrokerFolderError(
                f"it is no certificate of this authority: {error or 'another one signed it'}"
            ) from error
        return found

    def pem(self, passphrase: bytes | None = None) -> Issued:
        """Gives the authority itself; its key is encrypted if there is a passphrase."""
        encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        return Issued(self.certificate.public_bytes(Encoding.PEM), key)

    def _issue(
        self, common_name: str, now: datetime, use: x509.ObjectIdentifier, *extensions: x509.ExtensionType
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        until = min(now + timedelta(days=HOLDER_DAYS), self.certificate.not_valid_after_utc)
        builder = (
            _builder(common_name, self.certificate.subject, key.public_key(), now, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Issued(certificate.public_bytes(Encoding.PEM), plain)


def found_authority(name: str, now: datetime) -> Authority:
    """Makes a new authority.

    Args:
        name: Shown to who looks into a certificate.
        now: UTC.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(name, subject, key.public_key(), now, now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def load_authority(certificate: bytes, key: bytes, passphrase: bytes | None) -> Authority:
    """Reads an authority.

    Raises:
        BrokerFolderError: The passphrase is missing or wrong, or the files are no certificate and its key.
    """
    try:
        private = load_pem_private_key(key, passphrase)
        public = x509.load_pem_x509_certificate(certificate)
    except TypeError as error:
        raise BrokerFolderError(
            "the key has a passphrase: put it into a file and name that in SAGUI_BROKER_PASSPHRASE_FILE"
            if passphrase is None
            else "the key has no passphrase: leave SAGUI_BROKER_PASSPHRASE_FILE unset"
        ) from error
    except ValueError as error:
        why = "the passphrase is wrong, or the file is damaged" if passphrase else "no certificate and key in PEM"
        raise BrokerFolderError(f"the authority cannot be read: {why}") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != public.public_key():
        raise BrokerFolderError("the authority's key does not belong to its certificate; restore both from one backup")
    return Authority(public, private)


def _builder(
    common_name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(until)
    )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
