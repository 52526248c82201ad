"""What leaves the building goes to public addresses and listed exceptions, and nowhere else (promise F7)."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from chengyun.base.results import Refused
from chengyun.sources import outbound
from chengyun.sources.outbound import REASONS, SIGNATURE_HEADER, Opened, Reply, is_public, is_signed, send, sign

PUBLIC = "93.184.215.14"

HOSTILE = [
    # the machine itself, in every spelling
    ("http://127.0.0.1/", None),
    ("http://127.255.255.254/", None),
    ("http://0.0.0.0/", None),
    ("http://0/", None),
    ("http://2130706433/", None),
    ("http://0x7f000001/", None),
    ("http://0x7f.0x0.0x0.0x1/", None),
    ("http://0177.0.0.1/", None),
    ("http://127.1/", None),
    ("http://127.0.0.1./", None),
    ("http://[::1]/", None),
    ("http://[::]/", None),
    ("http://[::ffff:127.0.0.1]/", None),
    ("http://[0:0:0:0:0:ffff:7f00:1]/", None),
    ("http://localhost/", ["127.0.0.1"]),
    ("http://LOCALHOST/", ["127.0.0.1"]),
    ("http://localhost./", [PUBLIC]),
    ("http://a.localhost/", [PUBLIC]),
    # neighbours
    ("http://10.1.2.3/", None),
    ("http://172.16.0.1/", None),
    ("http://172.31.255.255/", None),
    ("http://192.168.1.1/", None),
    ("http://100.64.0.1/", None),
    ("http://100.100.100.200/", None),
    ("http://169.254.169.254/latest/meta-data/", None),
    ("http://[fe80::1]/", None),
    ("http://[fe80::1%25eth0]/", None),
    ("http://[fd00::1]/", None),
    ("http://[fec0::1]/", None),
    ("http://router/", [PUBLIC]),
    ("http://db.internal/", [PUBLIC]),
    # addresses that are none, or carry another inside
    ("http://224.0.0.1/", None),
    ("http://255.255.255.255/", None),
    ("http://240.0.0.1/", None),
    ("http://198.18.0.1/", None),
    ("http://192.0.2.1/", None),
    ("http://[ff02::1]/", None),
    ("http://[2002:7f00:1::]/", None),
    ("http://[64:ff9b::7f00:1]/", None),
    ("http://[64:ff9b:1::a00:1]/", None),
    ("http://[2001:0:7f00:1::]/", None),
    ("http://[2001:db8::1]/", None),
    ("http://[::127.0.0.1]/", None),
    # names that lead astray
    ("http://inside.example.org/", ["10.0.0.5"]),
    ("http://two-faced.example.org/", [PUBLIC, "127.0.0.1"]),
    ("http://mapped.example.org/", ["::ffff:169.254.169.254"]),
    ("http://zone.example.org/", ["fe80::1%2"]),
    ("http://gone.example.org/", OSError("no such name")),
    ("http://nothing.example.org/", []),
    # addresses two readers would read differently
    ("http://example.org@127.0.0.1/", [PUBLIC]),
    ("http://user:secret@example.org/", [PUBLIC]),
    ("http://example.org\\@127.0.0.1/", [PUBLIC]),
    ("http://example.org\r\nX: y/", [PUBLIC]),
    ("http://exa%6dple.org/", [PUBLIC]),
    ("http://ⓛocalhost/", [PUBLIC]),
    ("http://例子.测试/", [PUBLIC]),
    # other doors
    ("http://example.org:22/", [PUBLIC]),
    ("http://example.org:5432/", [PUBLIC]),
    ("file:///etc/passwd", None),
    ("gopher://example.org/_SET", [PUBLIC]),
]


def no_wire(address, port, seconds):
    raise AssertionError(f"connected to {address}:{port}")


def answering(answers):
    def resolve(host, port):
        if answers is None:
            raise AssertionError(f"looked up {host}")
        if isinstance(answers, Exception):
            raise answers
        return answers

    return resolve


def test_there_are_sixty_hostile_addresses():
    assert len({url for url, _ in HOSTILE}) == len(HOSTILE) == 60


@pytest.mark.parametrize(("url", "answers"), HOSTILE, ids=[repr(url) for url, _ in HOSTILE])
def test_a_hostile_address_is_refused_before_anything_is_sent(url, answers):
    refused = send(url, resolve=answering(answers), connect=no_wire)
    assert isinstance(refused, Refused)
    assert refused.reason in REASONS[:5]


def test_control_with_the_address_check_off_the_inner_ones_would_be_called(monkeypatch):
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    called = []

    def connect(address, port, seconds):
        called.append(address)
        raise OSError

    for url, answers in HOSTILE:
        send(url, resolve=answering(answers), connect=connect)
    assert {"127.0.0.1", "169.254.169.254", "10.0.0.5", "::1", "100.64.0.1"} <= set(called)


def test_public_addresses_are_public():
    assert all(is_public(address) for address in (PUBLIC, "8.8.8.8", "223.5.5.5", "2400:3200::1", "100.63.255.255", "172.32.0.1"))


@contextmanager
def partner(*pieces: bytes, pause: float = 0.0, context: ssl.SSLContext | None = None):
    """A server on the loopback that reads one request and answers with the pieces, waiting between them. Yields (port, what it read)."""
    listener, heard, stop = socket.create_server(("127.0.0.1", 0)), [], threading.Event()

    def serve():
        try:
            wire = listener.accept()[0]
            with context.wrap_socket(wire, server_side=True) if context else wire as wire:
                heard.append(wire.recv(65536))
                for piece in pieces:
                    wire.sendall(piece)
                    if pause:
                        stop.wait(pause)
        except OSError:
            pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        stop.set()
        listener.close()
        thread.join(5)


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


def test_a_listed_exception_is_reached_and_opens_only_itself():
    with partner(OK) as (port, heard):
        allow = [Opened("127.0.0.1", port)]
        assert send(f"http://127.0.0.1:{port + 1}/", allow=allow, connect=no_wire).reason == "outbound_port_closed"
        assert send("http://127.0.0.1/", allow=allow, connect=no_wire).reason == "outbound_address_closed"
        assert send(f"http://127.0.0.2:{port}/", allow=allow, connect=no_wire).reason == "outbound_port_closed"
        reply = send(f"http://127.0.0.1:{port}/hook?a=1", "POST", {"X-Key": "v"}, b"body", allow=allow)
    assert reply == Reply(200, {"content-type": "text/plain", "content-length": "5"}, b"hello")
    head, body = heard[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?a=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"X-Key: v" in head
    assert body == b"body"


def test_a_name_is_looked_up_once_and_its_answer_is_where_we_go():
    asked = []

    def rebinding(host, port):
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    went = []

    def connect(address, port, seconds):
        went.append((address, port))
        raise ConnectionRefusedError

    assert send("http://example.org/", resolve=rebinding, connect=connect).reason == "outbound_failed"
    assert (asked, went) == (["example.org"], [(PUBLIC, 80)])


def test_a_head_without_end_is_not_read():
    with partner(b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 60_000 + b"\r\n") * 6) as (port, _):
        assert send(f"http://127.0.0.1:{port}/", allow=[Opened("127.0.0.1", port)]).reason == "outbound_too_large"


def test_a_name_server_that_never_answers_is_a_refusal(monkeypatch):
    never = threading.Event()
    monkeypatch.setattr(outbound, "NAME_SECONDS", 0.05)
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_, **__: [never.wait(5)][1:])
    assert send("http://example.org/", connect=no_wire).reason == "outbound_name_unknown"
    never.set()


def test_a_redirect_comes_back_as_it_is():
    with partner(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as (port, _):
        reply = send(f"http://127.0.0.1:{port}/", allow=[Opened("127.0.0.1", port)])
    assert (reply.status, reply.headers["location"]) == (302, "http://127.0.0.1:1/")


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_more_than_64_kb_are_not_read(head):
    with partner(head + b"x" * 70_000) as (port, _):
        assert send(f"http://127.0.0.1:{port}/", allow=[Opened("127.0.0.1", port)]).reason == "outbound_too_large"


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"] + [b"x"] * 900,
        [bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 80],
        [b""],
    ],
    ids=["slow body", "slow head", "silence"],
)
def test_the_whole_exchange_has_one_time_limit(pieces):
    """A byte every 20 ms keeps any limit per read from ever ending; silence does the rest."""
    with partner(*pieces, pause=0.02 if len(pieces) > 1 else 5) as (port, _):
        started = time.monotonic()
        refused = send(f"http://127.0.0.1:{port}/", allow=[Opened("127.0.0.1", port)], seconds=0.5)
        assert time.monotonic() - started < 1.5
    assert refused.reason == "outbound_too_slow"


@pytest.mark.parametrize("said", [b"SSH-2.0-x\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_a_partner_that_talks_nonsense_or_breaks_off_is_a_refusal(said):
    with partner(said) as (port, _):
        assert send(f"http://127.0.0.1:{port}/", allow=[Opened("127.0.0.1", port)]).reason == "outbound_failed"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("CONNECT", {}),
        ("get", {}),
        ("GET", {"Host": "x"}),
        ("GET", {"X": "a\r\nY: b"}),
        ("GET", {"X Y": "a"}),
        ("POST", {"Content-Length": "0"}),
    ],
)
def test_a_request_that_smuggles_is_refused(method, headers):
    assert send("http://example.org/", method, headers, resolve=answering(None), connect=no_wire).reason == "outbound_bad_request"


def certificate(tmp_path, name: str):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, who = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / f"{name}.pem"
    form = serialization.Encoding.PEM
    secret = key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


def test_certificates_are_checked(tmp_path):
    path, context = certificate(tmp_path, "partner.example.org")
    trust = ssl.create_default_context(cafile=path)
    for name, trusted, expected in (
        ("partner.example.org", trust, 200),
        ("partner.example.org", None, "outbound_failed"),
        ("other.example.org", trust, "outbound_failed"),
    ):
        with partner(OK, context=context) as (port, _):
            reply = send(f"https://{name}:{port}/", allow=[Opened(name, port)], resolve=lambda *_: ["127.0.0.1"], trust=trusted)
        assert (reply.status if isinstance(reply, Reply) else reply.reason) == expected


def test_a_context_that_checks_nothing_is_not_used():
    lax = ssl.create_default_context()
    lax.check_hostname, lax.verify_mode = False, ssl.CERT_NONE
    with partner(OK) as (port, _):
        assert send(f"https://127.0.0.1:{port}/", allow=[Opened("127.0.0.1", port)], trust=lax).reason == "outbound_failed"


def test_a_webhook_is_signed_over_its_time_and_body():
    now, key = datetime(2026, 11, 24, 2, 30, tzinfo=UTC), b"k" * 32
    header = sign(b'{"case":1}', "2026a", key, now)[SIGNATURE_HEADER]
    keys = {"2026a": key, "2026b": b"n" * 32}
    assert header.startswith("t=1795487400,k=2026a,v1=")
    assert is_signed(b'{"case":1}', header, keys, now + timedelta(minutes=4))
    assert not is_signed(b'{"case":2}', header, keys, now)
    assert not is_signed(b'{"case":1}', header, keys, now + timedelta(minutes=6))
    assert not is_signed(b'{"case":1}', header.replace("2026a", "2026b"), keys, now)
    assert not is_signed(b'{"case":1}', header, {}, now)
    assert not is_signed(b'{"case":1}', header.replace("t=1795487400", "t=1795487401"), keys, now)


def test_a_short_key_signs_nothing():
    with pytest.raises(ValueError, match="16 random bytes"):
        sign(b"", "a", b"short", datetime(2026, 11, 24, tzinfo=UTC))
