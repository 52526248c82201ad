"""`./run` with nothing but Python: it finds its tools, installs once, and an interrupt leaves nothing of what it started."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chengyun.runtime import children

ROOT = Path(__file__).parents[2]

FAKE_UV = """#!{python}
import subprocess, sys, time
if "--version" in sys.argv:
    print("uv 0.9.30"); sys.exit()
open({calls!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")
{body}
"""
LONG_WORK = """
helper = subprocess.Popen(["sleep", "600"])
open({started!r}, "w").write(str(helper.pid))
helper.wait()
"""
INSTALLS = """
import os, pathlib
tool = pathlib.Path({venv!r}) / "bin" / "chengyun"
tool.parent.mkdir(parents=True, exist_ok=True)
tool.write_text("#!/bin/sh\\necho chengyun \\"$@\\"\\n")
tool.chmod(0o755)
"""


@pytest.fixture
def checkout(tmp_path):
    """A checkout with the script, a lock, and a stand-in for uv on the PATH."""
    shutil.copy(ROOT / "run", tmp_path / "run")
    (tmp_path / "uv.lock").write_text("lock 1")
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "bin").mkdir()
    return tmp_path


def stand_in(checkout, body):
    paths = {"started": str(checkout / "started"), "venv": str(checkout / ".venv")}
    uv = checkout / "bin" / "uv"
    uv.write_text(FAKE_UV.format(python=sys.executable, calls=str(checkout / "calls"), body=body.format(**paths)))
    uv.chmod(0o755)


def run(checkout, *words, **more):
    env = {"PATH": f"{checkout / 'bin'}:/usr/bin:/bin", "HOME": str(checkout)}
    return subprocess.Popen(
        [sys.executable, checkout / "run", *words],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_during_set_up_ends_everything_it_started(checkout, number):
    stand_in(checkout, LONG_WORK)
    process = run(checkout, "demo")
    try:
        assert children.wait_until((checkout / "started").exists, 30)
        assert children.wait_until(lambda: (checkout / "started").read_text() != "", 10)
        helper = int((checkout / "started").read_text())
        assert children.is_running(helper)
        process.send_signal(number)
        assert process.wait(30) == 130
        assert children.wait_until(lambda: not children.is_running(helper), 5)
        assert "nothing is left running" in process.stdout.read()
    finally:
        process.kill()
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((checkout / "started").read_text()), signal.SIGKILL)


def test_packages_are_installed_once_and_again_when_the_lock_changes(checkout):
    stand_in(checkout, INSTALLS)
    for _ in range(2):
        process = run(checkout, "demo", "--port", "8001", "--data", str(checkout / "data"))
        said = process.communicate(timeout=60)[0]
        assert process.returncode == 0, said
        assert f"chengyun demo --port 8001 --data {checkout / 'data'}" in said
    assert len((checkout / "calls").read_text().splitlines()) == 1
    (checkout / "uv.lock").write_text("lock 2")
    run(checkout, "demo").communicate(timeout=60)
    assert len((checkout / "calls").read_text().splitlines()) == 2


def test_the_demo_keeps_its_data_in_the_checkout_unless_told(checkout):
    stand_in(checkout, INSTALLS)
    said = run(checkout, "demo", "--no-open").communicate(timeout=60)[0]
    assert f"chengyun demo --data {checkout / '.demo'} --no-open" in said


def test_a_step_that_fails_is_named(checkout):
    stand_in(checkout, "sys.exit(3)")
    process = run(checkout, "demo")
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert "uv sync --frozen" in said and "ended with 3" in said


def test_an_unknown_subcommand_names_the_known_ones(checkout):
    process = run(checkout, "dmeo")
    assert "use one of: demo, test, drill, check, bench, doctor" in process.communicate(timeout=60)[0]
    assert process.returncode == 2


def test_the_script_needs_no_module_outside_the_standard_library():
    words = [line.split()[1].split(".")[0] for line in (ROOT / "run").read_text().splitlines() if line.startswith(("import ", "from "))]
    assert set(words) <= sys.stdlib_module_names
