"""What pydo offers for a managed Valkey cluster, each used once against a running Atoll, and the cluster used with redis-py
over verified TLS.

Arguments: address, token, the authority's file.
"""

import os
import signal
import socket
import ssl
import sys
import urllib.parse

import pydo
import redis
from azure.core.exceptions import HttpResponseError
from redis.backoff import NoBackoff
from redis.retry import Retry

from waiting import until

endpoint, token, authority = sys.argv[1:4]
databases = pydo.Client(token=token, endpoint=endpoint, connection_verify=authority).databases


def refused(status, call, *arguments):
    try:
        answer = call(*arguments)
    except HttpResponseError as error:
        assert error.status_code == status, error
    else:
        # pydo gives a 404's body back instead of raising it.
        assert status == 404 and answer["id"] == "not_found", answer


def attempt(call):
    try:
        return call()
    except redis.ConnectionError:
        return None


def get(id):
    return databases.get_cluster(id)["database"]


def client(cluster, **options):
    connection = cluster["connection"]
    options = {"host": connection["host"], "port": connection["port"], "password": connection["password"], "ssl": True,
               "ssl_ca_certs": authority, "ssl_check_hostname": True, "decode_responses": True} | options
    return redis.Redis(**options)


def create():
    offered = databases.list_options()["options"]["valkey"]
    assert offered["versions"] == ["8"] and "m-8vcpu-64gb" in offered["layouts"][0]["sizes"], offered
    made = databases.create_cluster(
        {"name": "valkey-tour", "engine": "valkey", "version": "8", "region": "nyc3", "size": "db-s-1vcpu-1gb",
         "num_nodes": 1, "tags": ["caches"]})["database"]
    assert made["status"] == "creating" and made["connection"]["password"], made
    until("online", lambda: get(made["id"])["status"] == "online")
    cluster = get(made["id"])
    # doctl prints what the create answer said.
    connection = cluster["connection"]
    assert connection == made["connection"]
    address = urllib.parse.urlsplit(connection["uri"])
    assert (address.scheme, address.username, address.port) == ("rediss", "default", connection["port"])
    assert urllib.parse.unquote(address.password) == connection["password"]
    assert connection["ssl"] is True and connection["user"] == "default" and connection["database"] == ""
    assert [user["name"] for user in cluster["users"]] == ["default"] and cluster["db_names"] == []
    assert (cluster["engine"], cluster["version"], cluster["tags"]) == ("valkey", "8", ["caches"])
    return cluster


def use(cluster):
    # As redis-py, Django and Celery take it.
    redis.Redis.from_url(cluster["connection"]["uri"], ssl_ca_certs=authority, ssl_check_hostname=True).ping()
    store = client(cluster)
    assert store.set("greeting", "hello") and store.get("greeting") == "hello"
    memory = store.config_get("maxmemory")["maxmemory"]
    assert memory == str(512 << 20), memory
    store.rpush("list", *range(100))
    assert store.llen("list") == 100
    # Without our authority, or without TLS, there is no way in.
    for wrong in ({"ssl_ca_certs": ssl.get_default_verify_paths().cafile}, {"password": "wrong"}):
        try:
            client(cluster, **wrong).ping()
        except (redis.ConnectionError, redis.AuthenticationError):
            continue
        raise AssertionError(wrong)
    with socket.socket() as plain:
        assert plain.connect_ex((cluster["connection"]["host"], cluster["connection"]["port"] - 1)) != 0
    for words in (["CONFIG", "SET", "maxmemory", "0"], ["CONFIG", "REWRITE"]):
        try:
            store.execute_command(*words)
        except redis.ResponseError as error:
            assert "this server is managed" in str(error), error
            continue
        raise AssertionError(words)


