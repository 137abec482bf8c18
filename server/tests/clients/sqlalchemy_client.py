"""SQLAlchemy 2 and alembic against a server: what is made is reflected as it was made, and alembic finds nothing to change.

    python sqlalchemy_client.py PATH-OF-MUSTER      starts a server of its own
    python sqlalchemy_client.py --url HOST:PORT/DB  uses one that runs: PostgreSQL, to see that the test is right
"""

import datetime
import decimal
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import uuid

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql

DRIVERS = ["psycopg", "psycopg2", "pg8000"]


class Base(orm.DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "people"
    __table_args__ = (
        sa.UniqueConstraint("name", "born", name="people_name_born_key"),
        sa.CheckConstraint("height > 0", name="people_height_check"),
        {"comment": "who works here"},
    )
    id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(80), comment="in full")
    born: orm.Mapped[datetime.date | None]
    height: orm.Mapped[float | None] = orm.mapped_column(sa.Double)
    wage: orm.Mapped[decimal.Decimal | None] = orm.mapped_column(sa.Numeric(10, 2))
    active: orm.Mapped[bool] = orm.mapped_column(server_default=sa.true())
    status: orm.Mapped[str] = orm.mapped_column(sa.Text, server_default="new")
    key: orm.Mapped[uuid.UUID | None]
    tags: orm.Mapped[list[str] | None] = orm.mapped_column(postgresql.ARRAY(sa.Text))
    profile: orm.Mapped[dict | None] = orm.mapped_column(postgresql.JSONB)
    seen: orm.Mapped[datetime.datetime | None] = orm.mapped_column(sa.DateTime(timezone=True))
    photo: orm.Mapped[bytes | None]


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (sa.Index("orders_code", "code", unique=True), {"schema": "app"})
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    code: orm.Mapped[str] = orm.mapped_column(sa.Text)
    quantity: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("1"))
    price: orm.Mapped[float] = orm.mapped_column(sa.Double)
    total: orm.Mapped[float | None] = orm.mapped_column(sa.Double, sa.Computed("quantity * price", persisted=True))


def same(what, found, wanted):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r} is not {wanted!r}")


def reflected(engine):
    """What the inspector says of the tables."""
    look = sa.inspect(engine)
    same("has_table", [look.has_table(name) for name in ("people", "nothing")], [True, False])
    same("has_table in a schema", look.has_table("orders", schema="app"), True)
    same("get_schema_names", {"public", "app"} <= set(look.get_schema_names()), True)
    same("get_table_names", "people" in look.get_table_names(), True)
    same("get_table_names of a schema", look.get_table_names(schema="app"), ["orders"])
    columns = {column["name"]: column for column in look.get_columns("people")}
    same("get_columns", list(columns), [column.name for column in Person.__table__.columns])
    for column in Person.__table__.columns:
        mine, theirs = (kind.compile(engine.dialect) for kind in (column.type, columns[column.name]["type"]))
        same(f"type of {column.name}", theirs, "DOUBLE PRECISION" if mine == "DOUBLE" else mine)
        same(f"nullable of {column.name}", columns[column.name]["nullable"], column.nullable)
    same("default", columns["status"]["default"], "'new'::text")
    same("identity", columns["id"]["identity"]["always"], True)
    same("comment", columns["name"]["comment"], "in full")
    same("get_table_comment", look.get_table_comment("people"), {"text": "who works here"})
    same("get_pk_constraint", look.get_pk_constraint("people")["constrained_columns"], ["id"])
    same("get_foreign_keys", look.get_foreign_keys("people"), [])
    unique = look.get_unique_constraints("people")
    same("get_unique_constraints", [(key["name"], key["column_names"]) for key in unique],
         [("people_name_born_key", ["name", "born"])])
    checks = look.get_check_constraints("people")
    same("get_check_constraints", [check["name"] for check in checks], ["people_height_check"])
    indexes = look.get_indexes("orders", schema="app")
    same("get_indexes", [(index["name"], index["column_names"], index["unique"]) for index in indexes],
         [("orders_code", ["code"], True)])
    computed = {column["name"]: column for column in look.get_columns("orders", schema="app")}["total"]
    same("computed", computed["computed"]["persisted"], True)
    same("get_sequence_names", "orders_id_seq" in look.get_sequence_names(schema="app"), True)
    same("get_view_names", "adults" in look.get_view_names(), True)
    same("get_view_definition", "people" in look.get_view_definition("adults"), True)
    table = sa.Table("people", sa.MetaData(), autoload_with=engine)
    same("autoload", [column.name for column in table.columns], list(columns))
    everything = sa.MetaData()
    everything.reflect(engine, views=True)
    everything.reflect(engine, schema="app")
    same("reflect", {"people", "adults", "app.orders"} <= set(everything.tables), True)


