"""The command line `chengyun`. Each subcommand is one module in `commands/`: a new file there is a new subcommand.

A command module has `NAME`, `HELP` (one line), `add_arguments(parser)` and `run(arguments) -> int` (the exit code). Only the
module that is asked for is imported, so a light command stays light; the list of all comes from reading the files.
"""

import argparse
import ast
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from chengyun.base.errors import ChengyunError
from chengyun.runtime.refusals import EXIT_CODE, StartRefused

FOLDER = Path(__file__).with_name("commands")


def known_commands() -> dict[str, tuple[str, str]]:
    """Subcommand -> (module, its one line of help), without importing any."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        if path.name == "__init__.py":
            continue
        constants = {
            node.targets[0].id: node.value.value
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)
        }
        found[str(constants["NAME"])] = (f"chengyun.runtime.commands.{path.stem}", str(constants.get("HELP", "")))
    return found


def main(words: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if words is None else list(words)
    commands = known_commands()
    parser = argparse.ArgumentParser(
        prog="chengyun",
        description="City operations management: find, file, dispatch, handle, check, close, score.",
        epilog="\n".join(f"  {name:<12} {text}" for name, (_, text) in commands.items() if text),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="chengyun COMMAND [options]",
    )
    parser.add_argument("command", choices=list(commands), metavar="COMMAND", help="one of those below")
    chosen = parser.parse_args(words[:1])
    module = importlib.import_module(commands[chosen.command][0])
    own = argparse.ArgumentParser(
        prog=f"chengyun {chosen.command}", description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    module.add_arguments(own)
    try:
        return int(module.run(own.parse_args(words[1:])) or 0)
    except StartRefused as refused:
        print(f"chengyun {chosen.command}: {refused}", file=sys.stderr)
        return EXIT_CODE
    except ChengyunError as fault:
        print(f"chengyun {chosen.command}: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has gone; Python must not complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    """`--data`, for every command that works on an installation."""
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ["CHENGYUN_DATA"]) if os.environ.get("CHENGYUN_DATA") else None, help="data folder"
    )


def use_data_folder(arguments: argparse.Namespace) -> None:
    """Name the data folder for this process and those it starts; settings read it there."""
    if arguments.data is None:
        raise StartRefused("no_data_folder", "no data folder is named", cure="pass --data FOLDER or set CHENGYUN_DATA")
    os.environ["CHENGYUN_DATA"] = str(arguments.data.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chengyun.runtime.settings")


if __name__ == "__main__":
    sys.exit(main())
