"""Child processes that never outlive us: their own process group, and a death signal from the kernel when the parent goes.

The signal is asked for after the change of user, because the kernel forgets it when credentials change.
Linux only, like the embedded form as a whole.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PR_SET_PDEATHSIG = 1
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_libc = ctypes.CDLL(None, use_errno=True)

_started: "list[subprocess.Popen[bytes]]" = []


@dataclass(frozen=True, slots=True)
class RunAs:
    """An account of this machine that a child shall run as."""

    name: str
    uid: int
    gid: int


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """What the child does between fork and exec; `os._exit` if the parent has already gone by then."""
    parent = os.getpid()

    def ask_for_death_signal() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask_for_death_signal


def start(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals = signal.SIGTERM,
    run_as: RunAs | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | str | None = None,
    stdout: int | IO[Any] | None = None,
    stderr: int | IO[Any] | None = None,
    pass_fds: Sequence[int] = (),
) -> "subprocess.Popen[bytes]":
    """Start a child in a session of its own, so that Ctrl-C at the terminal reaches us alone and we stop it in order."""
    # An interrupt between the start of a child and our knowing of it would leave it behind, so none is taken there.
    signals_before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        child = subprocess.Popen(  # noqa: S603 - commands are ours, never a caller's words
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            start_new_session=True,
            pass_fds=pass_fds,
            user=run_as.uid if run_as else None,
            group=run_as.gid if run_as else None,
            extra_groups=[] if run_as else None,
            preexec_fn=die_with_parent(death_signal),
        )
        _started[:] = [one for one in _started if one.poll() is None] + [child]
        return child
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, signals_before)


def stop_all() -> None:
    """End whatever this process started and has not seen the end of: the last line of a supervisor's story."""
    for child in [one for one in _started if one.poll() is None]:
        stop(child, ((signal.SIGTERM, 3),))


def stop(child: "subprocess.Popen[bytes]", signals: Sequence[tuple[signal.Signals, float]]) -> int:
    """Send each signal in turn and wait its seconds; the last resort is SIGKILL to the child's own group. Returns the exit code."""
    for number, patience in signals:
        if child.poll() is not None:
            break
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    return child.wait()


def wait_until(condition: Callable[[], bool], patience: float, pause: float = 0.02) -> bool:
    """True as soon as `condition` holds, False after `patience` seconds on the monotonic clock."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
    return True


def is_running(pid: int) -> bool:
    """Whether the process exists and is more than a remnant waiting for its parent."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"
