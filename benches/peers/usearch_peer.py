"""usearch, in the element type that `--variant` names: f32 or f16."""

import numpy as np

from protocol import K, run


class Usearch:
    def __init__(self, options):
        from importlib.metadata import version
        from usearch.index import Index

        self.make = Index
        self.version = version("usearch")
        self.element = options.variant

    def build(self, base, options):
        self.index = self.make(
            ndim=base.shape[1],
            metric="ip",
            dtype=self.element,
            connectivity=options.m,
            expansion_add=options.ef_construction,
        )
        self.index.add(np.arange(len(base)), base, threads=options.threads)

    def set_ef(self, ef):
        self.index.expansion_search = ef

    def prepare(self, queries):
        return list(queries)

    def search(self, query):
        return self.index.search(query, K, threads=1).keys

    def search_batch(self, queries):
        self.index.search(queries, K, threads=1)


run(Usearch)
