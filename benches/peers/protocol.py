"""What the scripts of all peers share: one command a line on standard input, one JSON line for each on standard output.

It reads the files that the Rust side wrote, times searches and hands back the ids found; recall and percentiles are
computed by the Rust side, with the same code for every system. It knows no peer. Vectors are of unit length, so that
cosine distance, inner product and L2 rank alike and a peer may take whichever it is fastest with.
"""

import argparse
import gc
import json
import sys
import time

import numpy as np

K = 10
WARM_UP = 50


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True, help="rows x dimensions, little-endian f32")
    parser.add_argument("--queries", required=True, help="the same, of the queries")
    parser.add_argument("--dimensions", type=int, required=True)
    parser.add_argument("--folder", required=True, help="an empty folder for files")
    parser.add_argument("--m", type=int, required=True)
    parser.add_argument("--ef-construction", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True, help="threads that build")
    parser.add_argument("--variant", default="", help="which of several forms of the peer")
    return parser.parse_args()


def say(**line):
    print(json.dumps(line), flush=True)


def serve(peer, options):
    """Answers commands until standard input ends.

    A peer has `version`, `build(base, options)`, `set_ef(ef)`, `prepare(queries)`, which gives what `search` takes
    one of, and `search(query)`, which gives ids; and may have `search_batch(queries)`, all queries in one call on one
    thread.
    """
    base = np.fromfile(options.base, dtype="<f4").reshape(-1, options.dimensions)
    queries = np.fromfile(options.queries, dtype="<f4").reshape(-1, options.dimensions)
    prepared = peer.prepare(queries)
    say(ready=True, version=peer.version)
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "build":
            start = time.perf_counter()
            peer.build(base, options)
            say(seconds=time.perf_counter() - start)
        else:
            say(**measure(peer, queries, prepared, command["ef"], command["queries"]))


def measure(peer, queries, prepared, ef, count):
    peer.set_ef(ef)
    for query in prepared[: min(count, WARM_UP)]:
        peer.search(query)
    gc.collect()
    gc.disable()
    found, nanos = [], []
    for query in prepared[:count]:
        start = time.perf_counter_ns()
        ids = peer.search(query)
        nanos.append(time.perf_counter_ns() - start)
        found.append(ids)
    batch = None
    if hasattr(peer, "search_batch"):
        start = time.perf_counter()
        peer.search_batch(queries[:count])
        batch = time.perf_counter() - start
    gc.enable()
    return {"ids": [[int(id) for id in ids] for ids in found], "nanos": nanos, "batch_seconds": batch}


def run(make):
    """Makes the peer and serves; a peer whose package is not there says so and ends."""
    options = arguments()
    try:
        peer = make(options)
    except ImportError as error:
        say(missing=str(error))
        return
    serve(peer, options)
