"""LanceDB: one partition of IVF_HNSW_FLAT, which is HNSW over the full vectors, on the disk as it always is."""

from protocol import K, run


class LanceDb:
    def __init__(self, options):
        import lancedb
        import lancedb.index
        import pyarrow

        self.lancedb, self.arrow = lancedb, pyarrow
        self.version = lancedb.__version__

    def build(self, base, options):
        arrow = self.arrow
        vectors = arrow.FixedSizeListArray.from_arrays(arrow.array(base.reshape(-1)), base.shape[1])
        rows = arrow.table({"id": arrow.array(range(len(base)), arrow.int64()), "vector": vectors})
        self.table = self.lancedb.connect(options.folder).create_table("t", rows)
        index = self.lancedb.index.IvfHnswFlat(
            distance_type="cosine", num_partitions=1, m=options.m, ef_construction=options.ef_construction
        )
        self.table.create_index("vector", config=index)

    def set_ef(self, ef):
        self.ef = ef

    def prepare(self, queries):
        return list(queries)

    def search(self, query):
        search = self.table.search(query).distance_type("cosine").nprobes(1).ef(self.ef)
        return search.select(["id", "_distance"]).limit(K).to_arrow()["id"].to_pylist()


run(LanceDb)
