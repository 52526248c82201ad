"""The statements behind a page, alone: the time each request waits for the driver and the database, without Django or sockets."""

import json
import sys

import django

from bench.machine import Stopwatch, now_ms

TURNS = 100


def main(paths: list[tuple[str, str]], clerk: str, lead: str) -> None:
    django.setup()
    from django.db import connection
    from django.test import Client

    from chengyun.runtime import wiring
    from chengyun.runtime.installation import read_installation

    wiring.furnish(read_installation())
    print("  the same in one process without sockets: SQL alone (driver and database) of the whole page")
    for what, path in paths:
        account, password = ("lead", lead) if "district" in what else ("street", clerk)
        visitor = Client(headers={"host": "localhost"})
        visitor.get("/api/v1/session")
        visitor.post("/api/v1/session", {"account": account, "password": password}, content_type="application/json")
        spent, inside = [], [0.0, 0]

        def timed(execute, sql, params, many, context, inside=inside):  # type: ignore[no-untyped-def]
            begun = now_ms()
            try:
                return execute(sql, params, many, context)
            finally:
                inside[0] += now_ms() - begun
                inside[1] += 1

        with connection.execute_wrapper(timed):
            for _ in range(TURNS):
                inside[0] = 0
                assert visitor.get(path).status_code == 200
                spent.append(inside[0])
        print(f"    {what:<42}{inside[1] / TURNS:.0f} statements  {Stopwatch(spent)}", flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2], sys.argv[3])
