"""hnswlib."""

from protocol import K, run


class Hnswlib:
    def __init__(self, options):
        import hnswlib
        from importlib.metadata import version

        self.library = hnswlib
        self.version = version("hnswlib")

    def build(self, base, options):
        # "cosine" would normalise each query again; the vectors are of unit length.
        self.index = self.library.Index(space="ip", dim=base.shape[1])
        self.index.init_index(max_elements=len(base), ef_construction=options.ef_construction, M=options.m)
        self.index.add_items(base, num_threads=options.threads)
        self.index.set_num_threads(1)

    def set_ef(self, ef):
        self.index.set_ef(ef)

    def prepare(self, queries):
        return list(queries)

    def search(self, query):
        return self.index.knn_query(query, k=K, num_threads=1)[0][0]

    def search_batch(self, queries):
        self.index.knn_query(queries, k=K, num_threads=1)


run(Hnswlib)
