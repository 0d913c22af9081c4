"""/metrics of a pooler under load: the text is Prometheus's, and its counts are what was run.

  metrics.py COMMAND
"""

import http.client
import os
import re
import socket
import subprocess
import sys
import time

import psycopg
from prometheus_client.parser import text_string_to_metric_families

from services import PASSWORD, Services, check, finish, free_port, until

CLIENTS, TRANSACTIONS, SERVERS = 20, 100, 5


def main():
    port = free_port()
    with Services(sys.argv[1]) as services:
        pooler = services.pooler(
            pool_mode="transaction", default_pool_size=SERVERS, metrics_listen=f"127.0.0.1:{port}")
        load(services, pooler, port)
        labels(services, pooler, port)
        pins(pooler, port)
        answers(port)
        hostile(port)
        unix_socket(services)
        check("the pooler runs", pooler.is_alive())
    finish()


def scrape(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    text = answer.read().decode()
    check("status", answer.status, 200)
    check("type", answer.getheader("Content-Type"), "text/plain; version=0.0.4; charset=utf-8")
    connection.close()
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(families, family, sample=None, **labels):
    """The sum of a family's samples with these labels."""
    return sum(s.value for s in families[family].samples
               if s.name == (sample or family) and labels.items() <= s.labels.items())


def load(services, pooler, port):
    """pgbench's SELECT, each a transaction of one request, while scrapers come in between."""
    services.postgres.sql("GRANT ALL ON SCHEMA public TO app", database="app")
    subprocess.run(["pgbench", "-i", "-q", services.postgres.uri()], check=True, capture_output=True)
    before = scrape(port)
    words = ["pgbench", "-n", "-S", "-c", str(CLIENTS), "-t", str(TRANSACTIONS), pooler.uri()]
    pgbench = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    scrapes = 0
    while pgbench.poll() is None:
        seen = scrape(port)
        pool = {"database": "app", "user": "app"}
        check("servers at most", value(seen, "pgbouncer_pools_server_active_connections", **pool) <= SERVERS)
        scrapes += 1
    check("pgbench", f"{CLIENTS * TRANSACTIONS}/{CLIENTS * TRANSACTIONS}" in pgbench.communicate()[0])
    check("scrapes under load", scrapes > 0)
    after = scrape(port)

    def grown(family, sample=None, **labels):
        # A pool that is not there yet has counted nothing.
        return value(after, family, sample, database="app", **labels) - value(before, family, sample, database="app", **labels)

    # pgbench also asks for the scale and the partitions, once.
    run = grown("pgbouncer_stats_sql_transactions_pooled", "pgbouncer_stats_sql_transactions_pooled_total")
    check("transactions", CLIENTS * TRANSACTIONS <= run <= CLIENTS * TRANSACTIONS + 10)
    for kind in ["transaction", "query", "wait"]:
        name = f"atoll_pooler_{kind}_seconds"
        count = grown(name, f"{name}_count")
        # Who logs in before there is a server waits for one, too.
        check(f"count of {kind}", run <= count <= run + (CLIENTS + 1 if kind == "wait" else 0))
        check(f"infinity of {kind}", grown(name, f"{name}_bucket", le="+Inf"), count)
        check(f"sum of {kind}", grown(name, f"{name}_sum") > 0)
        buckets = [s for s in after[name].samples if s.name.endswith("_bucket") and s.labels["database"] == "app"]
        counts = [s.value for s in sorted(buckets, key=lambda s: float(s.labels["le"]))]
        check(f"buckets of {kind} grow", counts, sorted(counts))
    seconds = value(after, "process_cpu_seconds", "process_cpu_seconds_total")
    check("CPU", 0 < seconds < 100)
    check("memory", value(after, "process_resident_memory_bytes") > 1 << 20)
    check("started", abs(value(after, "process_start_time_seconds") - time.time()) < 3600)


def labels(services, pooler, port):
    name = 'say "hi"\\'
    services.postgres.sql('CREATE DATABASE "say ""hi""\\" OWNER app')
    from urllib.parse import quote
    with psycopg.connect(pooler.uri(database=quote(name, safe=""))) as connection:
        connection.execute("SELECT 1")
        check("odd name", value(scrape(port), "pgbouncer_pools_client_active_connections", database=name, user="app"), 1)


def pins(pooler, port):
    with psycopg.connect(pooler.uri(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(5)")
        reasons = {"database": "app", "reason": "advisory_lock"}
        # A probe of the session's state follows the answer.
        until("pinned", lambda: value(scrape(port), "atoll_pooler_pinned_clients", **reasons) == 1)
        connection.execute("SELECT pg_advisory_unlock(5)")
        until("not pinned", lambda: value(scrape(port), "atoll_pooler_pinned_clients", **reasons) == 0)


def curl(port, *words):
    run = subprocess.run(["curl", "-s", "-i", "-m", "20", *words], capture_output=True, text=True)
    return run.stdout


def answers(port):
    url = f"http://127.0.0.1:{port}"
    check("curl", curl(port, f"{url}/metrics").startswith("HTTP/1.1 200 OK\n"))
    check("another path", curl(port, f"{url}/").startswith("HTTP/1.1 404 "))
    check("another method", curl(port, "-d", "x", f"{url}/metrics").startswith("HTTP/1.1 405 "))
    head = curl(port, "-I", f"{url}/metrics")
    check("HEAD", head.startswith("HTTP/1.1 200 ") and int(re.search(r"Content-Length: (\d+)", head)[1]) > 1000)
    # Both requests of one curl go over one connection.
    two = subprocess.run(["curl", "-s", "-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects} ",
                          f"{url}/metrics", f"{url}/metrics"], capture_output=True, text=True)
    check("kept alive", two.stdout, "1 0 ")
    old = curl(port, "--http1.0", f"{url}/metrics")
    check("HTTP/1.0", old.startswith("HTTP/1.1 200 ") and "Connection: close" in old)
    # Ten requests at once are answered in turn, and the last ends the connection.
    request = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
    many = exchange(port, request * 9 + request.replace(b"Host: a", b"Host: a\r\nConnection: close"))
    check("pipeline", many.count(b"HTTP/1.1 200 OK\r\n"), 10)


def exchange(port, bytes):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(bytes)
        received = b""
        try:
            while piece := connection.recv(1 << 16):
                received += piece
        except ConnectionResetError:
            pass
        return received


def hostile(port):
    for junk in [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET /metrics\r\n\r\n", os.urandom(4096) + b"\x00",
                 b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"GET /" + b"x" * 9000, b"GET /metrics HTTP/1.1\nHost: a\n\n"]:
        check(f"junk {junk[:12]}", exchange(port, junk).startswith(b"HTTP/1.1 4"))
    # Whoever does not say all takes no place for long, and whoever comes when all are taken is sent away.
    silent = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(20)]
    for connection in silent:
        connection.sendall(b"G")
        time.sleep(0.01)
    refused = 0
    for connection in silent[16:]:
        try:
            refused += connection.recv(1) == b""
        except ConnectionResetError:
            refused += 1
    check("refused", refused, 4)
    until("places are free again", lambda: can_scrape(port))
    for connection in silent:
        connection.close()


def can_scrape(port):
    try:
        return exchange(port, b"GET /metrics HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def unix_socket(services):
    path = os.path.join(services.directory, "metrics.sock")
    pooler = services.pooler(metrics_listen=path)
    until("the socket is there", lambda: os.path.exists(path))
    text = curl(0, "--unix-socket", path, "http://pooler/metrics")
    check("by a Unix socket", text.startswith("HTTP/1.1 200 ") and "pgbouncer_up 1" in text)
    pooler.stop()
    check("the socket goes with the pooler", not os.path.exists(path))


main()
