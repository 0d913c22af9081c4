#!/usr/bin/env python3
"""Sends malformed requests to a live API and prints what came back, as one JSON object.

Usage: malformed_requests.py PORT CA_FILE TOKEN_FILE CLUSTER_ID COUNT SEED

Standard library only. Half of the requests go through http.client with broken contents, half are raw bytes over TLS.
A failure is an answer of 500 or above other than 501, an answer that is no HTTP, or none at all within the limit
where one is due. Nobody can be locked out for good: the caller resets the trusted sources.
"""
import collections
import http.client
import json
import random
import socket
import ssl
import sys

PORT, CA_FILE, TOKEN_FILE, CLUSTER, COUNT, SEED = sys.argv[1:7]
PORT, COUNT, SEED = int(PORT), int(COUNT), int(SEED)
TOKEN = open(TOKEN_FILE).read().strip()
CONTEXT = ssl.create_default_context(cafile=CA_FILE)
RANDOM = random.Random(SEED)
# Longer than any limit of the server on one request (its header and body time outs).
SECONDS_MAX = 75
QUIET_SECONDS_MAX = 0.3
statuses = collections.Counter()
failures = []

PATHS = [
    "/v2/databases", f"/v2/databases/{CLUSTER}", f"/v2/databases/{CLUSTER}/users", f"/v2/databases/{CLUSTER}/dbs",
    f"/v2/databases/{CLUSTER}/users/doadmin", f"/v2/databases/{CLUSTER}/users/doadmin/reset_auth",
    f"/v2/databases/{CLUSTER}/dbs/nothing", f"/v2/databases/{CLUSTER}/firewall", f"/v2/databases/{CLUSTER}/config",
    f"/v2/databases/{CLUSTER}/maintenance", f"/v2/databases/{CLUSTER}/ca", f"/v2/databases/{CLUSTER}/events",
    f"/v2/databases/{CLUSTER}/eviction_policy", f"/v2/databases/{CLUSTER}/pools",
    f"/v2/databases/{CLUSTER}/replicas", f"/v2/databases/{CLUSTER}/resize", "/v2/databases/options",
    "/v2/databases/metrics/credentials", "/v2/account", "/v2/projects", "/v2/projects/default", "/v2/tags",
    "/v2/tags/x/resources", "/v2/vpcs", "/v2/regions", "/v2/sizes", "/atoll/v1/tokens", "/atoll/v1/benchmarks",
    f"/v2/databases/{CLUSTER}/pools/x", f"/atoll/v1/databases/{CLUSTER}/pooler", "/atoll/v1/health", "/", "/v2",
    "/v2/nothing", "/v1/x",
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] * 3 + [
    "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND", "X" * 300,
]
# Deletes of the cluster itself and of credentials would end the run's own ground.
FORBIDDEN = {("DELETE", f"/v2/databases/{CLUSTER}"), ("PUT", "/v2/databases/metrics/credentials")}
NASTY = [
    "", " ", "..", "../..", "%00", "%2e%2e%2f", "%", "%zz", "%ff%fe", "a" * 5000, "é", "😀", "'", '"', "`", "$(id)",
    "; DROP TABLE clusters", "\\", "//", "null", "-1", "0", "1e999", "[]", "{}", "%0d%0aX: y", "?", "#", "&&", "a%20b",
]
FIELDS = [
    "name", "engine", "size", "region", "num_nodes", "version", "tags", "rules", "users", "config", "type", "value",
    "day", "hour", "settings", "storage_size_mib", "project_id", "private_network_uuid", "credentials", "resources",
    "backup_restore", "autoscale", "mode", "db", "user", "runs", "cluster_id", "description", "purpose", "ip_range", "scopes", "expires_in",
]


def value(depth=0):
    kind = RANDOM.randrange(14)
    if kind == 0:
        return RANDOM.choice(NASTY)
    if kind == 1:
        return RANDOM.choice([0, -1, 2**31, 2**63, 2**64, -(2**70), 10**400])
    if kind == 2:
        return RANDOM.choice([1e308, -1e308, 0.1, 1e-400, float("inf"), float("nan")])
    if kind == 3:
        return RANDOM.choice([True, False, None])
    if kind == 4 and depth < 4:
        return [value(depth + 1) for _ in range(RANDOM.randrange(5))]
    if kind == 5 and depth < 4:
        return {RANDOM.choice(FIELDS + NASTY): value(depth + 1) for _ in range(RANDOM.randrange(5))}
    if kind == 6:
        return "".join(chr(RANDOM.choice([0, 1, 7, 10, 13, 27, 127, 0x80, 0x2028, 0xFFFE, 0x1F600])) for _ in range(8))
    if kind == 7:
        return ["x"] * RANDOM.choice([1, 200, 3000])
    if kind == 8:
        return RANDOM.choice(["pg", "15", "nyc1", "db-s-1vcpu-1gb", "ip_addr", "127.0.0.1", "monday", "02:00"])
    return RANDOM.choice(["x", "y" * 70, "z" * 300, "select", "pg_x", "A B", "10.0.0.0/99", "::/129", "1.2.3", "24:00"])


