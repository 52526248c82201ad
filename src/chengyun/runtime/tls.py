"""HTTPS in a local network without the internet: an authority of our own, and a certificate for this machine's addresses.

Phones give position, camera and offline storage to pages over HTTPS only. The authority is made once per data folder; a phone
that trusts it trusts nothing else than this installation. Its certificate is handed out at /authority.crt; the key never leaves.
"""

import contextlib
import ipaddress
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FOLDER = "tls"
AUTHORITY = "authority.crt"
AUTHORITY_DAYS = 1825
CERTIFICATE_DAYS = 397
"""Phones refuse server certificates that are valid for longer than 398 days."""


def local_addresses() -> list[str]:
    """Addresses of this machine in its networks, the one that leads outside first. Asks the kernel; nothing is sent."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # TEST-NET-1: the kernel names the way it would take, no packet goes
        found.append(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    return [a for a in dict.fromkeys(found) if not ipaddress.ip_address(a).is_loopback]


def read_or_make(data: Path, addresses: list[str]) -> tuple[Path, Path, Path]:
    """Authority certificate, server certificate with its chain, server key. The server's is made again when addresses change."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    authority_file, authority_key_file = folder / AUTHORITY, folder / "authority.key"
    if not authority_file.exists() or not authority_key_file.exists():
        _make_authority(authority_file, authority_key_file)
    certificate_file, key_file = folder / "server.crt", folder / "server.key"
    wanted = {*addresses, "127.0.0.1"}
    if not certificate_file.exists() or not _serves(certificate_file, wanted):
        _make_certificate(authority_file, authority_key_file, certificate_file, key_file, wanted)
    return authority_file, certificate_file, key_file


def fingerprint(certificate: Path) -> str:
    """SHA-256 as phones show it, for comparing by eye."""
    digest = x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256())
    return ":".join(f"{byte:02X}" for byte in digest)


def _make_authority(certificate_file: Path, key_file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Chengyun"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Chengyun local authority {os.urandom(3).hex()}"),
        ]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(key_file, _pem(key), 0o600)
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _make_certificate(authority_file: Path, authority_key_file: Path, certificate_file: Path, key_file: Path, addresses: set[str]) -> None:
    authority = x509.load_pem_x509_certificate(authority_file.read_bytes())
    authority_key = serialization.load_pem_private_key(authority_key_file.read_bytes(), None)
    assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ipaddress.ip_address(a)) for a in sorted(addresses)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Chengyun")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    _write(key_file, _pem(key), 0o600)
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM) + authority_file.read_bytes(), 0o644)


def _serves(certificate_file: Path, wanted: set[str]) -> bool:
    certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    if certificate.not_valid_after_utc < datetime.now(UTC) + timedelta(days=30):
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return wanted <= {str(a) for a in names.get_values_for_type(x509.IPAddress)}


def _key_usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write(path: Path, content: bytes, mode: int) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    half.rename(path)
