"""The certificate with which a server speaks https: signed by the authority of this machine, or one of your own."""

import datetime
import ipaddress
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path

from paces_live.errors import AccessError, UsageError, pip_install, reason
from paces_live.server.access import secret_file
from paces_live.storage import config_folder

try:
    # Not deferred: whoever imports this module wants https. It is a package of the extra `serve`.
    from cryptography import x509

    from paces_live.server.access.authority import Authority
except ImportError as error:
    raise AccessError(
        "https needs the package cryptography", hint=pip_install("cryptography"), code="access.package_missing"
    ) from error

RENEWED_BEFORE = datetime.timedelta(days=30)
"""Time before the end of a certificate at which another replaces it."""


class Certificate:
    """The certificate of this machine. It is renewed 30 days before its end, and when the hosts change.

    Parameters
    ----------
    hosts : callable
        Returns the hosts of this server as they are now, such as `own_hosts`.
    folder : path, optional
        Where the authority and the certificate are kept; without it, ``tls`` in the folder of the settings.

    Raises
    ------
    AccessError
        A file cannot be written or read, others may read it, or something else is in it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     certificate = Certificate(lambda: ["localhost", "gym.example"], Path(folder))
    ...     certificate.renew(), certificate.hosts
    (False, ['localhost'])
    """

    def __init__(self, hosts: Callable[[], Iterable[str]], folder: Path | None = None) -> None:
        folder = folder or config_folder() / "tls"
        self.path = folder / "server.pem"
        self.authority = Authority.kept(folder / "authority.pem")
        self._wanted = hosts
        self._contexts: list[ssl.SSLContext] = []
        self._loaded = b""
        self.renew()

    @property
    def hosts(self) -> list[str]:
        """The hosts for which the certificate holds: those of `hosts` that are of a local network."""
        return _hosts(x509.load_pem_x509_certificate(secret_file.read(self.path)))

    def context(self) -> ssl.SSLContext:
        """Return a context for a server, as the ``ssl_context_factory`` of uvicorn does; it stays up to date."""
        context = _server_context()
        context.load_cert_chain(self.path)
        self._contexts.append(context)
        return context

    def renew(self) -> bool:
        """Renew the certificate if it is time, and return whether it was; raises as the class does.

        Call it every hour or so. It takes milliseconds, and connections that come from then on get the new one.
        """
        hosts = self.authority.permitted(self._wanted())
        good = self._good(hosts)
        if not good:
            secret_file.write(self.path, self.authority.sign(hosts), replace=True)
        # Another server of this machine may have renewed it.
        if (data := secret_file.read(self.path)) != self._loaded:
            self._loaded = data
            for context in self._contexts:
                context.load_cert_chain(self.path)
        return not good

    def _good(self, hosts: list[str]) -> bool:
        """Return whether the certificate in the file holds for `hosts`, and for long enough."""
        if not self.path.exists():
            return False
        try:
            certificate = x509.load_pem_x509_certificate(secret_file.read(self.path))
            certificate.verify_directly_issued_by(self.authority.certificate)
        # It is of another authority, or it is no certificate: then nobody misses it.
        except Exception as error:
            if isinstance(error, AccessError):
                raise
            return False
        left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
        return left > RENEWED_BEFORE and _hosts(certificate) == hosts


def given_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """Return a context for a server with a certificate of yours.

    Parameters
    ----------
    certificate : path
        PEM: the certificate, and those of the authorities between it and the root.
    key : path, optional
        PEM; without it, the key is in the same file.

    Raises
    ------
    UsageError
        A file is missing or is no PEM, the key has a password or is of another certificate, or the certificate does not
        hold today.

    Examples
    --------
    >>> given_context(Path("missing.pem"))
    Traceback (most recent call last):
    ...
    paces_live.errors.UsageError: missing.pem: cannot be read: No such file or directory: check --cert
    """
    try:
        found = x509.load_pem_x509_certificate(_contents(certificate, "--cert"))
    except ValueError as error:
        raise UsageError(
            f"{certificate}: is not a certificate in PEM", hint="choose a --cert that begins with BEGIN CERTIFICATE"
        ) from error
    key = key or certificate
    _contents(key, "--key")
    now = datetime.datetime.now(datetime.UTC)
    if now > found.not_valid_after_utc:
        raise UsageError(f"{certificate}: ended on {found.not_valid_after_utc:%Y-%m-%d}", hint="renew it, or use --tls")
    if now < found.not_valid_before_utc:
        raise UsageError(
            f"{certificate}: begins on {found.not_valid_before_utc:%Y-%m-%d}", hint="check the clock of this machine"
        )
    context = _server_context()
    try:
        # With a password of no characters: without one, OpenSSL would ask for it at the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        mismatch = getattr(error, "reason", "") == "KEY_VALUES_MISMATCH"
        what = f"is not the key of {certificate}" if mismatch else f"is no key without a password ({reason(error)})"
        raise UsageError(f"{key}: {what}", hint="check --key, and that it has no password") from error
    return context


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _contents(path: Path, option: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {reason(error)}", hint=f"check {option}") from error


def _hosts(certificate: x509.Certificate) -> list[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    found = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    return sorted(host for host in found if not isinstance(host, ipaddress.IPv4Network | ipaddress.IPv6Network))
