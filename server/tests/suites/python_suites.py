"""SQLAlchemy's dialect compliance suite, psycopg2's tests, pg8000's tests: downloaded from PyPI, run by pytest."""

import re
import shutil
import subprocess
import sys
import tarfile

import outcomes
import servers

PACKAGES = ["SQLAlchemy==2.1.9", "psycopg==3.3.9", "psycopg-binary==3.3.9", "psycopg2-binary==2.9.13", "pg8000==1.31.6", "pytest", "pytz"]
SOURCES = {"psycopg2": "psycopg2==2.9.13", "pg8000": "pg8000==1.31.6"}

SQLALCHEMY_CONFTEST = """\
import pytest

pytest.register_assert_rewrite("sqlalchemy.testing.assertions")
from sqlalchemy.dialects.postgresql import provision
from sqlalchemy.testing.plugin.pytestplugin import *

# It makes citext and hstore before its first test and gives up where they are not; tests of them are none of the suite.
provision._extensions.clear()
"""
SQLALCHEMY_SETTINGS = """\
[sqla_testing]
requirement_cls=sqlalchemy.testing.requirements:SuiteRequirements
profile_file=profiles.txt
"""


def python(cache):
    """An environment with the drivers."""
    python = cache / "venv/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", cache / "venv"], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return python


def source(cache, name):
    """A package's source, where its tests are."""
    folder = cache / "sources" / name
    if not folder.exists():
        folder.mkdir(parents=True)
        download = ["download", "-q", "--no-deps", "--no-binary", ":all:", "-d", folder, SOURCES[name]]
        subprocess.run([python(cache), "-m", "pip", *download], check=True)
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def pytest(cache, port, folder, arguments, extra=None):
    report = cache / "report.xml"
    report.unlink(missing_ok=True)
    command = [python(cache), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *arguments]
    environment = {**servers.environment(port), **(extra or {})}
    with open(cache / "pytest.log", "wb") as log:
        subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log, timeout=3000)
    return outcomes.of_junit(report)


def psycopg2(cache, port):
    tests = source(cache, "psycopg2") / "tests"
    # The package's own folder would hide the one that is installed.
    folder = cache / "psycopg2"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(tests, folder / "tests")
    servers.psql(port, ["CREATE EXTENSION hstore"])
    where = {"PSYCOPG2_TESTDB": "postgres", "PSYCOPG2_TESTDB_HOST": "127.0.0.1"}
    where |= {"PSYCOPG2_TESTDB_PORT": str(port), "PSYCOPG2_TESTDB_USER": "postgres"}
    return pytest(cache, port, folder, ["tests"], where)


def pg8000(cache, port):
    folder = cache / "pg8000"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source(cache, "pg8000") / "test", folder / "test")
    servers.psql(port, ["CREATE EXTENSION hstore", "ALTER ROLE postgres PASSWORD 'pw'"])
    # It runs the examples of the README, which the tests' folder does not have.
    return pytest(cache, port, folder, ["test", "--ignore=test/test_readme.py"])


def sqlalchemy(cache, port):
    folder = cache / "sqlalchemy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "conftest.py").write_text(SQLALCHEMY_CONFTEST)
    (folder / "setup.cfg").write_text(SQLALCHEMY_SETTINGS)
    (folder / "profiles.txt").write_text("")
    (folder / "test_suite.py").write_text("from sqlalchemy.testing.suite import *\n")
    servers.psql(port, ["CREATE SCHEMA test_schema"])
    url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    found = pytest(cache, port, folder, ["test_suite.py", "--dburi", url])
    # Classes are named after the server's version.
    return {re.sub(r"_postgresql\+psycopg_[\d_]+", "", name): outcome for name, outcome in found.items()}


SUITES = {"sqlalchemy": sqlalchemy, "psycopg2": psycopg2, "pg8000": pg8000}
