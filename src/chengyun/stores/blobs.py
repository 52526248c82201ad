"""Files on disk, by what they are: `<data>/blobs/<tenant>/aa/bb/<sha256>`. Knows nothing of cases; a file's row is written after it.

A write is: temporary name, fsync, rename, fsync of the folder (promise R4). So a name that exists is whole, the same bytes are kept once
per tenant, and a file whose row never came is an orphan that `sweep` removes. A disk that is full or fails gives `StorageFull` and leaves
nothing behind (promise R5); doors answer it with 507.

`UploadDesk` lets a phone send a file in pieces and go on where the network broke: pieces are appended at an offset the phone asks for,
and the session ends in a file whose size and sum are those announced at its start.
"""

import errno
import fcntl
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import file_digest, sha256
from pathlib import Path
from typing import IO

from chengyun.base.errors import ChengyunError, Conflict, NotFound
from chengyun.base.ids import PersonId, TenantId
from chengyun.base.results import Refused

MB = 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SESSION = re.compile(r"[0-9a-f]{32}")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG, errno.ENFILE, errno.EMFILE}

REASONS = (
    "upload_too_large",
    "upload_too_many",
    "upload_too_much",
    "upload_wrong_offset",
    "upload_differs",
    "upload_incomplete",
    "upload_bad_announcement",
)


class StorageFull(ChengyunError):
    """The operator must act: no space, or the disk fails. Nothing was stored; HTTP doors answer 507."""

    code = "storage_full"


class FileChanged(ChengyunError):
    """The operator must act: a stored file no longer has its sum. Better no answer than a wrong one."""

    code = "stored_file_changed"


@dataclass(frozen=True)
class UploadLimits:
    """Chosen by us: a collector's offline day is some thirty photos and a film or two."""

    file_bytes: int = 80 * MB
    person_sessions: int = 50
    person_bytes: int = 400 * MB
    tenant_bytes: int = 20 * 1024 * MB
    piece_bytes: int = 8 * MB
    lifetime: timedelta = timedelta(days=7)
    """A phone may be without network for a weekend and lie in a drawer for the rest."""


@dataclass(frozen=True)
class UploadSession:
    """One announced file on its way in. `key` is the idempotency key the phone made; the same key finds the same session."""

    id: str
    tenant: TenantId
    person: PersonId
    key: str
    size: int
    sha256: str
    name: str
    media_type: str
    started: str
    """UTC, as `base.time.to_text` writes it."""
    received: int = 0


@contextmanager
def _disk() -> Iterator[None]:
    """Turns a full or failing disk into `StorageFull`; every other error keeps its own face."""
    try:
        yield
    except OSError as fault:
        if fault.errno in _FULL:
            raise StorageFull(
                "no file can be stored: the disk is full or fails", fault=errno.errorcode.get(fault.errno or 0, "")
            ) from fault
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_folder(folder: Path, top: Path) -> None:
    """Make the folders down to `folder` and make their names durable, each in its parent."""
    missing = []
    while folder != top.parent and not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(new.parent)


