"""faiss-cpu: HNSWFlat over inner products."""

from protocol import K, run


class Faiss:
    def __init__(self, options):
        import faiss

        self.library = faiss
        self.version = faiss.__version__

    def build(self, base, options):
        self.library.omp_set_num_threads(options.threads)
        self.index = self.library.IndexHNSWFlat(base.shape[1], options.m, self.library.METRIC_INNER_PRODUCT)
        self.index.hnsw.efConstruction = options.ef_construction
        self.index.add(base)
        self.library.omp_set_num_threads(1)

    def set_ef(self, ef):
        self.index.hnsw.efSearch = ef

    def prepare(self, queries):
        return [query.reshape(1, -1) for query in queries]

    def search(self, query):
        return self.index.search(query, K)[1][0]

    def search_batch(self, queries):
        self.index.search(queries, K)


run(Faiss)
