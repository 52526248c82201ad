"""HTTPS in a local network: an authority of our own that phones can trust, and nothing of it that others can read."""

import ssl
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from chengyun.runtime import tls


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_certificate_is_trusted_by_whoever_trusts_the_authority(tmp_path):
    authority, certificate, key = tls.read_or_make(tmp_path, ["192.168.7.9"])
    store = Store([load(authority)])
    moment = datetime.now(UTC) + timedelta(minutes=1)
    builder = PolicyBuilder().store(store).time(moment)
    import ipaddress

    builder.build_server_verifier(x509.IPAddress(ipaddress.ip_address("192.168.7.9"))).verify(load(certificate), [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)


def test_keys_are_for_their_owner_alone(tmp_path):
    tls.read_or_make(tmp_path, [])
    for name in ("authority.key", "server.key"):
        assert (tmp_path / "tls" / name).stat().st_mode & 0o777 == 0o600


def test_the_authority_stays_and_the_certificate_follows_the_addresses(tmp_path):
    authority, certificate, _ = tls.read_or_make(tmp_path, ["192.168.7.9"])
    before = authority.read_bytes(), certificate.read_bytes()
    tls.read_or_make(tmp_path, ["192.168.7.9"])
    assert (authority.read_bytes(), certificate.read_bytes()) == before
    tls.read_or_make(tmp_path, ["10.1.2.3"])
    assert authority.read_bytes() == before[0]
    assert certificate.read_bytes() != before[1]


def test_phones_take_it_for_no_longer_than_they_accept(tmp_path):
    _, certificate, _ = tls.read_or_make(tmp_path, [])
    found = load(certificate)
    assert found.not_valid_after_utc - found.not_valid_before_utc <= timedelta(days=398)
