"""SQLAlchemy in each pool mode, over psycopg 3 and over asyncpg: schema, ORM, savepoints, streams, reflection.

  client_sqlalchemy.py COMMAND session|transaction|statement
"""

import asyncio
import sys
import threading

import sqlalchemy
from sqlalchemy import ForeignKey, Identity, func, inspect, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

from services import Services, check, finish, pool_size


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    notes: Mapped[dict] = mapped_column(JSONB, default=dict)
    tags: Mapped[list] = mapped_column(ARRAY(sqlalchemy.Text), default=list)
    books: Mapped[list["Book"]] = relationship(back_populates="author", cascade="all, delete-orphan")


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[Author] = relationship(back_populates="books")


def engine(uri, driver, **options):
    return sqlalchemy.create_engine(uri.replace("postgresql:", f"postgresql+{driver}:"), **options)


def orm(engine):
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        author = Author(name="Größe", notes={"a": [1]}, tags=["x", "y"], books=[Book(title=f"b{n}") for n in range(50)])
        session.add(author)
        session.commit()
        check("columns come back", (author.notes, author.tags), ({"a": [1]}, ["x", "y"]))
        check("related", len(session.scalars(select(Author).options(selectinload(Author.books))).one().books), 50)
        try:
            with session.begin_nested():
                session.add(Author(name="Größe"))
                session.flush()
            check("a name twice", False)
        except sqlalchemy.exc.IntegrityError:
            pass
        session.add(Author(name="second"))
        session.commit()
        check("after the savepoint", session.scalar(select(func.count()).select_from(Author)), 2)
        session.add(Author(name="third"))
        session.rollback()
        check("rolled back", session.scalar(select(func.count()).select_from(Author)), 2)
        session.execute(insert(Author).values(name="second", notes={}, tags=[]).on_conflict_do_nothing())
        session.delete(author)
        session.commit()
        check("deleted with what hangs on it", session.scalar(select(func.count()).select_from(Book)), 0)
    reflected = sqlalchemy.MetaData()
    reflected.reflect(engine)
    check("reflected", sorted(reflected.tables), ["authors", "books"])
    check("columns", [c["name"] for c in inspect(engine).get_columns("books")], ["id", "title", "author_id"])


def streams(engine):
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT generate_series(1, 1000)"), execution_options={"yield_per": 100})
        check("a server's cursor, by the hundred", sum(row[0] for row in rows), 500_500)
        many = connection.execute(
            insert(Author).returning(Author.id), [{"name": f"n{n}", "notes": {}, "tags": []} for n in range(2000)])
        check("2000 rows with their keys", len(many.all()), 2000)
        connection.commit()
    with engine.connect().execution_options(isolation_level="SERIALIZABLE") as connection:
        check("isolation", connection.scalar(text("SHOW transaction_isolation")), "serializable")
    with engine.connect() as connection:
        check("of that session only", connection.scalar(text("SHOW transaction_isolation")), "read committed")


def two_phases(engine):
    with engine.connect() as connection:
        transaction = connection.begin_twophase("phases")
        connection.execute(text("DELETE FROM authors"))
        transaction.prepare()
        with engine.connect() as other:
            check("prepared", other.recover_twophase(), ["phases"])
        transaction.commit()
        check("committed", connection.scalar(text("SELECT count(*) FROM authors")), 0)


def at_once(engine):
    wrong = []

    def client(n):
        try:
            for m in range(30):
                with engine.begin() as connection:
                    if connection.scalar(text("SELECT :n * 1000 + :m"), {"n": n, "m": m}) != n * 1000 + m:
                        wrong.append((n, m))
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check("8 threads", wrong, [])


async def asynchronous(uri, **options):
    engine = create_async_engine(uri.replace("postgresql:", "postgresql+asyncpg:"), **options)

    async def client(n):
        got = []
        for m in range(20):
            async with engine.connect() as connection:
                got.append(await connection.scalar(text("SELECT cast(:n AS int) * 1000 + cast(:m AS int)"), {"n": n, "m": m}))
        return got == [n * 1000 + m for m in range(20)]

    check("asyncpg below", await asyncio.gather(*(client(n) for n in range(10))), [True] * 10)
    if not options:
        async with engine.begin() as connection:
            rows = await connection.stream(text("SELECT generate_series(1, 1000)"))
            check("streamed", sum([row[0] async for row in rows]), 500_500)
    await engine.dispose()


def autocommitted(engine):
    """Statement mode: with AUTOCOMMIT as isolation level SQLAlchemy sends no BEGIN."""
    with engine.connect() as connection:
        for n in range(50):
            check("by statement", connection.scalar(text("SELECT cast(:n AS int)"), {"n": n}), n)
        connection.execute(text("INSERT INTO items VALUES (:n)"), [{"n": n} for n in range(100)])
        check("rows", connection.scalar(text("SELECT count(*) FROM items")), 100)


def refused(engine):
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT 1"))
        check("a transaction", False)
    except sqlalchemy.exc.OperationalError as error:
        check("the reason", "transaction blocks not allowed in statement pooling mode" in str(error))


def main():
    command, mode = sys.argv[1:3]
    with Services(command) as services:
        pooler = services.pooler(pool_mode=mode, default_pool_size=pool_size(mode))
        uri = pooler.uri()
        if mode == "statement":
            services.postgres.sql("CREATE TABLE items (n int)", user="app", database="app")
            alone = {"isolation_level": "AUTOCOMMIT"}
            # To ask for the type hstore, psycopg begins a transaction.
            driver = {"driver": "psycopg", "use_native_hstore": False, **alone}
            autocommitted(engine(uri, **driver))
            at_once(engine(uri, **driver))
            asyncio.run(asynchronous(uri, **alone))
            refused(engine(uri, "psycopg"))
        else:
            for driver in ("psycopg", "psycopg2"):
                target = engine(uri, driver)
                for tests in (orm, streams, two_phases, at_once):
                    tests(target)
                Base.metadata.drop_all(target)
                target.dispose()
            asyncio.run(asynchronous(uri))
        check("the pooler runs", pooler.is_alive())
    finish()


main()
