"""The libraries that programs use: redis-py in both protocols, Django's cache, Celery's queues and results."""

import os
import subprocess
import sys
import threading
import time

import redis
from redis.client import Redis

from server import Server, check, finish

APPLICATION = "celery_application"


def main():
    socket_path = f"/tmp/atoll-kv-{os.getpid()}.sock"
    with Server(sys.argv[1], "--unixsocket", socket_path) as server:
        for version in (2, 3):
            for options in ({"port": server.port}, {"unix_socket_path": socket_path}):
                commands(version, options)
            publishing(version, server.port)
            blocking(version, server.port)
        tracking(server.port)
        django(server.port)
        celery(server)
        with Redis(port=server.port) as client:
            check("nothing has failed inside", client.info("stats")["unexpected_error_replies"], 0)
    finish()


def commands(version, options):
    client = Redis(protocol=version, decode_responses=True, **options)
    client.flushall()
    check("ping", client.ping(), True)
    check("set", client.set("a", "1", ex=100), True)
    check("get", client.get("a"), "1")
    check("ttl", client.ttl("a") in (99, 100), True)
    check("hash", client.hset("h", mapping={"x": 1, "y": 2}), 2)
    check("hgetall", client.hgetall("h"), {"x": "1", "y": "2"})
    check("zset", client.zadd("z", {"m": 1.5, "n": 2}), 2)
    scores = client.zrange("z", 0, -1, withscores=True)
    check("zrange", [tuple(pair) for pair in scores], [("m", 1.5), ("n", 2.0)])
    check("set members", (client.sadd("s", "p", "q"), client.smembers("s")), (2, {"p", "q"}))
    check("stream", client.xadd("st", {"f": "v"}, id="1-1"), "1-1")
    check("xrange", client.xrange("st"), [("1-1", {"f": "v"})])
    check("group", client.xgroup_create("st", "g", "0"), True)
    check("groups", client.xinfo_groups("st")[0]["name"], "g")
    check("geo", client.geoadd("geo", (13.361389, 38.115556, "Palermo")), 1)
    check("config", client.config_get("maxmemory-policy"), {"maxmemory-policy": "noeviction"})
    check("info", client.info("server")["redis_version"].startswith("7.2"), True)
    check("clients", any(entry["id"] == str(client.client_id()) for entry in client.client_list()), True)

    with client.pipeline() as pipeline:
        pipeline.set("p", 5).incr("p").get("p").lpush("a", "wrong type")
        check("transaction", pipeline.execute(raise_on_error=False)[:3], [True, 6, "6"])
    with client.pipeline(transaction=False) as pipeline:
        for i in range(2000):
            pipeline.set(f"key:{i}", i)
        check("pipeline", pipeline.execute(), [True] * 2000)
    check("scan_iter", len(set(client.scan_iter("key:*", count=100))), 2000)
    check("sscan_iter", set(client.sscan_iter("s")), {"p", "q"})
    check("mget", client.mget("key:1", "none", "key:3"), ["1", None, "3"])
    check("transaction with WATCH", client.transaction(increment, "p"), [True])
    check("watched", client.get("p"), "7")
    check("sort", client.sort("s", alpha=True, desc=True), ["q", "p"])
    try:
        client.incr("h")
        check("a wrong type raises", None, "an error")
    except redis.ResponseError as error:
        check("a wrong type raises", str(error).startswith("WRONGTYPE"), True)
    check("databases", (client.move("p", 1), client.exists("p")), (True, 0))
    client.close()


def increment(pipeline):
    value = int(pipeline.get("p"))
    pipeline.multi()
    pipeline.set("p", value + 1)


def publishing(version, port):
    client = Redis(port=port, protocol=version, decode_responses=True)
    subscriber = client.pubsub(ignore_subscribe_messages=True)
    subscriber.subscribe("news")
    subscriber.psubscribe("n*")
    subscriber.get_message(timeout=1)
    subscriber.get_message(timeout=1)
    check("receivers", client.publish("news", "hello"), 2)
    messages = [wait_for_message(subscriber) for _ in range(2)]
    check("messages", sorted(message["type"] for message in messages), ["message", "pmessage"])
    check("data", {message["data"] for message in messages}, {"hello"})
    check("numsub", client.pubsub_numsub("news"), [("news", 1)])
    subscriber.close()
    client.close()


def wait_for_message(subscriber):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        message = subscriber.get_message(timeout=1)
        if message:
            return message
    return {"type": "none", "data": None}


def blocking(version, port):
    client = Redis(port=port, protocol=version, decode_responses=True)
    other = Redis(port=port, protocol=version)
    timer = threading.Timer(0.2, lambda: other.rpush("queue", "job"))
    timer.start()
    check("blpop", tuple(client.blpop("queue", timeout=10)), ("queue", "job"))
    check("blpop in vain", client.blpop("queue", timeout=0.1), None)
    timer.join()
    check("lock", client.set("lock", "mine", nx=True, px=10_000), True)
    check("is held", other.set("lock", "theirs", nx=True, px=10_000), None)
    client.delete("lock")
    client.close()
    other.close()