def eviction(cluster):
    id = cluster["id"]
    assert databases.get_eviction_policy(id)["eviction_policy"] == "noeviction"
    databases.update_eviction_policy(id, {"eviction_policy": "allkeys_lru"})
    assert databases.get_eviction_policy(id)["eviction_policy"] == "allkeys_lru"
    assert databases.get_config(id)["config"]["valkey_maxmemory_policy"] == "allkeys_lru"
    assert client(cluster).config_get("maxmemory-policy")["maxmemory-policy"] == "allkeys-lru"
    refused(422, databases.update_eviction_policy, id, {"eviction_policy": "oldest"})


def configuration(cluster):
    id = cluster["id"]
    store = client(cluster)
    databases.patch_config(
        id, {"config": {"valkey_timeout": 0, "redis_notify_keyspace_events": "KEA", "valkey_lfu_log_factor": 5,
                        "valkey_pubsub_client_output_buffer_limit": 64, "valkey_active_expire_effort": 2}})
    config = databases.get_config(id)["config"]
    assert (config["valkey_timeout"], config["valkey_notify_keyspace_events"]) == (0, "KEA"), config
    shown = store.config_get("timeout", "notify-keyspace-events", "lfu-log-factor", "client-output-buffer-limit")
    assert (shown["timeout"], shown["lfu-log-factor"]) == ("0", "5") and set("KE") <= set(
        shown["notify-keyspace-events"]), shown
    assert "pubsub 67108864 16777216 60" in shown["client-output-buffer-limit"], shown
    refused(422, databases.patch_config, id, {"config": {"valkey_timeout": -1}})
    # A restart, over which the data stays, and a number that is too low for the data.
    databases.patch_config(id, {"config": {"valkey_number_of_databases": 40}})
    until("40 databases", lambda: attempt(lambda: client(cluster, db=39).set("last", "1")))
    assert client(cluster).get("greeting") == "hello"
    refused(422, databases.patch_config, id, {"config": {"valkey_number_of_databases": 39}})
    client(cluster, db=39).flushdb()
    databases.patch_config(id, {"config": {"valkey_number_of_databases": 16}})
    until("16 databases", lambda: attempt(lambda: client(cluster).config_get("databases")["databases"]) == "16")
    assert client(cluster).get("greeting") == "hello"


def sources(cluster):
    id = cluster["id"]
    store = client(cluster)
    store.ping()
    databases.update_firewall_rules(id, {"rules": [{"type": "ip_addr", "value": "203.0.113.9"}]})
    for stranger in (store, client(cluster)):
        try:
            stranger.ping()
        except (redis.ConnectionError, redis.ResponseError):
            continue
        raise AssertionError("a stranger came in")
    databases.update_firewall_rules(id, {"rules": [{"type": "ip_addr", "value": "127.0.0.0/8"}, {
        "type": "ip_addr", "value": "::1"}]})
    client(cluster).ping()
    databases.update_firewall_rules(id, {"rules": []})
    databases.update_maintenance_window(id, {"day": "tuesday", "hour": "14:00"})
    assert get(id)["maintenance_window"]["hour"] == "14:00:00"
    kinds = [event["event_type"] for event in databases.list_events_logs(id)["events"]]
    assert "cluster_create" in kinds and "cluster_update" in kinds, kinds


def users(cluster):
    id = cluster["id"]
    refused(422, databases.list_users, id)
    refused(422, databases.add_user, id, {"name": "app"})
    refused(422, databases.get_user, id, "default")
    refused(422, databases.delete_user, id, "default")
    refused(422, databases.list, id)
    refused(422, databases.add, id, {"name": "shop"})
    refused(422, databases.list_connection_pools, id)
    refused(422, databases.list_replicas, id)
    refused(422, databases.list_backups, id)
    before = get(id)
    new = databases.reset_auth(id, "default", {})["user"]
    assert new["password"] != before["connection"]["password"]
    after = get(id)
    assert after["connection"]["password"] == new["password"]
    client(after).ping()
    try:
        client(before).ping()
    except redis.AuthenticationError:
        pass
    else:
        raise AssertionError("the old password is good")


