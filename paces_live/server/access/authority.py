"""The certificate authority of this machine: phones trust it once, and then every certificate that it signs.

Whoever got its key could not use it against other sites: it may sign only for names and addresses of a local network,
and phones and browsers check that.
"""

import datetime
import ipaddress
import plistlib
import uuid
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from paces_live.errors import AccessError, reason
from paces_live.server.access import secret_file
from paces_live.server.access.addresses import own_names

YEARS = 10
LEAF_DAYS = 396
"""Days for which a certificate of a server holds. iOS takes none that holds for more than 397."""
BACKDATED = datetime.timedelta(days=1)
"""Certificates hold from this time before they are made: the clocks of phones differ, and a Pi has none of its own."""
LOCAL_DOMAINS = ("localhost", "local", "home.arpa", "internal", "lan", "home")
"""Domains that exist in local networks only."""
LOCAL_NETWORKS = tuple(
    ipaddress.ip_network(one)
    for one in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
"""Networks that the internet does not lead to."""
_UUIDS = uuid.UUID("6f0b2f0e-2c55-4d43-9d0b-6e0c5b9b0d5e")
"""The names of profiles are derived from this, so that a phone knows a profile again."""


class Authority:
    """A key and the certificate of an authority.

    Parameters
    ----------
    key : private key
    certificate : certificate

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     authority = Authority.kept(Path(folder) / "authority.pem")
    >>> authority.permitted(["pi.local", "10.0.0.7", "gym.example", "8.8.8.8"])
    ['10.0.0.7', 'pi.local']
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def kept(cls, path: Path) -> "Authority":
        """Return the authority in a file; the first time, it is made.

        Raises
        ------
        AccessError
            The file cannot be written or read, others may read it, or it has no authority.
        """
        if not path.exists():
            secret_file.write(path, _made(), replace=False)
        data = secret_file.read(path)
        try:
            key = serialization.load_pem_private_key(data, None)
            certificate = x509.load_pem_x509_certificate(data)
        except (ValueError, TypeError) as error:
            raise AccessError(
                f"{path}: is no certificate authority: {reason(error)}",
                hint=f"remove {path}, and trust the one that is made then",
                code="access.certificate",
            ) from error
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return cls(key, certificate)

    def permitted(self, hosts: Iterable[str]) -> list[str]:
        """Return the hosts, sorted, for which this authority may sign: those of a local network."""
        constraints = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        trees = [tree.value for tree in constraints.permitted_subtrees or ()]
        return sorted(host for host in hosts if any(_within(host, tree) for tree in trees))

    def sign(self, hosts: Iterable[str]) -> bytes:
        """Return the key and the certificate of a server with these hosts, as PEM.

        Parameters
        ----------
        hosts : iterable of str
            Those that `permitted` returns.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = (
            _builder(_name("paces-live"), self.certificate.subject, key.public_key(), datetime.timedelta(LEAF_DAYS))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        return _pem(key) + _text(builder.sign(self._key, hashes.SHA256())) + _text(self.certificate)

    def crt(self) -> bytes:
        """Return the certificate as phones and computers install it, DER: for ``/ca.crt``."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def mobileconfig(self) -> bytes:
        """Return the certificate as a profile for iOS: for ``/ca.mobileconfig``."""
        name = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        fingerprint = self.certificate.fingerprint(hashes.SHA256()).hex()
        payload = {
            "PayloadType": "com.apple.security.root",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"paces-live.authority.{fingerprint[:16]}",
            "PayloadUUID": str(uuid.uuid5(_UUIDS, fingerprint)).upper(),
            "PayloadDisplayName": name,
            "PayloadCertificateFileName": "ca.crt",
            "PayloadContent": self.crt(),
        }
        profile = {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"paces-live.profile.{fingerprint[:16]}",
            "PayloadUUID": str(uuid.uuid5(_UUIDS, f"profile {fingerprint}")).upper(),
            "PayloadDisplayName": name,
            "PayloadDescription": "Lets this phone trust the paces-live server of this network. It holds for local "
            "addresses only.",
            "PayloadContent": [payload],
        }
        return plistlib.dumps(profile)


def _made() -> bytes:
    """Return the key and the certificate of a new authority, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    host, serial = own_names()[0], x509.random_serial_number()
    # Two authorities of one name confuse the stores of phones.
    name = _name(f"paces-live {host[:32]} {serial % 0x10000:04x}")
    domains = [x509.DNSName(one) for one in dict.fromkeys((*LOCAL_DOMAINS, *filter(_is_name, [host])))]
    permitted = [*domains, *map(x509.IPAddress, LOCAL_NETWORKS)]
    builder = (
        _builder(name, name, key.public_key(), datetime.timedelta(days=365 * YEARS + 2), serial)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
    )
    return _pem(key) + _text(builder.sign(key, hashes.SHA256()))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    holds: datetime.timedelta,
    serial: int | None = None,
) -> x509.CertificateBuilder:
    begin = datetime.datetime.now(datetime.UTC) - BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + holds)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _within(host: str, tree: object) -> bool:
    """Return whether a host is in a domain or in a network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return isinstance(tree, str) and _is_name(host) and (host == tree or host.endswith(f".{tree}"))
    return isinstance(tree, ipaddress.IPv4Network | ipaddress.IPv6Network) and address in tree


def _is_name(host: str) -> bool:
    """Return whether a certificate can have this name."""
    labels = host.split(".")
    return all(label.isascii() and label.replace("-", "").isalnum() and len(label) < 64 for label in labels)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _text(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
