"""Everything on one machine, in order: PostgreSQL, migrations, the demo city, one web process, one worker; and back again.

The supervisor does no work of the city itself and stays small. Its children end with it (a death signal from the kernel), it
starts a fallen web or worker again, PostgreSQL once; whatever falls again at once stops everything with a reason.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

from chengyun.runtime import children, data_folder, database, migrations
from chengyun.runtime.installation import Installation, refuse_weak, refuse_weak_storage
from chengyun.runtime.postgres import EmbeddedPostgres
from chengyun.runtime.refusals import StartRefused

FALLS_ALLOWED = 5
FALLS_WINDOW = 60.0
"""Chosen by us: a web or worker process that falls more often than 5 times a minute will not get well by starting it again."""
DATABASE_CALM = 10.0
"""PostgreSQL that falls twice within so many seconds has a disk or memory fault (promise R5): start no third time."""


class Stop(BaseException):
    """Somebody asked us to end. Not an `Exception`: nothing on the way may take it for a fault."""


@dataclass
class Child:
    name: str
    command: Sequence[str]
    env: dict[str, str]
    pass_fds: tuple[int, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    falls: "deque[float]" = field(default_factory=deque)


@dataclass
class Supervisor:
    installation: Installation
    name: str
    host: str = "127.0.0.1"
    port: int = 8000
    certificate: tuple[Path, Path] | None = None
    """Certificate and key: serve HTTPS."""
    after_migration: Callable[["Supervisor"], None] = lambda _: None
    """What a demo does before it opens: make its city."""
    fresh: bool = False
    say: Callable[[str], None] = lambda words: print(words, flush=True)
    database_calm: float = DATABASE_CALM
    database_fell: float = float("-inf")
    server: EmbeddedPostgres | None = None
    running: dict[str, Child] = field(default_factory=dict)
    stopping: bool = False
    """Asked to end. The signal also raises `Stop` at once; where Python swallows that (in a finaliser), this is what remains."""

    # --- the story, straight through ------------------------------------------------------------------------------

    def run(self, when_open: Callable[["Supervisor"], None]) -> int:
        """Start, tell, watch, stop. Returns the exit code."""
        data = self.installation.data
        code = 0
        self.lock = data_folder.Lock(data, self.name)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end)
        try:
            data_folder.make(data, self.installation.mode)
            self.lock.take()
            if left := data_folder.end_leftovers(data):
                self.say(f"taking over from a start that was killed: ended {', '.join(left)}")
            if self.fresh:
                self._end_old_database()
                data_folder.empty_demo(data)
                data_folder.make(data, self.installation.mode)
            self.listener = self._listen()
            refuse_weak(self.installation)
            self.start_database()
            self._go_on()
            self.migrate()
            refuse_weak_storage(self.installation)
            self.after_migration(self)
            self._go_on()
            self.start_children()
            self._wait_for_page()
            self._go_on()
            when_open(self)
            self._watch()
        except Stop:
            code = 0
        except StartRefused as refused:
            self.say(f"{self.name}: {refused}")
            code = 78
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            self.stop()
            self.lock.free()
        return code

    def start_database(self) -> None:
        if self.installation.database_url:
            return
        self.say("starting PostgreSQL ...")
        kept = self.installation.secrets
        self.server = EmbeddedPostgres(self.installation.data, kept.superuser, say=self.say)
        self.server.start()

    def migrate(self) -> None:
        """Only when migrations changed since this folder was last migrated: looking costs a second, and a start has six."""
        if migrations.are_applied(self.installation):
            return
        database.prepare(self.installation.administrator(), self.installation.secrets, self.installation.owner().dbname)
        self.do(["migrate"], "migrating the database ...")
        migrations.remember(self.installation)

    def start_children(self) -> None:
        web = ["serve", "--fd", str(self.listener.fileno())]
        if self.certificate:
            web += ["--certificate", str(self.certificate[0]), "--key", str(self.certificate[1])]
        self.running["web"] = Child("web", self._command(web), self._environment(), (self.listener.fileno(),))
        self.running["worker"] = Child("worker", self._command(["worker"]), self._environment())
        for child in self.running.values():
            self._start(child)

    def stop(self) -> None:
        """In reverse: nobody is cut off from the database before having finished. Without the lock there is nothing of ours."""
        if self.lock.file is None:
            return
        started = [child for child in self.running.values() if child.process is not None]
        for child in started:
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
        for child in started:
            children.stop(child.process, ((signal.SIGTERM, 8),))  # type: ignore[arg-type]
        if getattr(self, "listener", None) is not None:
            self.listener.close()
        if self.server is not None:
            self.server.stop()
        children.stop_all()
        (self.installation.data / data_folder.PROCESSES).unlink(missing_ok=True)

    # --- pieces -----------------------------------------------------------------------------------------------------

    def do(self, words: Sequence[str], say: str = "") -> None:
        """Run a `chengyun` command to its end as a child of ours."""
        if say:
            self.say(say)
        process = children.start(self._command(words), env=self._environment())
        data_folder.record_children(self.installation.data, {words[0]: process.pid})
        try:
            while not children.wait_until(lambda: process.poll() is not None, 1):
                self._go_on()
            code = process.returncode
        except BaseException:
            children.stop(process, ((signal.SIGTERM, 5),))
            raise
        if code != 0:
            raise StartRefused("step_failed", f"chengyun {words[0]} ended with {code}", cure="see the lines above")

    @property
    def address(self) -> str:
        shown = "127.0.0.1" if self.host in ("0.0.0.0", "") else self.host  # noqa: S104 - compared, not bound
        return f"{'https' if self.certificate else 'http'}://{shown}:{self.listener.getsockname()[1]}/"

    def _listen(self) -> socket.socket:
        """The door is opened here and handed to the web process, which may fall and come back while callers wait in line."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.host, self.port))
        except OSError as fault:
            listener.close()
            raise StartRefused(
                "port_taken", f"port {self.port} on {self.host} cannot be opened: {fault.strerror}", cure="choose another with --port"
            ) from fault
        listener.listen(512)
        return listener

    def _command(self, words: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "chengyun.runtime.command_line", *words]

    def _environment(self) -> dict[str, str]:
        env = dict(os.environ)
        if self.server is not None:
            env["CHENGYUN_SOCKET"] = str(self.server.socket_folder)
        env["CHENGYUN_DATA"] = str(self.installation.data)
        env["CHENGYUN_MODE"] = self.installation.mode
        env["CHENGYUN_CLOCK"] = self.installation.clock
        env["CHENGYUN_HOSTS"] = ",".join(self.installation.hosts)
        env["CHENGYUN_ORIGINS"] = ",".join(self.installation.origins)
        env["DJANGO_SETTINGS_MODULE"] = "chengyun.runtime.settings"
        if getattr(self, "listener", None) is not None:
            env["CHENGYUN_ADDRESS"] = self.address.rstrip("/")
        env["CHENGYUN_TLS"] = "1" if self.certificate else "0"
        env["MALLOC_ARENA_MAX"] = "2"  # threads of glibc would each keep an arena; the memory figure counts them
        return env

    def _start(self, child: Child) -> None:
        child.process = children.start(child.command, env=child.env, pass_fds=child.pass_fds)
        data_folder.record_children(self.installation.data, {c.name: c.process.pid for c in self.running.values() if c.process is not None})

    def _watch(self) -> None:
        while True:
            self._go_on()
            time.sleep(0.1)
            self._mend_database()
            for child in self.running.values():
                if child.process is not None and child.process.poll() is not None:
                    self._mend(child)

    def _mend(self, child: Child) -> None:
        code = child.process.returncode if child.process else 0
        now = time.monotonic()
        child.falls.append(now)
        while child.falls and child.falls[0] < now - FALLS_WINDOW:
            child.falls.popleft()
        if code == 78 or (len(child.falls) > FALLS_ALLOWED and not os.environ.get("CHENGYUN_DRILL")):
            raise StartRefused(
                "child_fell", f"the {child.name} process ended {len(child.falls)} times (last with {code})", cure="see the lines above"
            )
        self.say(f"the {child.name} process ended ({_how(code)}); starting it again")
        self._start(child)

    def _mend_database(self) -> None:
        if self.server is None or self.server.is_alive():
            return
        again = StartRefused(
            "database_fell",
            "PostgreSQL ended again right after it was started again",
            cure=f"read {self.server.log_file}; look at the disk",
        )
        now = time.monotonic()
        if now - self.database_fell < self.database_calm:
            raise again
        self.database_fell = now
        self.say("PostgreSQL ended; starting it again, once")
        try:
            self.server.start(keep_socket=self.server.socket_folder)
        except StartRefused as refused:
            raise again from refused

    def _end_old_database(self) -> None:
        """Before --fresh removes a cluster, whatever still runs on it must have ended."""
        old = EmbeddedPostgres(self.installation.data, "", say=self.say)
        old.cluster = old.find_cluster()
        old.take_over()

    def _wait_for_page(self, patience: float = 60) -> None:
        opened = children.wait_until(lambda: self._answers("/healthz") or self._somebody_fell(), patience, 0.05)
        self._go_on()
        if not opened or self._somebody_fell():
            raise StartRefused("web_not_open", "the web process did not open", cure="see the lines above")

    def _somebody_fell(self) -> bool:
        return self.stopping or any(c.process is not None and c.process.poll() is not None for c in self.running.values())

    def _answers(self, path: str) -> bool:
        return self.ask(path)[0] == 200

    def wait_until_ready(self, patience: float = 30) -> str:
        """Wait until people can work. Returns what is still missing, empty when nothing is."""
        answer = (0, "")

        def look() -> bool:
            nonlocal answer
            answer = self.ask("/readyz", 15)
            return answer[0] == 200 or self._somebody_fell()

        if children.wait_until(look, patience, 0.1) and answer[0] == 200:
            return ""
        try:
            return ", ".join(json.loads(answer[1])["missing"])
        except (ValueError, KeyError):
            return "the web process does not answer"

    def ask(self, path: str, patience: float = 5) -> tuple[int, str]:
        """Status and body of one of our own pages; 0 while nobody answers."""
        port = self.listener.getsockname()[1]
        connection = (
            HTTPSConnection("127.0.0.1", port, timeout=patience, context=_own_context())
            if self.certificate
            else HTTPConnection("127.0.0.1", port, timeout=patience)
        )
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{port}"})
            answer = connection.getresponse()
            return answer.status, answer.read(65536).decode(errors="replace")
        except (OSError, HTTPException):
            return 0, ""
        finally:
            connection.close()

    def _end(self, number: int, _: object) -> None:
        self.stopping = True
        raise Stop

    def _go_on(self) -> None:
        if self.stopping:
            raise Stop


def _own_context() -> object:
    import ssl  # only here: a start without TLS need not load it

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # our own door, asked whether it is open
    return context


def _how(code: int) -> str:
    return f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