class BlobStore:
    """The files of one installation. Safe for threads and processes on one machine: the file system's rename is the arbiter."""

    def __init__(self, data_folder: Path) -> None:
        self.top = data_folder / "blobs"
        _make_folder(self.top, self.top)

    def put(self, tenant: TenantId, body: bytes) -> str:
        """Store, durably, and return the sha256 by which it is read. Storing what is there already costs a look."""
        digest = sha256(body).hexdigest()
        with _disk(), self._locked(tenant, fcntl.LOCK_SH):
            if not self._is_there(tenant, digest, len(body)):
                with self._new_file(tenant) as temporary:
                    temporary.write(body)
                    self._settle(temporary, self.path_of(tenant, digest))
        return digest

    def put_file(self, tenant: TenantId, source: Path) -> str:
        """Store a file by copying it, for what is too large for memory."""
        with _disk(), source.open("rb") as opened, self._locked(tenant, fcntl.LOCK_SH):
            digest = file_digest(opened, "sha256").hexdigest()
            if not self._is_there(tenant, digest, source.stat().st_size):
                opened.seek(0)
                with self._new_file(tenant) as temporary:
                    shutil.copyfileobj(opened, temporary, MB)
                    self._settle(temporary, self.path_of(tenant, digest))
        return digest

    def get(self, tenant: TenantId, digest: str) -> bytes:
        """The bytes; raises `NotFound`. The sum is checked: a disk that changed a bit must not answer for the city."""
        with self.open(tenant, digest) as opened:
            body = opened.read()
        if sha256(body).hexdigest() != digest:
            raise FileChanged("a stored file is not what it was; restore it from the backup", digest=digest)
        return body

    def open(self, tenant: TenantId, digest: str) -> IO[bytes]:
        """For serving in pieces; the caller closes it. Raises `NotFound`."""
        try:
            return self.path_of(tenant, digest).open("rb")
        except FileNotFoundError:
            raise NotFound("no such file") from None

    def path_of(self, tenant: TenantId, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise NotFound("no such file")
        return self._of_tenant(tenant) / digest[:2] / digest[2:4] / digest

    def erase(self, tenant: TenantId, digest: str) -> bool:
        """Remove one file, for erasure and retention (promises P6, P7); False if it was not there. Rows that name it go first."""
        path = self.path_of(tenant, digest)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        _sync_folder(path.parent)
        return True

    def digests(self, tenant: TenantId) -> Iterator[str]:
        """All that is stored, for backup and `verify`."""
        for path in sorted(self._of_tenant(tenant).glob("??/??/*")):
            if _DIGEST.fullmatch(path.name):
                yield path.name

    def sweep(self, tenant: TenantId, known: Iterable[str], older_than: timedelta) -> list[str]:
        """Remove files no row names and temporary leftovers last written longer ago than `older_than`; return the digests removed.

        known        every digest the tenant's rows name
        older_than   keeps a file whose row is about to be committed: an hour or more. Age is that of the file system, by the machine's
                     clock, not by the city's. `put` of a file that is there renews it for the same reason
        """
        named, limit, gone = set(known), time.time() - older_than.total_seconds(), []
        for path in self._of_tenant(tenant).glob("??/??/*"):
            if path.name in named:
                continue
            with self._locked(tenant, fcntl.LOCK_EX):  # one file at a time: a writer waits for one removal, not for the sweep
                if self._removed(path, limit):
                    gone.append(path.name)
        for path in (self._of_tenant(tenant) / "new").glob("*"):
            self._removed(path, limit)
        return sorted(gone)

    def _of_tenant(self, tenant: TenantId) -> Path:
        return self.top / str(int(tenant))

    def _removed(self, path: Path, limit: float) -> bool:
        try:
            if path.stat().st_mtime >= limit:
                return False
            path.unlink()
        except FileNotFoundError:
            return False
        return True

    def _is_there(self, tenant: TenantId, digest: str, size: int) -> bool:
        path = self.path_of(tenant, digest)
        try:
            if path.stat().st_size != size:
                return False
            os.utime(path)
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def _locked(self, tenant: TenantId, how: int) -> Iterator[None]:
        """Writers share; the sweeper is alone for the moment between looking at a file's age and removing it."""
        _make_folder(self._of_tenant(tenant), self.top)
        with (self._of_tenant(tenant) / "lock").open("a") as lock:
            fcntl.flock(lock, how)
            yield

    @contextmanager
    def _new_file(self, tenant: TenantId) -> Iterator[IO[bytes]]:
        folder = self._of_tenant(tenant) / "new"
        _make_folder(folder, self.top)
        path = folder / secrets.token_hex(16)
        try:
            with path.open("xb") as temporary:
                yield temporary
        finally:
            path.unlink(missing_ok=True)

    def _settle(self, temporary: IO[bytes], path: Path) -> None:
        """Durable first, named after: the order is the promise."""
        temporary.flush()
        os.fsync(temporary.fileno())
        _make_folder(path.parent, self.top)
        Path(temporary.name).rename(path)
        _sync_folder(path.parent)


class UploadDesk:
    """Files arriving in pieces: `<data>/uploads/<tenant>/<session>.{json,part}`. Times are arguments; nothing here reads a clock."""

    def __init__(self, data_folder: Path, limits: UploadLimits | None = None) -> None:
        self.top = data_folder / "uploads"
        self.limits = limits or UploadLimits()
        _make_folder(self.top, self.top)

    def start(
        self, tenant: TenantId, person: PersonId, key: str, size: int, digest: str, now: datetime, name: str = "", media_type: str = ""
    ) -> UploadSession | Refused:
        """Announce a file. The same key of the same person gives the running session back; with another size or sum, `Conflict`."""
        if not (0 < len(key) <= 200) or not _DIGEST.fullmatch(digest) or size <= 0:
            return Refused("upload_bad_announcement")
        if size > self.limits.file_bytes:
            return Refused("upload_too_large", {"size": size, "limit": self.limits.file_bytes})
        session_id = sha256(f"{int(tenant)}:{int(person)}:{key}".encode()).hexdigest()[:32]
        with _disk(), self._alone(tenant):
            running = self._find(tenant, session_id)
            if running is not None:
                if (running.size, running.sha256) != (size, digest):
                    raise Conflict("this idempotency key announced another file", key=key)
                return running
            refused = self._find_excess(tenant, person, size)
            if refused is not None:
                return refused
            started = now.astimezone(UTC).isoformat()
            session = UploadSession(session_id, tenant, person, key, size, digest, name[:300], media_type[:100], started)
            part, head = self._paths(tenant, session_id)
            part.touch(mode=0o600)
            fresh = head.with_suffix(".new")
            with fresh.open("w", encoding="utf-8") as opened:
                json.dump(asdict(session), opened)
                opened.flush()
                os.fsync(opened.fileno())
            fresh.rename(head)
            _sync_folder(head.parent)
            return session

    def get(self, tenant: TenantId, person: PersonId, session_id: str) -> UploadSession:
        """How far it is; raises `NotFound` for others' sessions as for none."""
        found = self._find(tenant, session_id)
        if found is None or found.person != person:
            raise NotFound("no such upload")
        return found

    def append(self, tenant: TenantId, person: PersonId, session_id: str, offset: int, piece: bytes) -> UploadSession | Refused:
        """Add a piece at `offset`, durably. Sent twice with the same bytes it counts once; a gap is refused with the offset wanted."""
        with _disk(), self._part(tenant, person, session_id) as (session, opened):
            if offset < 0 or offset > session.received:
                return Refused("upload_wrong_offset", {"wanted": session.received})
            if offset + len(piece) > session.size or len(piece) > self.limits.piece_bytes:
                return Refused("upload_too_large", {"size": offset + len(piece), "limit": session.size, "piece": self.limits.piece_bytes})
            opened.seek(offset)
            again = opened.read(min(len(piece), session.received - offset))
            if again != piece[: len(again)]:
                return Refused("upload_differs", {"wanted": session.received})
            try:
                view = memoryview(piece)[len(again) :]
                while view:
                    view = view[opened.write(view) :]
                os.fsync(opened.fileno())
            except OSError:
                os.ftruncate(opened.fileno(), session.received)
                raise
            return replace(session, received=max(session.received, offset + len(piece)))

    def finish(self, tenant: TenantId, person: PersonId, session_id: str) -> Path | Refused:
        """The whole file, its sum checked, for the sanitiser to read; `forget` it once its outcome is stored.

        A wrong sum empties the session: the phone starts again at 0.
        """
        with _disk(), self._part(tenant, person, session_id) as (session, opened):
            if session.received != session.size:
                return Refused("upload_incomplete", {"wanted": session.received, "size": session.size})
            if file_digest(opened, "sha256").hexdigest() != session.sha256:
                os.ftruncate(opened.fileno(), 0)
                return Refused("upload_differs", {"wanted": 0})
            return self._paths(tenant, session_id)[0]

    def forget(self, tenant: TenantId, person: PersonId, session_id: str) -> None:
        """The file is taken in or given up. Nothing happens if it is gone already."""
        with self._alone(tenant):
            found = self._find(tenant, session_id)
            if found is not None and found.person == person:
                self._remove(tenant, session_id)

    def sweep(self, tenant: TenantId, now: datetime) -> list[str]:
        """Remove sessions past their lifetime and parts without a head; return their ids."""
        gone = []
        with self._alone(tenant):
            for head in self._folder(tenant).glob("*.json"):
                session = self._find(tenant, head.stem)
                if session is not None and datetime.fromisoformat(session.started) + self.limits.lifetime < now:
                    self._remove(tenant, head.stem)
                    gone.append(head.stem)
            for part in self._folder(tenant).glob("*.part"):
                if not part.with_suffix(".json").exists():
                    part.unlink(missing_ok=True)
                    gone.append(part.stem)
        return sorted(gone)

    def _find_excess(self, tenant: TenantId, person: PersonId, size: int) -> Refused | None:
        """What is announced counts, not what has come: otherwise a hundred small beginnings would be a full disk later."""
        running = [session for head in self._folder(tenant).glob("*.json") if (session := self._find(tenant, head.stem)) is not None]
        own = [session for session in running if session.person == person]
        if len(own) >= self.limits.person_sessions:
            return Refused("upload_too_many", {"limit": self.limits.person_sessions})
        if sum(session.size for session in own) + size > self.limits.person_bytes:
            return Refused("upload_too_much", {"limit": self.limits.person_bytes})
        if sum(session.size for session in running) + size > self.limits.tenant_bytes:
            return Refused("upload_too_much", {"limit": self.limits.tenant_bytes})
        return None

    def _find(self, tenant: TenantId, session_id: str) -> UploadSession | None:
        if not _SESSION.fullmatch(session_id):
            return None
        part, head = self._paths(tenant, session_id)
        try:
            facts = json.loads(head.read_text(encoding="utf-8"))
            return replace(UploadSession(**facts), received=part.stat().st_size)
        except FileNotFoundError:
            return None

    def _remove(self, tenant: TenantId, session_id: str) -> None:
        part, head = self._paths(tenant, session_id)
        head.unlink(missing_ok=True)
        part.unlink(missing_ok=True)

    def _folder(self, tenant: TenantId) -> Path:
        return self.top / str(int(tenant))

    def _paths(self, tenant: TenantId, session_id: str) -> tuple[Path, Path]:
        return self._folder(tenant) / f"{session_id}.part", self._folder(tenant) / f"{session_id}.json"

    @contextmanager
    def _part(self, tenant: TenantId, person: PersonId, session_id: str) -> Iterator[tuple[UploadSession, IO[bytes]]]:
        """The session and its bytes, one writer at a time; unbuffered, so that a failed write leaves nothing to be written later."""
        self.get(tenant, person, session_id)
        try:
            opened = self._paths(tenant, session_id)[0].open("r+b", buffering=0)
        except FileNotFoundError:
            raise NotFound("no such upload") from None
        with opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            yield self.get(tenant, person, session_id), opened

    @contextmanager
    def _alone(self, tenant: TenantId) -> Iterator[None]:
        """One beginning or ending per tenant at a time, across processes; the lock falls with the process."""
        _make_folder(self._folder(tenant), self.top)
        with (self._folder(tenant) / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
