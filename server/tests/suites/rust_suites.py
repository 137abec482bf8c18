"""The tests of sqlx and tokio-postgres, from their packages on crates.io.

Each is made a package of its own that depends on the published crate, so that no part of it needs the repository that it
comes from. They are built once, against PostgreSQL: sqlx's macros ask the server while they are compiled.
"""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import outcomes
import servers

VERSIONS = {"sqlx": "0.8.6", "tokio-postgres": "0.7.18"}
# What only benches, other databases and tests of the compiler's messages need.
UNUSED = {"criterion", "libsqlite3-sys", "async-std", "trybuild"}
# Not `macros`: what it tests happens while it is compiled, against the one server that it is compiled for.
SQLX_TESTS = ["postgres", "types", "describe", "derives", "error", "migrate", "query_builder", "rustsec", "test-attr"]
SQLX_FEATURES = [
    "any", "bigdecimal", "bit-vec", "bstr", "chrono", "derive", "ipnet", "ipnetwork", "json", "mac_address", "macros",
    "migrate", "postgres", "runtime-tokio", "rust_decimal", "time", "uuid",
]
TOKIO_FEATURES_LEFT_OUT = {"js", "default", "runtime", "array-impls"}


def cargo(arguments, **options):
    return subprocess.run([os.environ.get("CARGO", "cargo"), *arguments], check=True, **options)


def unpacked(cache, name):
    """The folder of the published crate, where cargo keeps it."""
    version = VERSIONS[name]
    folder = cache / "fetch" / name
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src/lib.rs").write_text("")
    manifest = f'[package]\nname = "fetch"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n"{name}" = "={version}"\n[workspace]\n'
    (folder / "Cargo.toml").write_text(manifest)
    told = cargo(["metadata", "--format-version", "1"], cwd=folder, stdout=subprocess.PIPE)
    packages = json.loads(told.stdout)["packages"]
    found = next(package for package in packages if package["name"] == name and package["version"] == version)
    return Path(found["manifest_path"]).parent


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value)


def dependencies(manifest):
    """Of the crate and of its tests."""
    both = {}
    for kind in ("dependencies", "dev-dependencies"):
        for name, wanted in manifest.get(kind, {}).items():
            wanted = {"version": wanted} if isinstance(wanted, str) else dict(wanted)
            if name not in UNUSED and not wanted.get("optional"):
                both[name] = wanted
    return both


def package(folder, name, needs, features, tests):
    lines = ["[package]", f'name = "{name}-suite"', 'version = "0.1.0"', 'edition = "2021"', "autotests = false", "[workspace]"]
    lines += ["[features]", "default = " + json.dumps(features), *(f"{json.dumps(feature)} = []" for feature in features)]
    lines += ["[dependencies]", *(f"{json.dumps(need)} = {toml(wanted)}" for need, wanted in needs.items())]
    for test, path in tests.items():
        lines += ["[[test]]", f'name = "{test}"', f'path = "{path}"']
    (folder / "src").mkdir(exist_ok=True)
    (folder / "src/lib.rs").write_text("")
    (folder / "Cargo.toml").write_text("\n".join(lines) + "\n")


def built(cache, folder, port, jobs=2):
    """The test binaries by name."""
    target = cache / "target"
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target), "DATABASE_URL": url(port), "CARGO_PROFILE_DEV_DEBUG": "0"}
    told = cargo(["test", "--no-run", "--message-format=json", f"--jobs={jobs}"], cwd=folder, env=environment, stdout=subprocess.PIPE)
    found = {}
    for line in told.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and "test" in message["target"]["kind"]:
            found[message["target"]["name"]] = message["executable"]
    return found


def binaries(cache, suite, port):
    """Where it is kept which test binaries were built for a port."""
    return cache / f"{suite}-{port}.json"


def url(port):
    return f"postgresql://postgres@localhost:{port}/postgres"