def body():
    """Bytes of a body that is wrong in some way; now and then a right one."""
    kind = RANDOM.randrange(16)
    text = json.dumps({RANDOM.choice(FIELDS): value() for _ in range(RANDOM.randrange(6))})
    data = text.encode("utf-8", "surrogatepass")
    if kind == 0:
        return data[: RANDOM.randrange(len(data) + 1)]
    if kind == 1:
        return b"[" * RANDOM.choice([10, 1000, 100_000])
    if kind == 2:
        return b'{"a":' * 5000 + b"1" + b"}" * 5000
    if kind == 3:
        return b'{"name":"\xff\xfe\xc0\x80","num_nodes":1}'
    if kind == 4:
        return b'{"num_nodes":' + b"9" * RANDOM.choice([20, 400, 50_000]) + b"}"
    if kind == 5:
        return b'{"name":"' + b"x" * RANDOM.choice([100_000, 2_000_000]) + b'"}'
    if kind == 6:
        return b"\xef\xbb\xbf" + data
    if kind == 7:
        return RANDOM.choice([b"null", b"[]", b"1", b'"x"', b"true", b"{} {}", b"{,}", b"{'a':1}", b"\x00", b"NaN"])
    if kind == 8:
        return bytes(RANDOM.randrange(256) for _ in range(RANDOM.randrange(400)))
    if kind >= 10:
        # Right but for one field. A cluster of seven nodes is never made, whatever the rest says.
        nearly = RANDOM.choice([
            {"name": "n", "engine": "pg", "size": "db-s-1vcpu-1gb", "region": "nyc1", "num_nodes": 7, "tags": ["t"]},
            {"name": "n", "settings": {"pg_allow_replication": True}}, {"rules": [{"type": "ip_addr", "value": "::1"}]},
            {"config": {"work_mem": 4, "timezone": "UTC"}}, {"day": "monday", "hour": "02:00"},
            {"name": "n", "description": "d", "purpose": "p"}, {"name": "n", "scopes": ["read"], "expires_in": 60},
        ])
        field = RANDOM.choice([name for name in nearly if name != "num_nodes"])
        inner = nearly[field]
        if isinstance(inner, dict):
            inner[RANDOM.choice(list(inner))] = value()
        elif isinstance(inner, list) and isinstance(inner[0], dict):
            inner[0][RANDOM.choice(list(inner[0]))] = value()
        else:
            nearly[field] = value()
        return json.dumps(nearly).encode("utf-8", "surrogatepass")
    if kind == 9:
        return b'{"name":"a","name":"b","name":{"c":"\\ud800"}}'
    return data


def target():
    path = RANDOM.choice(PATHS)
    kind = RANDOM.randrange(8)
    if kind == 0:
        path = path + "/" + RANDOM.choice(NASTY)
    elif kind == 1:
        parts = path.split("/")
        parts[RANDOM.randrange(len(parts))] = RANDOM.choice(NASTY)
        path = "/".join(parts)
    elif kind == 2:
        path = path.replace("/", "//")
    if RANDOM.randrange(3) == 0:
        names = ["page", "per_page", "tag_name", "x", "", "page[]"]
        path += "?" + "&".join(f"{RANDOM.choice(names)}={RANDOM.choice(NASTY)}" for _ in range(RANDOM.randrange(1, 5)))
    return path


def headers():
    found = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    kind = RANDOM.randrange(14)
    if kind == 0:
        found["Authorization"] = RANDOM.choice(["", "Bearer", "Bearer ", "Basic x", "Bearer " + "y" * 9000, TOKEN])
    elif kind == 1:
        found["Content-Type"] = RANDOM.choice(["", "text/plain", "application/json; charset=utf-16", "/", "x" * 3000])
    elif kind == 2:
        found["X-Big"] = "v" * RANDOM.choice([7_000, 20_000, 200_000])
    elif kind == 3:
        found.update({f"X-{number}": "v" for number in range(RANDOM.choice([50, 99]))})
    elif kind == 4:
        found["Accept"] = RANDOM.choice(["text/html", "*/*;q=x", "application/xml"])
    elif kind == 5:
        found["Expect"] = RANDOM.choice(["100-continue", "a-miracle"])
    elif kind == 6:
        found["Content-Encoding"] = RANDOM.choice(["gzip", "br", "nothing"])
    return found


def note(status, what):
    statuses[str(status)] += 1
    if isinstance(status, int) and status >= 500 and status != 501:
        failures.append({"status": status, "request": what[:600]})


