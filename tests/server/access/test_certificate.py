"""Certificates, checked by programs that trust the authority: Python, openssl and curl."""

import datetime
import http.client
import ipaddress
import plistlib
import shutil
import ssl
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from paces_live.errors import AccessError, UsageError
from paces_live.server.access import authority as authorities
from paces_live.server.access.authority import Authority
from paces_live.server.access.certificate import Certificate, given_context
from paces_live.server.access.gate import Gate, Policy
from tests.server.access.app import Asked
from tests.support.served import served

HOSTS = ["10.1.2.3", "127.0.0.1", "192.168.1.5", "::1", "fd00::7", "localhost", "pi.local"]


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """Return the certificate of a machine."""
    return Certificate(lambda: HOSTS, tmp_path / "tls")


def leaf(certificate: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.path.read_bytes())


def trusting(authority: Authority) -> ssl.SSLContext:
    """Return the context of a client that installed `/ca.crt`, and nothing else."""
    context = ssl.create_default_context(cadata=authority.crt())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> dict[str, Any]:
    """Do a handshake in memory; return the certificate that the client accepted."""
    pipes = [ssl.MemoryBIO() for _ in range(2)]
    ends = [
        client.wrap_bio(pipes[0], pipes[1], server_hostname=host),
        server.wrap_bio(pipes[1], pipes[0], server_side=True),
    ]
    done = [False, False]
    while not all(done):
        for number, end in enumerate(ends):
            try:
                end.do_handshake()
                done[number] = True
            except ssl.SSLWantReadError:
                pass
    found = ends[0].getpeercert()
    assert found
    return found


@pytest.mark.parametrize("host", HOSTS)
def test_who_trusts_the_authority_trusts_every_name_of_the_server(certificate: Certificate, host: str) -> None:
    assert handshake(certificate.context(), trusting(certificate.authority), host)


@pytest.mark.parametrize("host", ["192.168.1.6", "other.local", "gym.example"])
def test_another_name_is_not_trusted(certificate: Certificate, host: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(certificate.context(), trusting(certificate.authority), host)


def test_who_does_not_trust_it_is_warned(certificate: Certificate) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"unable to get local issuer|self-signed"):
        handshake(certificate.context(), ssl.create_default_context(), "pi.local")


def test_https_works_through_a_real_server(tmp_path: Path) -> None:
    certificate = Certificate(lambda: ["127.0.0.1", "localhost"], tmp_path)
    app = Asked()
    with served(Gate(app, Policy()), tls=certificate.context()) as port:
        client = http.client.HTTPSConnection("127.0.0.1", port, context=trusting(certificate.authority), timeout=5)
        client.request("GET", "/", headers={"Origin": f"https://127.0.0.1:{port}"})
        answer = client.getresponse()
        answer.read()
        assert (answer.status, app.scopes[0]["scheme"]) == (200, "https")
        assert f"wss://127.0.0.1:{port}" in str(answer.headers["content-security-policy"])
        client.request("GET", "/", headers={"Origin": f"http://127.0.0.1:{port}"})
        answer = client.getresponse()
        answer.read()
        assert answer.status == 403
        client.close()


