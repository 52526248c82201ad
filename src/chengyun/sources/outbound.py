"""The one client for everything we fetch or send: webhooks, partner systems, files given by address (promise F7).

Whoever lets outsiders name an address lends them our place in the network. So: the name is resolved once, every address it gives
must be a public one, the connection goes to that very address (a second look-up could answer differently), redirects are not followed,
the whole exchange has ten seconds by the monotonic clock and 64 KB, and a name that does not resolve is a refusal. A city's own systems
on private addresses are opened one by one as `Opened` rows: host and port, nothing beside them.

A refusal is a value (`Refused`, reason codes in `REASONS`); so is a partner that is down: `Refused("outbound_failed")`.
"""

import contextlib
import hashlib
import hmac
import http.client
import io
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from chengyun.base.results import Refused

TOTAL_SECONDS = 10.0
NAME_SECONDS = 4.0
MOST_BYTES = 64 * 1024
MOST_ON_THE_WIRE = 4 * MOST_BYTES
"""Head, chunk marks and body together, so that a head without end is no way round."""
MOST_SENT = 1024 * 1024
LONGEST_URL = 2048
PORTS = frozenset({80, 443, 8080, 8443})
"""Ports open without an exception; chosen by us: where web systems listen. Mail, databases and shells listen elsewhere."""
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"})

REASONS = (
    "outbound_bad_url",
    "outbound_bad_request",
    "outbound_port_closed",
    "outbound_name_unknown",
    "outbound_address_closed",
    "outbound_too_slow",
    "outbound_too_large",
    "outbound_failed",
)


@dataclass(frozen=True)
class Opened:
    """A listed exception: this host at this port may lie on a private address. `host` as written in the URL, a name or an address."""

    host: str
    port: int


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    """Names in lower case; of a repeated header the last one counts."""
    body: bytes


Resolve = Callable[[str, int], Iterable[str]]
"""Name and port to addresses as text; raises OSError if there are none."""
Connect = Callable[[str, int, float], socket.socket]


def resolve_by_system(host: str, port: int) -> list[str]:
    """Asks the system, but not for longer than `NAME_SECONDS`: its own patience can be minutes, and nothing else can end the call."""
    answers: list[str] = []

    def ask() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            answers.extend(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(NAME_SECONDS)
    return [] if asking.is_alive() else answers


def connect_by_system(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), timeout=seconds)


def send(
    url: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    allow: Iterable[Opened] = (),
    resolve: Resolve = resolve_by_system,
    connect: Connect = connect_by_system,
    seconds: float = TOTAL_SECONDS,
    trust: ssl.SSLContext | None = None,
) -> Reply | Refused:
    """One exchange with one public address, or why there was none.

    allow     listed exceptions of this installation
    resolve, connect, trust   for tests, and for an installation with its own authority; verification is never off
    Redirects come back as their 3xx reply: the caller decides, through this door again.
    """
    deadline = time.monotonic() + seconds
    target = read_target(url, allow)
    if isinstance(target, Refused):
        return target
    wrong = _find_fault(method, headers or {}, body)
    if wrong:
        return Refused("outbound_bad_request", {"found": wrong})
    address = find_address(target, resolve)
    if isinstance(address, Refused):
        return address
    try:
        return _exchange(target, address, method, headers or {}, body, deadline, connect, trust)
    except _TooLarge:
        return Refused("outbound_too_large", {"limit": MOST_BYTES})
    except TimeoutError:
        return Refused("outbound_too_slow", {"seconds": seconds, "host": target.host})
    except (OSError, http.client.HTTPException, ValueError) as fault:
        return Refused("outbound_failed", {"host": target.host, "fault": type(fault).__name__})


# Where to ---------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    scheme: str
    host: str
    port: int
    path: str
    opened: bool
    """A listed exception: it may lie on a private address."""


_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_INNER_NAMES = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "localdomain",
    "arpa",
    "onion",
    "test",
    "invalid",
)


