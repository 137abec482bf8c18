"""DuckDB: exact, for its index is an extension that is not part of the package."""

from protocol import K, run


class DuckDb:
    def __init__(self, options):
        import duckdb
        import pyarrow

        self.arrow = pyarrow
        self.version = duckdb.__version__
        self.database = duckdb.connect()

    def build(self, base, options):
        arrow = self.arrow
        dimensions = base.shape[1]
        vectors = arrow.FixedSizeListArray.from_arrays(arrow.array(base.reshape(-1)), dimensions)
        rows = arrow.table({"id": arrow.array(range(len(base)), arrow.int64()), "v": vectors})
        self.database.execute(f"CREATE TABLE t AS SELECT id, v::FLOAT[{dimensions}] AS v FROM rows")
        self.database.execute("SET threads = 1")
        self.sql = f"SELECT id FROM t ORDER BY array_cosine_distance(v, ?::FLOAT[{dimensions}]) LIMIT {K}"

    def set_ef(self, ef):
        pass

    def prepare(self, queries):
        return [query.tolist() for query in queries]

    def search(self, query):
        return [row[0] for row in self.database.execute(self.sql, [query]).fetchall()]


run(DuckDb)