def test_openssl_and_curl_agree(tmp_path: Path) -> None:
    missing = [name for name in ("openssl", "curl") if not shutil.which(name)]
    if missing:
        pytest.skip(f"needs the Debian package {missing[0]}")
    certificate = Certificate(lambda: ["127.0.0.1", "localhost"], tmp_path)
    trusted = tmp_path / "ca.pem"
    trusted.write_bytes(certificate.authority.certificate.public_bytes(serialization.Encoding.PEM))
    verify = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip", "127.0.0.1"]
    done = subprocess.run([*verify, "-CAfile", str(trusted), str(certificate.path)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    with served(Gate(Asked(), Policy()), tls=certificate.context()) as port:
        for trust, status in ((["--cacert", str(trusted)], 0), ([], 60)):
            address = f"https://localhost:{port}/v1/health"
            done = subprocess.run(
                ["curl", "--silent", "--noproxy", "*", *trust, address], capture_output=True, check=False
            )
            assert done.returncode == status


def test_the_authority_cannot_sign_for_the_internet(certificate: Certificate) -> None:
    assert (
        certificate.authority.permitted(["gym.example", "8.8.8.8", "2a00::1", "local.example", "", "a b.local"]) == []
    )
    # Even if somebody has its key.
    certificate.path.write_bytes(certificate.authority.sign(["bank.example", "8.8.8.8"]))
    stolen = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    stolen.load_cert_chain(certificate.path)
    for host in ("bank.example", "8.8.8.8"):
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
            handshake(stolen, trusting(certificate.authority), host)


def test_hosts_of_the_internet_are_left_out(tmp_path: Path) -> None:
    certificate = Certificate(lambda: ["8.8.8.8", "2a00::1", "gym.example", "localhost"], tmp_path)
    assert certificate.hosts == ["localhost"]


def test_the_authority_holds_for_ten_years_and_the_certificate_for_as_long_as_ios_takes(
    certificate: Certificate,
) -> None:
    authority = certificate.authority.certificate
    assert 3652 <= (authority.not_valid_after_utc - authority.not_valid_before_utc).days <= 3653
    assert (leaf(certificate).not_valid_after_utc - leaf(certificate).not_valid_before_utc).days <= 397
    now = datetime.datetime.now(datetime.UTC)
    for one in (authority, leaf(certificate)):
        assert one.not_valid_before_utc < now - datetime.timedelta(hours=12), "the clock of a phone may be late"
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    usage = leaf(certificate).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [one.dotted_string for one in usage] == ["1.3.6.1.5.5.7.3.1"]


def test_the_keys_are_for_their_owner_only(certificate: Certificate) -> None:
    folder = certificate.path.parent
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "authority.pem": 0o600,
        "server.pem": 0o600,
    }
    for one in (certificate.authority.crt(), certificate.authority.mobileconfig()):
        assert b"PRIVATE" not in one
    (folder / "authority.pem").chmod(0o640)
    with pytest.raises(AccessError, match="chmod 600"):
        Certificate(lambda: HOSTS, folder)


def test_both_are_made_once(certificate: Certificate) -> None:
    again = Certificate(lambda: HOSTS, certificate.path.parent)
    assert again.authority.crt() == certificate.authority.crt()
    assert leaf(again).serial_number == leaf(certificate).serial_number
    assert not again.renew()


def test_another_address_renews_the_certificate_and_not_the_authority(tmp_path: Path) -> None:
    hosts = ["localhost", "192.168.1.5"]
    certificate = Certificate(lambda: hosts, tmp_path)
    context, authority = certificate.context(), certificate.authority.crt()
    hosts[1] = "192.168.1.77"
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(context, trusting(certificate.authority), "192.168.1.77")
    assert certificate.renew()
    # The running server has it, too.
    assert handshake(context, trusting(certificate.authority), "192.168.1.77")
    assert certificate.authority.crt() == authority
    assert not certificate.renew()


def test_a_second_server_takes_what_the_first_renewed(tmp_path: Path) -> None:
    hosts = ["localhost"]
    first, second = (Certificate(lambda: hosts, tmp_path) for _ in range(2))
    context = second.context()
    hosts.append("pi.local")
    assert (first.renew(), second.renew()) == (True, False)
    assert handshake(context, trusting(first.authority), "pi.local")


@pytest.mark.parametrize(("days", "renewed"), [(31, False), (29, True), (-1, True)])
def test_the_certificate_is_renewed_a_month_before_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, renewed: bool
) -> None:
    monkeypatch.setattr(authorities, "LEAF_DAYS", days + 1)
    before = Certificate(lambda: HOSTS, tmp_path)
    serial = leaf(before).serial_number
    monkeypatch.undo()
    assert (leaf(Certificate(lambda: HOSTS, tmp_path)).serial_number != serial) is renewed