def tracking(port):
    """Invalidations pushed on the connection itself (redis-py's own cache asks for a server of 7.4 or later)."""
    writer = Redis(port=port, protocol=3)
    pushed = []
    connection = Redis(port=port, protocol=3).connection_pool.get_connection()
    connection._parser.set_invalidation_push_handler(pushed.append)
    for words in (("CLIENT", "TRACKING", "ON"), ("GET", "tracked")):
        connection.send_command(*words)
        connection.read_response()
    writer.set("tracked", "new")
    connection.send_command("PING")
    connection.read_response()
    check("invalidation", pushed, [[b"invalidate", [b"tracked"]]])
    connection.disconnect()

    writer.close()


def django(port):
    from django.conf import settings
    settings.configure(CACHES={
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"redis://127.0.0.1:{port}/2",
                    "KEY_PREFIX": "site", "VERSION": 1, "TIMEOUT": 300}})
    from django.core.cache import cache
    check("clear", cache.clear(), True)
    cache.set("number", 5)
    cache.set("object", {"a": [1, 2]}, timeout=60)
    cache.set("forever", "x", timeout=None)
    check("get", (cache.get("number"), cache.get("object"), cache.get("none", "default")), (5, {"a": [1, 2]}, "default"))
    check("add", (cache.add("number", 6), cache.add("fresh", 6)), (False, True))
    check("incr", (cache.incr("number"), cache.incr("number", 10), cache.decr("number", 2)), (6, 16, 14))
    check("touch", (cache.touch("number", 100), cache.touch("none")), (True, False))
    check("touch for ever", cache.touch("number", None), True)
    check("has_key", (cache.has_key("number"), "none" in cache), (True, False))
    check("set_many", cache.set_many({"m1": 1, "m2": "two"}, timeout=50), [])
    check("get_many", cache.get_many(["m1", "m2", "m3"]), {"m1": 1, "m2": "two"})
    cache.delete_many(["m1", "m2"])
    check("delete_many", cache.get_many(["m1", "m2"]), {})
    check("delete", (cache.delete("fresh"), cache.delete("fresh")), (True, False))
    cache.set("versioned", "first")
    check("incr_version", cache.incr_version("versioned"), 2)
    check("versions", (cache.get("versioned"), cache.get("versioned", version=2)), (None, "first"))
    check("get_or_set", cache.get_or_set("lazy", lambda: 42), 42)
    check("timeout 0", (cache.set("gone", 1, timeout=0), cache.get("gone")), (None, None))
    with Redis(port=port, db=2) as client:
        check("a key in the server", client.get("site:1:number"), b"14")
        check("no deadline", client.ttl("site:1:forever"), -1)
        check("a deadline", 0 < client.ttl("site:1:object") <= 60, True)
    cache.clear()
    check("cleared", cache.get("number"), None)


def celery(server):
    """A worker process with a queue of its own: tasks with results, a retry, a group, and a ping to all workers."""
    environment = dict(os.environ, KV_PORT=str(server.port), PYTHONPATH=os.path.dirname(os.path.abspath(__file__)))
    os.environ["KV_PORT"] = str(server.port)
    import celery_application as application
    log = open(os.path.join(server.directory, "celery"), "w+")
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", APPLICATION, "worker", "--concurrency", "1", "--pool", "threads",
         "--loglevel", "INFO", "--hostname", "tested@%h"],
        env=environment, cwd=server.directory, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        app = application.app
        deadline = time.monotonic() + 60
        pongs = []
        while not pongs and time.monotonic() < deadline and worker.poll() is None:
            pongs = app.control.ping(timeout=2)
        check("a ping to all workers", [list(pong.values()) for pong in pongs], [[{"ok": "pong"}]])
        check("a task", application.add.delay(2, 3).get(timeout=30), 5)
        results = [application.add.delay(i, i) for i in range(20)]
        check("20 tasks", [result.get(timeout=30) for result in results], [2 * i for i in range(20)])
        check("a retried task", application.retried.delay().get(timeout=30), 2)
        check("a delayed task", application.add.apply_async((1, 1), countdown=1).get(timeout=30), 2)
        failed = application.failing.delay()
        try:
            failed.get(timeout=30)
        except ValueError as error:
            check("a failing task", str(error), "as told")
        check("its state", failed.state, "FAILURE")
        from celery import group
        check("a group", group(application.add.s(i, 1) for i in range(5)).delay().get(timeout=30), [1, 2, 3, 4, 5])
        check("workers tell", len(app.control.inspect(timeout=3).registered() or {}), 1)
        with Redis(port=server.port) as client:
            check("the queue is empty", client.llen("celery"), 0)
            check("nothing is unacknowledged", client.hlen("unacked"), 0)
    finally:
        worker.terminate()
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        log.seek(0)
        text = log.read()
        log.close()
    if "Traceback" in text and "as told" not in text or "unknown command" in text:
        check("the worker's log", text[-3000:], "")


main()
