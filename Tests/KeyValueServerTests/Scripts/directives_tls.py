"""Directives of TLS: certificates, whom to trust, versions, ciphers and sessions, as clients see them."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from directive import command, directive, run
from server import Server, check, finish, free_port

folder = tempfile.mkdtemp(prefix="atoll-directives-tls-")


def path(name):
    return os.path.join(folder, name)


def openssl(*words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_certificates():
    for authority in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={authority}",
                "-keyout", f"{authority}.key", "-out", f"{authority}.crt")
    for name in ("first", "second", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key",
                "-out", f"{name}.csr")
        openssl("x509", "-req", "-days", "2", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                "-CAcreateserial", "-out", f"{name}.crt")
    # Another certificate for the first one's key.
    openssl("req", "-x509", "-days", "2", "-key", "first.key", "-subj", "/CN=again", "-out", "again.crt")
    openssl("rsa", "-aes256", "-in", "first.key", "-passout", "pass:secret", "-out", "locked.key")
    openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe3072", "-out", "dh.pem")
    os.mkdir(path("authorities"))
    shutil.copy(path("ca.crt"), path("authorities"))
    openssl("rehash", "authorities")


make_certificates()
certificate = ["--tls-cert-file", path("first.crt"), "--tls-key-file", path("first.key")]
no_verification = ["--tls-auth-clients", "no"]
port = str(free_port())
base = ["--tls-port", port] + certificate + no_verification


def context(version=None, ciphers=None, key=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if version:
        made.maximum_version = version
    if ciphers:
        made.set_ciphers(ciphers)
    if key:
        made.load_cert_chain(path(key + ".crt"), path(key + ".key"))
    return made


def ping(client_context, session=None):
    """A connection that has had an answer: in TLS 1.3 a refusal of the client's certificate comes with the first read."""
    connection = client_context.wrap_socket(
        socket.create_connection(("127.0.0.1", int(port)), timeout=5), session=session)
    connection.sendall(b"PING\r\n")
    if connection.recv(100) != b"+PONG\r\n":
        raise OSError("no answer")
    return connection


def outcome(start, *more, client=None):
    """`served`, `refused` (the client) or `not started`."""
    try:
        with start(*more):
            try:
                ping(client or context()).close()
                return "served"
            except OSError:
                return "refused"
    except RuntimeError:
        return "not started"


@directive("tls-port", port, "served", "refused", certificate + no_verification)
def tls_port(start):
    return outcome(start)


@directive("tls-cert-file", path("again.crt"), "again", "first", base)
def certificate_file(start):
    with start():
        client = ping(context())
        text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"],
                              input=client.getpeercert(binary_form=True), capture_output=True).stdout.decode()
        return text.split("CN =")[-1].split("CN=")[-1].strip()


@directive("tls-key-file", path("second.key"), "not started", "served", base)
def key_file(start):
    return outcome(start)


@directive("tls-key-file-pass", "secret", "served", "not started", base + ["--tls-key-file", path("locked.key")])
def key_password(start):
    return outcome(start)


verifying = ["--tls-port", port] + certificate + ["--tls-ca-cert-file", path("other.crt")]


@directive("tls-auth-clients", "no", "served", "refused", verifying)
def client_verification(start):
    return outcome(start)


@directive("tls-ca-cert-file", path("ca.crt"), "served", "refused", verifying)
def authorities_file(start):
    return outcome(start, client=context(key="client"))


@directive("tls-ca-cert-dir", path("authorities"), "served", "refused", verifying)
def authorities_directory(start):
    return outcome(start, client=context(key="client"))


@directive("tls-protocols", "TLSv1.2", "TLSv1.2", "TLSv1.3", base)
def protocols(start):
    with start():
        return ping(context()).version()


strong, usual = "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"
old_client = {"version": ssl.TLSVersion.TLSv1_2, "ciphers": f"{usual}:{strong}"}


@directive("tls-ciphers", strong, strong, usual, base)
def ciphers(start):
    with start():
        return ping(context(**old_client)).cipher()[0]


@directive("tls-prefer-server-ciphers", "yes", strong, usual, base + ["--tls-ciphers", f"{strong}:{usual}"])
def cipher_preference(start):
    with start():
        return ping(context(**old_client)).cipher()[0]


@directive("tls-ciphersuites", "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", base)
def cipher_suites(start):
    with start():
        return ping(context()).cipher()[0]


@directive("tls-dh-params-file", path("dh.pem"), "3072", "2048", base)
def dh_parameters(start):
    with start():
        words = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"]
        text = subprocess.run(words, input=b"", capture_output=True, timeout=10).stdout.decode()
        found = re.search(r"DH, (\d+) bits", text)
        return found and found.group(1)


def is_resumed(start, sessions=1, pause=0):
    """Whether the first of some sessions can be resumed by its id; tickets need nothing of the server."""
    client = context(version=ssl.TLSVersion.TLSv1_2)
    client.options |= ssl.OP_NO_TICKET
    with start():
        made = []
        for _ in range(sessions):
            connection = ping(client)
            made.append(connection.session)
            connection.close()
        time.sleep(pause)
        return ping(client, session=made[0]).session_reused


@directive("tls-session-caching", "no", False, True, base)
def session_caching(start):
    return is_resumed(start)


@directive("tls-session-cache-size", "1", False, True, base)
def session_cache_size(start):
    return is_resumed(start, sessions=3)


@directive("tls-session-cache-timeout", "1", False, True, base)
def session_timeout(start):
    return is_resumed(start, pause=2.5)


if __name__ == "__main__":
    try:
        run(command())
        with Server(command(), *verifying, "--tls-auth-clients", "optional"):
            check("tls-auth-clients optional asks nobody", ping(context()).version(), "TLSv1.3")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    finish()
