"""Serve a real city from its data folder: the embedded database (or DATABASE_URL), one web process and one worker.

With DATABASE_URL and --web-only this is one web process alone, for a host that runs several of them behind a proxy.
"""

import argparse
import os
import socket
from pathlib import Path

from chengyun.runtime.command_line import add_data_argument, use_data_folder
from chengyun.runtime.installation import read_installation, refuse_weak, refuse_weak_storage
from chengyun.runtime.supervisor import Supervisor

NAME = "serve"
HELP = "serve a real city"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_argument(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1: a proxy stands before it)")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--web-only", action="store_true", help="no worker, no database of our own")
    parser.add_argument("--certificate", type=Path, help="serve HTTPS with this certificate chain (PEM)")
    parser.add_argument("--key", type=Path, help="the certificate's key (PEM)")
    parser.add_argument("--fd", type=int, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    use_data_folder(arguments)
    installation = read_installation()
    if arguments.fd is not None:
        return _serve_here(arguments, socket.socket(fileno=arguments.fd))
    if arguments.web_only:
        refuse_weak(installation)
        refuse_weak_storage(installation)
        listener = socket.create_server((arguments.host, arguments.port), backlog=512)
        return _serve_here(arguments, listener)
    supervisor = Supervisor(
        installation,
        name=f"chengyun serve on port {arguments.port}",
        host=arguments.host,
        port=arguments.port,
        certificate=(arguments.certificate, arguments.key) if arguments.certificate else None,
    )
    return supervisor.run(lambda supervisor: supervisor.say(f"serving {installation.data} at {supervisor.address}"))


def _serve_here(arguments: argparse.Namespace, listener: socket.socket) -> int:
    """This process becomes the web process: only now are Django and the screens loaded."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chengyun.runtime.settings")
    import django

    django.setup()
    from chengyun.runtime import web

    return web.serve(read_installation(), listener, arguments.certificate, arguments.key)