def test_the_certificate_of_another_authority_is_replaced(tmp_path: Path) -> None:
    first, second = (Certificate(lambda: HOSTS, tmp_path / name) for name in ("a", "b"))
    second.path.write_bytes(first.path.read_bytes())
    assert second.renew()
    assert handshake(second.context(), trusting(second.authority), "localhost")
    second.path.write_bytes(b"nonsense")
    assert second.renew()


def test_a_broken_authority_is_never_replaced_by_itself(tmp_path: Path) -> None:
    """Phones trust it: its owner decides."""
    (tmp_path / "authority.pem").touch(0o600)
    with pytest.raises(AccessError, match="is no certificate authority") as caught:
        Certificate(lambda: HOSTS, tmp_path)
    assert caught.value.code == "access.certificate"


def test_phones_can_install_it(certificate: Certificate) -> None:
    installed = x509.load_der_x509_certificate(certificate.authority.crt())
    profile = plistlib.loads(certificate.authority.mobileconfig())
    (payload,) = profile["PayloadContent"]
    assert (profile["PayloadType"], payload["PayloadType"]) == ("Configuration", "com.apple.security.root")
    assert payload["PayloadContent"] == installed.public_bytes(serialization.Encoding.DER)
    again = Authority.kept(certificate.path.with_name("authority.pem"))
    assert again.mobileconfig() == certificate.authority.mobileconfig(), "a phone knows it again"
    assert profile["PayloadUUID"] != payload["PayloadUUID"]


def test_two_machines_have_authorities_of_two_names(tmp_path: Path) -> None:
    one, other = (Authority.kept(tmp_path / name) for name in ("a", "b"))
    assert one.certificate.subject != other.certificate.subject


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """Return a folder with a certificate of somebody's own."""
    write_own(tmp_path)
    return tmp_path


def write_own(folder: Path, begins: int = -1, ends: int = 90, password: bytes = b"") -> None:
    """Write cert.pem and key.pem, which hold from and to days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gym.example")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(begins))
        .not_valid_after(now + datetime.timedelta(ends))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("gym.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    public = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "cert.pem").write_bytes(public)
    (folder / "key.pem").write_bytes(private)
    (folder / "both.pem").write_bytes(private + public)


def test_a_certificate_of_your_own_is_used(given: Path) -> None:
    client = ssl.create_default_context(cafile=given / "cert.pem")
    for context in (given_context(given / "cert.pem", given / "key.pem"), given_context(given / "both.pem")):
        assert handshake(context, client, "gym.example")


def test_a_wrong_certificate_of_your_own_is_explained(given: Path) -> None:
    (given / "other").mkdir()
    write_own(given / "other")
    (given / "text").write_text("hello")
    cases = [
        ("missing", "key.pem", "missing: cannot be read: No such file or directory: check --cert"),
        ("cert.pem", "missing", "missing: cannot be read: No such file or directory: check --key"),
        ("text", "key.pem", "text: is not a certificate in PEM"),
        ("key.pem", "key.pem", "key.pem: is not a certificate in PEM"),
        ("cert.pem", "text", "text: is no key without a password"),
        ("cert.pem", None, "cert.pem: is no key without a password"),
        ("cert.pem", "other/key.pem", "is not the key of"),
    ]
    for certificate, key, message in cases:
        with pytest.raises(UsageError) as caught:
            given_context(given / certificate, given / key if key else None)
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ends": 0}, "ended on"),
        ({"begins": 1}, "begins on"),
        ({"password": b"hush"}, "is no key without a password"),
    ],
)
def test_a_certificate_of_your_own_that_cannot_work_now_is_refused(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    write_own(tmp_path, **options)
    with pytest.raises(UsageError, match=message):
        given_context(tmp_path / "cert.pem", tmp_path / "key.pem")


def test_the_networks_of_the_authority_are_local() -> None:
    for network in authorities.LOCAL_NETWORKS:
        assert not network.is_global
        assert not any(ipaddress.ip_address(public) in network for public in ("8.8.8.8", "2a00::1", "100.128.0.1"))
