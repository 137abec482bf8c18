"""sqlite-vec: exact, as all its searches are."""

from protocol import K, run


class SqliteVec:
    def __init__(self, options):
        import apsw
        import sqlite_vec

        self.version = f"{sqlite_vec.__version__}, SQLite {apsw.sqlite_lib_version()}"
        self.database = apsw.Connection(f"{options.folder}/t.db")
        self.database.enable_load_extension(True)
        self.database.load_extension(sqlite_vec.loadable_path())

    def build(self, base, options):
        database = self.database
        # All of it in memory while it searches.
        database.execute(f"PRAGMA cache_size = -{2 * base.nbytes // 1024}")
        column = f"v float[{base.shape[1]}] distance_metric=cosine"
        database.execute(f"CREATE VIRTUAL TABLE t USING vec0(id integer primary key, {column})")
        with database:
            rows = ((id, vector.tobytes()) for id, vector in enumerate(base))
            database.executemany("INSERT INTO t (id, v) VALUES (?, ?)", rows)
        self.sql = f"SELECT id FROM t WHERE v MATCH ? AND k = {K}"

    def set_ef(self, ef):
        pass

    def prepare(self, queries):
        return [query.tobytes() for query in queries]

    def search(self, query):
        return [row[0] for row in self.database.execute(self.sql, (query,))]


run(SqliteVec)