def through_client():
    method, path, content, sent = RANDOM.choice(METHODS), target(), body(), headers()
    if (method, path.split("?")[0].replace("//", "/").rstrip("/")) in FORBIDDEN:
        method = "GET"
    # http.client refuses what is outside Latin-1 or has blanks; those go as their UTF-8, escaped.
    path = "".join(c if 32 < ord(c) < 127 else "".join(f"%{b:02x}" for b in c.encode()) for c in path) or "/"
    what = f"{method[:20]} {path[:200]} {sent} {content[:200]!r}"
    connection = http.client.HTTPSConnection("localhost", PORT, context=CONTEXT, timeout=SECONDS_MAX)
    try:
        connection.request(method, path, body=content if RANDOM.randrange(4) else None, headers=sent)
        answer = connection.getresponse()
        text = answer.read()
        note(answer.status, what)
        if answer.status >= 400 and method != "HEAD" and text:
            try:
                if not isinstance(json.loads(text)["message"], str):
                    failures.append({"status": "no message", "request": what})
            except (ValueError, KeyError, TypeError):
                statuses["error without JSON"] += 1
    except (TimeoutError, socket.timeout):
        failures.append({"status": "hang", "request": what})
    except (http.client.HTTPException, ConnectionError, ssl.SSLError, OSError) as error:
        # Refused while we were still sending: the server may close on what is no HTTP or too large.
        statuses[f"closed ({type(error).__name__})"] += 1
    finally:
        connection.close()


def raw_bytes():
    """What http.client would not send. Returns bytes, and whether an answer has to come."""
    start = f"POST /v2/databases HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n".encode()
    get = f"GET /v2/account HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n".encode()
    json_type = b"Content-Type: application/json\r\n"
    return RANDOM.choice([
        get + b"X-A: b\rX-C: d\r\n\r\n",
        get + b"X-A: b\nX-C: d\n\n",
        get + b" folded: x\r\n\r\n",
        get + b"X\x00Y: z\r\n\r\n",
        get + b"Na me: z\r\n\r\n",
        get + b": empty\r\n\r\n",
        get + b"Content-Length: -1\r\n\r\n",
        get + b"Content-Length: 99999999999999999999999\r\n\r\n",
        get + b"Content-Length: 0x10\r\n\r\n",
        get + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        get + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        get + b"Transfer-Encoding: nothing\r\n\r\n",
        get + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        get + b"Host: other\r\n\r\n",
        b"GET /v2/account HTTP/1.1\r\n\r\n",
        b"GET /v2/account HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /v2/account\r\n\r\n",
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
        b"GET " + b"/" + b"a" * RANDOM.choice([8000, 100_000]) + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://localhost:1/v2/account HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET \xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v2/account HTTP/1.1\r\n" + b"A: b\r\n" * RANDOM.choice([200, 20_000]) + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        bytes(RANDOM.randrange(256) for _ in range(RANDOM.choice([1, 50, 2000]))),
        start + json_type + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        start + json_type + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n",
        start + json_type + b"Transfer-Encoding: chunked\r\n\r\n2;ext=" + b"x" * 9000 + b"\r\n{}\r\n0\r\n\r\n",
        start + json_type + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}X\r\n0\r\n\r\n",
        start + json_type + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        start + json_type + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n{\r\n" * 3000 + b"0\r\n\r\n",
        start + json_type + b"Content-Length: 100\r\n\r\n{\"name\":",
        start + json_type + b"Content-Length: 2\r\n\r\n{}GET /garbage\x00\xff\r\n\r\n",
        get + b"\r\n" + b"\x16\x03\x01 no http" * 20,
        get * 1 + b"\r\n" + get + b"\r\n" + b"DELETE /v2/nothing HTTP/1.1\r\n",
        (get + b"\r\n") * 50,
    ])


def over_socket():
    content = raw_bytes()
    what = repr(content[:200])
    received = b""
    try:
        plain = socket.create_connection(("localhost", PORT), timeout=SECONDS_MAX)
        with CONTEXT.wrap_socket(plain, server_hostname="localhost") as connection:
            try:
                connection.sendall(content)
                # Half closed, below TLS: a server that waits for more sees that nothing comes. The other half waits,
                # and goes away itself when the server waits too.
                if RANDOM.randrange(2):
                    socket.socket.shutdown(connection, socket.SHUT_WR)
            except OSError:
                pass
            connection.settimeout(QUIET_SECONDS_MAX)
            while True:
                chunk = connection.recv(65536)
                if not chunk:
                    break
                received += chunk
    except (TimeoutError, socket.timeout):
        statuses["raw: we left first"] += 1
    except (ConnectionError, ssl.SSLError, OSError):
        pass
    if not received:
        statuses["raw: closed"] += 1
        return
    if not received.startswith(b"HTTP/1."):
        failures.append({"status": "no HTTP", "request": what + repr(received[:100])})
        return
    note(int(received[9:12]), what)
    statuses["raw: answered"] += 1


for _ in range(COUNT):
    through_client() if RANDOM.randrange(5) < 3 else over_socket()
print(json.dumps({"seed": SEED, "statuses": dict(statuses), "failures": failures}))