def read_target(url: str, allow: Iterable[Opened] = ()) -> Target | Refused:
    """The URL taken apart strictly: what two readers could understand differently is refused, not guessed."""
    if len(url) > LONGEST_URL or not url.isascii() or re.search(r"[\x00-\x20\x7f\\<>\"^`{|}]", url):
        return Refused("outbound_bad_url", {"found": "characters that have no place in an address"})
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return Refused("outbound_bad_url", {"found": "port or host"})
    if parts.scheme not in ("http", "https") or not url.lower().startswith(parts.scheme + "://"):
        return Refused("outbound_bad_url", {"found": "scheme", "wanted": "http or https"})
    if "@" in parts.netloc or parts.fragment or "%" in parts.netloc:
        return Refused("outbound_bad_url", {"found": "name and password, escape or fragment"})
    host = read_host(parts.hostname or "")
    if host is None or (port is None and parts.netloc.endswith(":")):
        return Refused("outbound_bad_url", {"found": "host"})
    port = (443 if parts.scheme == "https" else 80) if port is None else port
    opened = any(one.host.lower() == host and one.port == port for one in allow)
    if not opened and port not in PORTS:
        return Refused("outbound_port_closed", {"port": port, "open": sorted(PORTS)})
    if not opened and (("." not in host and ":" not in host) or host.rsplit(".", 1)[-1] in _INNER_NAMES):
        return Refused("outbound_address_closed", {"host": host})
    return Target(parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), opened)


def read_host(host: str) -> str | None:
    """A plain name or an address in its one plain spelling; None for the rest: `2130706433`, `0x7f.1`, `127.1`, `010.0.0.1`, `a..b`.

    Names in other scripts must come in their `xn--` spelling, so that what is checked is what is asked for.
    """
    host = host.lower().removesuffix(".")
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host)) if "%" not in host else None
        except ValueError:
            return None
    labels = host.split(".")
    if not host or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if labels[-1].isdigit() or re.fullmatch(r"0x[0-9a-f]*", labels[-1]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            return None
    return host


def find_address(target: Target, resolve: Resolve) -> str | Refused:
    """The one address to connect to. Every address of the name must be open: one bad one among good ones is an attack, not a mistake."""
    try:
        answers = [target.host] if _is_address(target.host) else list(resolve(target.host, target.port))
    except (OSError, UnicodeError):
        answers = []
    if not answers:
        return Refused("outbound_name_unknown", {"host": target.host})
    for answer in answers:
        if not _is_address(answer) or not (target.opened or is_public(answer)):
            return Refused("outbound_address_closed", {"host": target.host})
    return answers[0]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_CLOSED = tuple(
    ipaddress.ip_network(row)
    for row in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598; cloud providers' own services
        "127.0.0.0/8",
        "169.254.0.0/16",  # link local; metadata of virtual machines
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_OPEN_V6 = ipaddress.ip_network("2000::/3")
_CLOSED_V6 = tuple(
    ipaddress.ip_network(row)
    for row in (
        "2001::/23",  # protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "2620:4f:8000::/48",
        "3fff::/20",  # documentation
    )
)
"""IANA special-purpose address registries, as of 2025. Only global unicast is open in IPv6, so mapped (`::ffff:`), NAT64
(`64:ff9b::`), unique local and link local need no row."""


def is_public(text: str) -> bool:
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _CLOSED)
    return address.scope_id is None and address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)


# The exchange -----------------------------------------------------------------------------------------------------------------------------


class _TooLarge(Exception):
    """More came than we take."""


_OURS = {
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "accept-encoding",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-authorization",
}


def _find_fault(method: str, headers: Mapping[str, str], body: bytes) -> str:
    if method not in METHODS:
        return "method"
    if len(body) > MOST_SENT:
        return "body"
    for name, value in headers.items():
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", name) or name.lower() in _OURS or not re.fullmatch(r"[\x20-\x7e]{0,4096}", value):
            return f"header {name[:64]!r}"
    return ""


