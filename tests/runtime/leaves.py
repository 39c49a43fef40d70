"""Certificates for the tests, good and hostile, made as a partner might make them."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

# No test depends on today: certificates are valid for a century or over for long.
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
CENTURY = timedelta(days=36_500)


class Leaf:
    """A certificate and its private key."""

    def __init__(self, key: Ed25519PrivateKey, certificate: x509.Certificate) -> None:
        self.key = key
        self.certificate = certificate

    @property
    def pem(self) -> str:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> bytes:
        """The private key in PEM."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def urn_name(party):
    """Return the URI name of a party."""
    return x509.UniformResourceIdentifier(f"urn:beaconfire:{party}")


def make(*names, ca=False, lasts=CENTURY, signer=None, subject="leaf"):
    """Make a certificate; ``ca=None`` says nothing of it, ``signer`` signs it."""
    key = Ed25519PrivateKey.generate()
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(own if signer is None else signer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(LONG_AGO)
        .not_valid_after(LONG_AGO + lasts)
    )
    if ca is not None:
        limits = x509.BasicConstraints(ca=ca, path_length=None)
        builder = builder.add_extension(limits, critical=True)
    if names:
        alternative = x509.SubjectAlternativeName(names)
        builder = builder.add_extension(alternative, critical=False)
    return Leaf(key, builder.sign(key if signer is None else signer.key, None))