def prepare_sqlx(cache, port):
    source, folder = unpacked(cache, "sqlx"), cache / "sqlx"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source / "tests", folder / "tests")
    shutil.copytree(Path(__file__).parent / "sqlx_test", cache / "sqlx_test", dirs_exist_ok=True)
    needs = dependencies(tomllib.loads((source / "Cargo.toml").read_text()))
    needs = {name: wanted for name, wanted in needs.items() if not name.startswith("sqlx-macros")}
    needs["sqlx"] = {"version": f"={VERSIONS['sqlx']}", "features": SQLX_FEATURES}
    needs["sqlx-test"] = {"path": "../sqlx_test"}
    tests = {name: f"tests/postgres/{name}.rs" for name in SQLX_TESTS}
    package(folder, "sqlx", needs, SQLX_FEATURES, tests)
    set_up_sqlx(cache, port)
    binaries(cache, "sqlx", port).write_text(json.dumps(built(cache, folder, port)))


def set_up_sqlx(cache, port):
    text = (cache / "sqlx/tests/postgres/setup.sql").read_text()
    text = re.sub(r"--.*", "", text)
    bodies = re.split(r";\s*\n", text)
    # The body of the one procedure has semicolons of its own, but no line ends in one.
    servers.psql(port, [body.strip() for body in bodies if body.strip()])


def prepare_tokio(cache, port):
    source, folder = unpacked(cache, "tokio-postgres"), cache / "tokio-postgres"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source / "tests", folder / "tests")
    # The port is written into the tests.
    for path in folder.rglob("*.rs"):
        if path.name != "parse.rs":
            path.write_text(path.read_text().replace("5433", str(port)))
    manifest = tomllib.loads((source / "Cargo.toml").read_text())
    features = [name for name in manifest["features"] if name not in TOKIO_FEATURES_LEFT_OUT]
    needs = dependencies(manifest)
    needs["tokio-postgres"] = {"version": f"={VERSIONS['tokio-postgres']}", "features": ["runtime", "array-impls", *features]}
    package(folder, "tokio-postgres", needs, ["runtime", *features], {"test": "tests/test/main.rs"})
    binaries(cache, "tokio-postgres", port).write_text(json.dumps(built(cache, folder, port)))


def run(cache, port, name):
    found = {}
    for test, binary in json.loads(binaries(cache, name, port).read_text()).items():
        environment = {**os.environ, "DATABASE_URL": url(port), "CARGO_MANIFEST_DIR": str(cache / name)}
        found |= run_binary(binary, test, cache / name, environment)
    return found


def run_binary(binary, test, folder, environment):
    """Each test for itself, so that one that hangs is one that fails."""
    listed = subprocess.run([binary, "--list"], stdout=subprocess.PIPE, text=True, cwd=folder, env=environment, check=True)
    found = {}
    for name in re.findall(r"^(\S+): test$", listed.stdout, re.M):
        command = [binary, "--exact", name, "--test-threads=1"]
        try:
            told = subprocess.run(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60
            )
            found |= outcomes.of_cargo(told.stdout, test)
            found.setdefault(f"{test}::{name}", {"result": "failed", "why": told.stdout[-300:]})
        except subprocess.TimeoutExpired:
            found[f"{test}::{name}"] = {"result": "failed", "why": "no end within 60 s"}
    return found


def sqlx(cache, port):
    set_up_sqlx(cache, port)
    return run(cache, port, "sqlx")


def tokio_postgres(cache, port):
    servers.psql(port, [
        "CREATE ROLE pass_user LOGIN PASSWORD 'password'",
        "SET password_encryption TO 'md5'; CREATE ROLE md5_user LOGIN PASSWORD 'password'",
        "SET password_encryption TO 'scram-sha-256'; CREATE ROLE scram_user LOGIN PASSWORD 'password'",
        "CREATE EXTENSION hstore",
        "CREATE EXTENSION citext",
        "CREATE EXTENSION ltree",
    ])
    return run(cache, port, "tokio-postgres")


SUITES = {"sqlx": sqlx, "tokio-postgres": tokio_postgres}
PREPARE = {"sqlx": prepare_sqlx, "tokio-postgres": prepare_tokio}