class _TimedSocket(io.RawIOBase):
    """Reads of a socket under one deadline for all of them together: a partner that sends a byte a second does not hold us for ever."""

    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self.wire, self.deadline, self.left = wire, deadline, MOST_ON_THE_WIRE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        self.wire.settimeout(_left(self.deadline))
        came = self.wire.recv_into(buffer)  # type: ignore[arg-type]
        self.left -= came
        if self.left < 0:
            raise _TooLarge
        return came

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        return io.BufferedReader(self)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _exchange(
    target: Target,
    address: str,
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    deadline: float,
    connect: Connect,
    trust: ssl.SSLContext | None,
) -> Reply:
    with connect(address, target.port, _left(deadline)) as plain:
        plain.settimeout(_left(deadline))
        wire = plain if target.scheme == "http" else _secure(plain, target.host, trust)
        with wire:
            _write(wire, _request(target, method, headers, body), deadline)
            return _read(wire, method, deadline)


def _secure(plain: socket.socket, host: str, trust: ssl.SSLContext | None) -> ssl.SSLSocket:
    context = trust or ssl.create_default_context()
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise ssl.SSLError("verification must stay on")
    return context.wrap_socket(plain, server_hostname=host)


def _request(target: Target, method: str, headers: Mapping[str, str], body: bytes) -> bytes:
    standard = target.port == (443 if target.scheme == "https" else 80)
    host = f"[{target.host}]" if ":" in target.host else target.host
    lines = [f"{method} {target.path} HTTP/1.1", f"Host: {host}" + ("" if standard else f":{target.port}")]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    lines += ["Accept-Encoding: identity", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("ascii") + body


def _write(wire: socket.socket, request: bytes, deadline: float) -> None:
    view = memoryview(request)
    while view:
        wire.settimeout(_left(deadline))
        view = view[wire.send(view[:65536]) :]


def _read(wire: socket.socket, method: str, deadline: float) -> Reply:
    reply = http.client.HTTPResponse(_TimedSocket(wire, deadline), method=method)  # type: ignore[arg-type]
    reply.begin()
    body = reply.read(MOST_BYTES + 1) if method != "HEAD" else b""
    if len(body) > MOST_BYTES:
        raise _TooLarge
    if reply.length and method != "HEAD":
        raise http.client.IncompleteRead(body, reply.length)
    return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, body)


# Signed webhooks --------------------------------------------------------------------------------------------------------------------------

SIGNATURE_HEADER = "X-Chengyun-Signature"
FRESH = timedelta(minutes=5)
"""Receivers should take nothing older; chosen by us: clocks of partners differ by minutes, not by more."""


def sign(body: bytes, key_id: str, key: bytes, at: datetime) -> dict[str, str]:
    """The header of a webhook: `t=<unix seconds>,k=<key id>,v1=<HMAC-SHA256 of "t.body", hex>`. The key id lets two keys overlap while one
    is replaced."""
    if len(key) < 16 or not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", key_id):
        raise ValueError("a webhook key needs an id of letters and digits and at least 16 random bytes")
    seconds = int(at.timestamp())
    return {SIGNATURE_HEADER: f"t={seconds},k={key_id},v1={_digest(body, key, seconds)}"}


def is_signed(body: bytes, header: str, keys: Mapping[str, bytes], now: datetime) -> bool:
    """What a receiver checks (and our own doors for partners that sign the same way): known key, fresh, right sum."""
    found = re.fullmatch(r"t=(\d{1,12}),k=([A-Za-z0-9_-]{1,40}),v1=([0-9a-f]{64})", header)
    if not found or found[2] not in keys or abs(int(found[1]) - now.timestamp()) > FRESH.total_seconds():
        return False
    return hmac.compare_digest(_digest(body, keys[found[2]], int(found[1])), found[3])


def _digest(body: bytes, key: bytes, seconds: int) -> str:
    return hmac.new(key, f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