def core(engine):
    """INSERT, SELECT, UPDATE and DELETE as expressions."""
    orders = Order.__table__
    with engine.begin() as connection:
        made = connection.execute(
            sa.insert(orders).returning(orders.c.id, orders.c.total),
            [{"code": "a", "quantity": 2, "price": 1.5}, {"code": "b", "quantity": 3, "price": 2.0}],
        ).all()
        same("returned", [total for _, total in made], [3.0, 6.0])
        rows = connection.execute(
            sa.select(orders.c.code, sa.func.sum(orders.c.total)).group_by(orders.c.code).order_by(orders.c.code)
        ).all()
        same("summed", [tuple(row) for row in rows], [("a", 3.0), ("b", 6.0)])
        changed = connection.execute(
            sa.update(orders).where(orders.c.code == "a").values(quantity=orders.c.quantity + 1)
        )
        same("updated", changed.rowcount, 1)
        found = connection.execute(sa.select(orders.c.total).where(orders.c.code.in_(["a", "z"]))).scalar_one()
        same("found", found, 4.5)
        same("deleted", connection.execute(sa.delete(orders).where(orders.c.price > 1.6)).rowcount, 1)
    with engine.connect() as connection:
        try:
            connection.execute(sa.insert(orders), {"code": "a", "price": 1})
        except sa.exc.IntegrityError:
            pass
        else:
            raise AssertionError("a second key was taken")


def session(engine):
    """Objects with identity keys."""
    with orm.Session(engine) as session:
        ann = Person(name="Ann", born=datetime.date(1990, 2, 28), height=1.7, wage=decimal.Decimal("12.50"),
                     key=uuid.UUID(int=7), tags=["a", "b c"], profile={"k": [1, None]}, photo=b"\x00\xff",
                     seen=datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc))
        session.add_all([ann, Person(name="Bob", height=1.8)])
        session.commit()
        same("status", ann.status, "new")
        number = ann.id
        session.expunge_all()
        again = session.get(Person, number)
        same("read", (again.name, again.born, again.wage, again.key, again.tags, again.profile, again.photo, again.active),
             ("Ann", datetime.date(1990, 2, 28), decimal.Decimal("12.50"), uuid.UUID(int=7), ["a", "b c"],
              {"k": [1, None]}, b"\x00\xff", True))
        again.wage = decimal.Decimal("13.00")
        session.commit()
        wages = session.scalars(sa.select(Person.wage).order_by(Person.name)).all()
        same("changed", wages, [decimal.Decimal("13.00"), None])
        with session.begin_nested():
            session.add(Person(name="Eve"))
        session.rollback()
        same("rolled back", session.scalar(sa.select(sa.func.count()).select_from(Person)), 2)
        session.delete(session.get(Person, number))
        session.commit()
        same("left", session.scalars(sa.select(Person.name)).all(), ["Bob"])


def alembic(engine):
    """A comparison of the models with the database."""
    with engine.connect() as connection:
        def ours(_object, name, kind, _reflected, _to):
            return kind != "table" or name in ("people", "orders")
        options = {"compare_type": True, "compare_server_default": True, "include_schemas": True, "include_object": ours}
        context = MigrationContext.configure(connection, opts=options)
        same("alembic", compare_metadata(context, Base.metadata), [])


def run(address):
    for driver in DRIVERS:
        begun = time.monotonic()
        engine = sa.create_engine(f"postgresql+{driver}://postgres@{address}")
        with engine.begin() as connection:
            connection.execute(sa.schema.CreateSchema("app", if_not_exists=True))
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE VIEW adults AS SELECT id, name FROM people WHERE born < '2000-01-01'"))
        for step in (reflected, core, session, alembic):
            step(engine)
        with engine.begin() as connection:
            connection.execute(sa.text("DROP VIEW adults"))
        Base.metadata.drop_all(engine)
        same("dropped", sa.inspect(engine).has_table("people"), False)
        engine.dispose()
        print(f"{driver}: passed in {time.monotonic() - begun:.1f} s", flush=True)


def free_port():
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return any_socket.getsockname()[1]


def main(arguments):
    match arguments:
        case ["--url", address]:
            return run(address)
        case [muster]:
            pass
        case _:
            sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [muster, "serve", "--data", str(pathlib.Path(folder) / "data"), "--listen", f"127.0.0.1:{port}"]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(600):
                with socket.socket() as attempt:
                    if attempt.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if server.poll() is not None:
                    sys.exit("the server has ended")
                time.sleep(0.1)
            run(f"127.0.0.1:{port}/muster")
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    main(sys.argv[1:])