def faults(cluster):
    cluster = get(cluster["id"])
    id = cluster["id"]
    store = client(cluster)
    store.set("kept", "1")
    store.save()
    first = store.info("server")["process_id"]
    os.kill(first, signal.SIGKILL)
    second = until("another process", lambda: attempt(lambda: client(cluster).info("server")["process_id"]))
    assert second != first
    assert client(cluster).get("kept") == "1" and client(cluster).get("greeting") == "hello"
    until("online", lambda: get(id)["status"] == "online")
    # A client's SHUTDOWN ends the process cleanly; it saves, comes back, and the status says why it was away.
    client(cluster).set("late", "1")
    try:
        # The library sends a command again when the connection ends, but for this.
        client(cluster, retry=Retry(NoBackoff(), 0)).execute_command("SHUTDOWN")
    except redis.ConnectionError:
        pass
    message = until("a reason", lambda: get(id).get("status_message"), seconds=10)
    assert "a client sent SHUTDOWN" in message, message
    third = until("a third process", lambda: attempt(lambda: client(cluster).info("server")["process_id"]))
    assert third not in (first, second)
    until("online", lambda: get(id)["status"] == "online")
    assert "status_message" not in get(id)
    assert client(cluster).get("late") == "1"


def kill(cluster):
    process = client(cluster).info("server")["process_id"]
    os.kill(process, signal.SIGKILL)
    until("another process", lambda: attempt(lambda: client(cluster).info("server")["process_id"] != process))


def persistence(cluster):
    """Each method and each way from one to another, with a kill after it."""
    cluster = get(cluster["id"])
    id = cluster["id"]
    keep = {"appendonly": "no", "save": "600 1"}
    assert client(cluster).config_get("appendonly", "save") == keep
    databases.patch_config(id, {"config": {"valkey_persistence": "aof", "valkey_appendfsync": "always"}})
    assert client(cluster).config_get("appendonly", "save") == {"appendonly": "yes", "save": ""}
    client(cluster).set("logged", "1")
    kill(cluster)
    assert client(cluster).mget("logged", "late") == ["1", "1"]
    # To a dump and back again: what came in between is in the new form before the old one goes.
    databases.patch_config(id, {"config": {"valkey_persistence": "rdb"}})
    assert client(cluster).config_get("appendonly", "save") == keep
    kill(cluster)
    assert client(cluster).mget("logged", "late") == ["1", "1"]
    databases.patch_config(id, {"config": {"valkey_persistence": "aof", "valkey_save": "900 1"}})
    assert client(cluster).config_get("appendonly", "save") == {"appendonly": "yes", "save": "900 1"}
    client(cluster).set("logged", "2")
    kill(cluster)
    assert client(cluster).mget("logged", "late") == ["2", "1"]
    databases.patch_config(id, {"config": {"valkey_persistence": "off", "valkey_save": None}})
    assert client(cluster).config_get("appendonly", "save") == {"appendonly": "no", "save": ""}
    assert client(cluster).get("late") == "1"
    kill(cluster)
    assert client(cluster).dbsize() == 0
    databases.patch_config(id, {"config": {"valkey_persistence": "rdb"}})


def without_tls(cluster):
    cluster = get(cluster["id"])
    databases.patch_config(cluster["id"], {"config": {"valkey_ssl": False}})
    plain = get(cluster["id"])["connection"]
    assert plain["uri"].startswith("redis://") and plain["ssl"] is False
    assert plain["port"] == cluster["connection"]["port"] - 1
    redis.Redis.from_url(plain["uri"]).ping()
    client(cluster).ping()
    databases.patch_config(cluster["id"], {"config": {"valkey_ssl": True}})
    assert attempt(lambda: redis.Redis.from_url(plain["uri"]).ping()) is None
    client(cluster).ping()


cluster = create()
for step in (use, eviction, configuration, sources, users, faults, persistence, without_tls):
    step(cluster)
    print(step.__name__, flush=True)
databases.destroy_cluster(cluster["id"])
refused(404, databases.get_cluster, cluster["id"])
assert databases.list_clusters()["databases"] == []
until("the port closes", lambda: attempt(lambda: client(cluster).ping()) is None)
print("done")
