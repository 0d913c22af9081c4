"""A PostgreSQL and poolers in front of it, of a test's own: made in a directory that is gone at the end.

The first argument of each script is the pooler's command ("/path/atoll pooler"). Checks that fail are printed, and
`finish` ends the script with code 0 and "all checks passed" where there were none.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BINARIES = "/usr/lib/postgresql/15/bin"
# Neither PostgreSQL nor a pooler runs as root: as root both become this user of Debian's package.
ORDINARY_USER = "postgres"
PASSWORD = "pässword of app"

failures = []


def check(what, got, wanted=True):
    if got != wanted:
        failures.append(what)
        print(f"FAILED {what}:\n  got    {got!r}\n  wanted {wanted!r}", flush=True)


def finish():
    if failures:
        print(f"{len(failures)} checks failed")
        sys.exit(1)
    print("all checks passed")


def pool_size(mode):
    """Fewer servers than clients, so that these change from server to server; in session mode each client needs its own."""
    return 30 if mode == "session" else 2


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what, condition, seconds=30):
    """Waits for a condition; a failed check ends the script where it never holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            check(f"within {seconds} s: {what}", False)
            finish()
        time.sleep(0.02)


def as_ordinary_user():
    """Arguments of Popen for a program that must not be root."""
    return {"user": ORDINARY_USER, "group": ORDINARY_USER, "extra_groups": []} if os.getuid() == 0 else {}


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Services:
    """The directory of a script, PostgreSQL in it, and the poolers that were started; `with` ends them all."""

    def __init__(self, command, **settings):
        self.command = command.split()
        self.directory = tempfile.mkdtemp(prefix="atoll-pooler-test-")
        if os.getuid() == 0:
            os.chown(self.directory, *pwd.getpwnam(ORDINARY_USER)[2:4])
        self.postgres = PostgreSQL(self.directory, settings)
        self.poolers = []

    def pooler(self, **settings):
        pooler = Pooler(self, settings)
        self.poolers.append(pooler)
        return pooler

    def __enter__(self):
        self.postgres.start()
        return self

    def __exit__(self, *_):
        for pooler in self.poolers:
            pooler.stop(signal.SIGQUIT)
        self.postgres.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)


class PostgreSQL:
    """A server with the superuser postgres and the login app, who owns the database app. Everyone is trusted."""

    def __init__(self, directory, settings):
        self.port = free_port()
        self.directory = directory
        self.data = os.path.join(directory, "data")
        self.settings = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": directory, "fsync": "off",
            "max_connections": 100, "max_prepared_transactions": 10, "logging_collector": "off", **settings}
        self.process = None

    def start(self):
        if not os.path.exists(self.data):
            words = ["initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
            subprocess.run([f"{BINARIES}/{words[0]}"] + words[1:], check=True, stdout=subprocess.DEVNULL,
                           cwd=self.directory, **as_ordinary_user())
            self.launch()
            self.sql(f"CREATE ROLE app LOGIN CREATEROLE PASSWORD '{PASSWORD}'", "CREATE DATABASE app OWNER app",
                     "GRANT pg_read_all_stats, pg_signal_backend TO app")
        else:
            self.launch()

    def launch(self):
        words = [f"{BINARIES}/postgres", "-D", self.data]
        for name, value in self.settings.items():
            words += ["-c", f"{name}={value}"]
        with open(os.path.join(self.directory, "postgres.log"), "a") as log:
            self.process = subprocess.Popen(
                words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.directory, **as_ordinary_user())
        ready = [f"{BINARIES}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        until("PostgreSQL accepts connections", lambda: subprocess.run(ready).returncode == 0, 60)

    def stop(self, number=signal.SIGINT):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(60)

    def kill(self):
        """SIGKILL to the postmaster; its children see that it is gone and end, and only then another may start."""
        self.process.kill()
        self.process.wait()
        until("no process of the killed PostgreSQL", lambda: not self.backends())

    def backends(self):
        """Processes that work in this data directory."""
        found = []
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and os.readlink(f"/proc/{name}/cwd") == self.data:
                    found.append(int(name))
            except OSError:
                pass
        return found

    def sql(self, *statements, user="postgres", database="postgres"):
        """Statements outside of a pooler; the text of what they print."""
        words = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U",
                 user, "-d", database]
        for statement in statements:
            words += ["-c", statement]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()

    def uri(self, user="app", database="app"):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"


class Pooler:
    """A pooler with settings of its own; app logs in by SCRAM-SHA-256, postgres is administrator.

    `databases` holds further lines of that section, `users` lines of `userlist.txt`, `rules` those of an HBA file. Server connections take turns
    (server_round_robin), so that two transactions of a client run on two servers wherever the pool has two.
    """

    def __init__(self, services, settings):
        self.services = services
        self.port = settings.pop("listen_port", None) or free_port()
        self.directory = tempfile.mkdtemp(prefix="pooler-", dir=services.directory)
        if os.getuid() == 0:
            os.chown(self.directory, *pwd.getpwnam(ORDINARY_USER)[2:4])
        self.databases = settings.pop("databases", [])
        self.rules = settings.pop("rules", None)
        self.users = settings.pop("users", [f'"app" "{PASSWORD}"', '"postgres" "postgres"'])
        self.settings = {
            "listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": "", "auth_type": "scram-sha-256",
            "auth_file": os.path.join(self.directory, "users.txt"), "admin_users": "postgres",
            "logfile": os.path.join(self.directory, "pooler.log"), "server_round_robin": 1, "default_pool_size": 2,
            "max_client_conn": 2000, "ignore_startup_parameters": "extra_float_digits", **settings}
        if self.rules:
            self.settings |= {"auth_type": "hba", "auth_hba_file": os.path.join(self.directory, "hba.conf")}
        self.file = os.path.join(self.directory, "pooler.ini")
        self.write()
        self.process = None
        self.start()

    def write(self):
        host = f"host=127.0.0.1 port={self.services.postgres.port}"
        lines = ["[databases]", f"* = {host}", *self.databases, "[pgbouncer]"]
        lines += [f"{name} = {value}" for name, value in self.settings.items()]
        with open(self.file, "w") as file:
            file.write("\n".join(lines) + "\n")
        with open(self.settings["auth_file"], "w") as file:
            file.write("\n".join(self.users) + "\n")
        if self.rules:
            with open(self.settings["auth_hba_file"], "w") as file:
                file.write("\n".join(self.rules) + "\n")

    def start(self):
        words = self.services.command + ["-q", self.file]
        if os.getuid() == 0:
            words[-1:-1] = ["-u", ORDINARY_USER]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        until("the pooler listens", lambda: listens(self.port) or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise RuntimeError(f"the pooler did not start:\n{self.logged()}")

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        if self.is_alive():
            self.process.send_signal(number)
            self.process.wait(60)

    def is_alive(self):
        return self.process.poll() is None

    def logged(self):
        try:
            with open(self.settings["logfile"], errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def uri(self, user="app", database="app", password=PASSWORD):
        from urllib.parse import quote
        return f"postgresql://{user}:{quote(password)}@127.0.0.1:{self.port}/{database}"
