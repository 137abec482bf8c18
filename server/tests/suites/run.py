#!/usr/bin/env python3
"""Runs other people's test suites against PostgreSQL 15 and against Muster, and compares. See README.md."""

import argparse
from pathlib import Path

import outcomes
import python_suites
import rust_suites
import servers
import table

SUITES = python_suites.SUITES | rust_suites.SUITES


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; all unless given")
    parser.add_argument("--server", choices=servers.SERVERS, action="append", help="both unless given")
    parser.add_argument("--muster", type=Path, default=Path("target/debug/muster"), help="the muster command")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/muster/suites")
    parser.add_argument("--port", type=int, default=5433)
    parser.add_argument("--no-run", action="store_true", help="only compare what was run before")
    parser.add_argument("--verbose", action="store_true", help="tell of each test that only PostgreSQL passes")
    arguments = parser.parse_args()
    cache = arguments.cache.absolute()
    cache.mkdir(parents=True, exist_ok=True)
    wanted = arguments.suites or list(SUITES)
    if not arguments.no_run:
        for server in arguments.server or servers.SERVERS:
            for suite in wanted:
                run(cache, server, suite, arguments)
    table.write(cache, wanted, arguments.verbose)


def run(cache, server, suite, arguments):
    # The macros of sqlx ask the server that they are compiled against; tokio-postgres has its port in its tests.
    if suite in rust_suites.PREPARE and not rust_suites.binaries(cache, suite, arguments.port).exists():
        with servers.postgresql(cache / f"server-{arguments.port}", arguments.port, None):
            rust_suites.PREPARE[suite](cache, arguments.port)
    start = servers.SERVERS[server]
    with start(cache / f"server-{arguments.port}", arguments.port, arguments.muster.absolute()):
        found = SUITES[suite](cache, arguments.port)
    outcomes.keep(results(cache, server, suite), found)
    passed = sum(outcome["result"] == "passed" for outcome in found.values())
    print(f"{suite} against {server}: {passed} of {len(found)} passed", flush=True)


def results(cache, server, suite):
    return cache / "results" / server / f"{suite}.json"


if __name__ == "__main__":
    main()
