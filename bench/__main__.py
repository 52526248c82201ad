"""`./run bench [create|queue|tiles|live] [...]`: all of it, or one. Every table names the machine."""

import argparse
import importlib
import sys
from pathlib import Path

NAMED = ("create", "queue", "live", "tiles")


def main(words: list[str]) -> int:
    here = [name for name in NAMED if (Path(__file__).parent / f"{name}.py").exists()]
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    which = parser.add_subparsers(dest="name")
    for name in here:
        module = importlib.import_module(f"bench.{name}")
        add = which.add_parser(name, help=(module.__doc__ or "").splitlines()[0])
        if hasattr(module, "add_arguments"):
            module.add_arguments(add)
    asked = parser.parse_args(words)
    for name in [asked.name] if asked.name else here:
        module = importlib.import_module(f"bench.{name}")
        if hasattr(module, "run"):
            module.run(asked if asked.name else parser.parse_args([name]))
        else:
            module.main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
