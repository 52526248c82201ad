"""Subcommands of `chengyun`, one module each: `NAME`, `HELP`, `add_arguments(parser)`, `run(arguments) -> int`."""
