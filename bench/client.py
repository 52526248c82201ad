"""A client that costs little: one kept connection, requests written as bytes, answers read to their length."""

import json
import secrets
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Answer:
    status: int
    body: bytes

    def json(self) -> dict[str, object]:
        return json.loads(self.body)


@dataclass
class Client:
    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    def __post_init__(self) -> None:
        self._parts = urlsplit(self.address)
        self._socket: socket.socket | None = None
        self._left = b""

    def another(self, address: str = "") -> "Client":
        """The same session on a connection of its own."""
        return Client(address or self.address, dict(self.cookies), self.csrf)

    def sign_in(self, account: str, password: str) -> None:
        self.csrf = str(self.get("/api/v1/session").json()["csrf"])
        answer = self.post("/api/v1/session", {"account": account, "password": password})
        if answer.status != 200:
            raise SystemExit(f"account {account} was not let in: {answer.status} {answer.body[:200]!r}")
        self.csrf = str(answer.json()["csrf"])

    def get(self, path: str) -> Answer:
        return self.ask("GET", path, b"", "")

    def post(self, path: str, body: object) -> Answer:
        return self.ask("POST", path, json.dumps(body).encode(), "application/json")

    def send_photo(self, jpeg: bytes) -> int:
        edge = secrets.token_hex(12)
        body = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'.encode()
        answer = self.ask(
            "POST", "/api/v1/sources/attachments", body + jpeg + f"\r\n--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"
        )
        if answer.status != 201:
            raise SystemExit(f"a photo was not taken: {answer.status} {answer.body[:200]!r}")
        return int(str(answer.json()["id"]))

    def ask(self, method: str, path: str, body: bytes, media_type: str) -> Answer:
        head = [f"{method} {path} HTTP/1.1", f"Host: {self._parts.netloc}", "Accept: application/json", "Accept-Language: zh-CN"]
        if self.cookies:
            head.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if method != "GET":
            head += [f"X-CSRFToken: {self.csrf}", f"Idempotency-Key: {secrets.token_hex(8)}"]
            head += [f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
        sent = "\r\n".join(head).encode() + b"\r\n\r\n" + body
        for attempt in (1, 2):
            if self._socket is None:
                self._socket, self._left = socket.create_connection((self._parts.hostname or "", self._parts.port or 80), timeout=60), b""
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._socket.sendall(sent)
                return self._read()
            except ConnectionError:
                self._socket = None
                if attempt == 2:
                    raise
        raise AssertionError

    def _read(self) -> Answer:
        while b"\r\n\r\n" not in self._left:
            self._more()
        head, _, self._left = self._left.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        length, close, chunked = 0, False, False
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            if name == "content-length":
                length = int(value)
            elif name == "set-cookie":
                kept, _, worth = value.partition(";")[0].partition("=")
                self.cookies[kept] = worth
            elif name == "connection":
                close = value.lower() == "close"
            elif name == "transfer-encoding":
                chunked = True
        body = self._chunks() if chunked else self._take(length)
        if close and self._socket is not None:
            self._socket.close()
            self._socket = None
        return Answer(int(lines[0].split()[1]), body)

    def _take(self, length: int) -> bytes:
        while len(self._left) < length:
            self._more()
        body, self._left = self._left[:length], self._left[length:]
        return body

    def _chunks(self) -> bytes:
        found = b""
        while True:
            while b"\r\n" not in self._left:
                self._more()
            size, _, self._left = self._left.partition(b"\r\n")
            piece = self._take(int(size, 16) + 2)
            if len(piece) == 2:
                return found
            found += piece[:-2]

    def _more(self) -> None:
        assert self._socket is not None
        piece = self._socket.recv(65536)
        if not piece:
            raise ConnectionError("closed")
        self._left += piece
