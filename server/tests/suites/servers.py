"""The two servers: PostgreSQL 15 and Muster, each on loopback with a fresh folder, one at a time on the same port.

Neither asks for passwords, so that suites that expect to be turned away differ by what a server trusts, and both are
given the roles that the suites expect.
"""

import os
import pwd
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

POSTGRESQL = Path("/usr/lib/postgresql/15/bin")
CLIENT = {"PGHOST": "127.0.0.1", "PGUSER": "postgres", "PGDATABASE": "postgres"}


def as_postgres():
    """initdb refuses to run as root: the user of Debian's packages does it then."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def postgresql(folder, port, _binary):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    who = as_postgres()
    if who:
        os.chown(folder, who["user"], who["group"])
    data = folder / "data"
    initdb = [POSTGRESQL / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd="/", **who)
    settings = {
        "port": port,
        "unix_socket_directories": folder,
        "listen_addresses": "127.0.0.1",
        "fsync": "off",
        "max_prepared_transactions": 10,
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with open(folder / "log", "wb") as log:
        command = [POSTGRESQL / "postgres", "-D", data, *options]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **who)
        with ended(process, port):
            yield


@contextmanager
def muster(folder, port, binary):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [binary, "serve", "--data", folder / "data", "--listen", f"127.0.0.1:{port}", "--auth", "trust"]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        with ended(process, port):
            yield


@contextmanager
def ended(process, port):
    """Waits until the server takes clients, and ends it afterwards."""
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the server does not come up on port {port}")
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


SERVERS = {"postgresql": postgresql, "muster": muster}


def environment(port):
    """What libpq and its kin read."""
    return {**os.environ, **CLIENT, "PGPORT": str(port)}


def psql(port, statements):
    """Runs statements one by one; what a server does not know it refuses, and the suite's tests tell."""
    for statement in statements:
        command = ["psql", "-X", "-q", "-c", statement]
        subprocess.run(command, env=environment(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
