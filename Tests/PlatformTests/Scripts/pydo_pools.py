"""Connection pools as pydo has them, each operation once, with psycopg2 as the pool's client.

Arguments: address, token, the authority's file, id of a cluster of the smallest size without pools.
"""

import sys

import psycopg2
import pydo
from azure.core.exceptions import HttpResponseError

endpoint, token, authority, cluster = sys.argv[1:5]
databases = pydo.Client(token=token, endpoint=endpoint, connection_verify=authority).databases


def refused(status, call, *arguments):
    try:
        answer = call(*arguments)
    except HttpResponseError as error:
        assert error.status_code == status, error
    else:
        assert status == 404 and answer["id"] == "not_found", answer


def value(connection, statement):
    session = psycopg2.connect(connection["uri"])
    with session, session.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    session.close()
    return row[0]


assert databases.list_connection_pools(cluster)["pools"] == []
made = databases.add_connection_pool(
    cluster, {"name": "backend-pool", "mode": "transaction", "size": 10, "db": "defaultdb", "user": "doadmin"})["pool"]
assert (made["name"], made["mode"], made["size"], made["db"], made["user"]) == (
    "backend-pool", "transaction", 10, "defaultdb", "doadmin")
assert made["connection"]["database"] == "backend-pool" and made["private_connection"] == made["connection"]
assert value(made["connection"], "SELECT current_user") == "doadmin"
assert databases.list_connection_pools(cluster)["pools"] == [made]
assert databases.get_connection_pool(cluster, "backend-pool")["pool"] == made
refused(422, databases.add_connection_pool, cluster,
        {"name": "second", "mode": "transaction", "size": 13, "db": "defaultdb", "user": "doadmin"})
databases.update_connection_pool(cluster, "backend-pool", {"mode": "session", "size": 22, "db": "defaultdb"})
changed = databases.get_connection_pool(cluster, "backend-pool")["pool"]
assert (changed["mode"], changed["size"]) == ("session", 22) and "user" not in changed, changed
assert value(changed["connection"], "SELECT current_database()") == "defaultdb"
databases.delete_connection_pool(cluster, "backend-pool")
refused(404, databases.get_connection_pool, cluster, "backend-pool")
assert databases.list_connection_pools(cluster)["pools"] == []
print("done")
