"""Directives of sockets, files and the process: each shows what it does."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from directive import command, directive, information, is_root, need, process_file, run, status_field
from server import Server, check, finish, free_port

# MARK: - Sockets of the server, as the kernel has them

SO_MARK = 36
PIDFD_GETFD = 438


def socket_of(server, local_port, remote_port=0):
    """The server's own socket, to ask for its options."""
    listening = remote_port == 0
    for line in process_file(server, "net/tcp").splitlines()[1:]:
        fields = line.split()
        local, remote = (int(fields[i].split(":")[1], 16) for i in (1, 2))
        if local == local_port and remote == remote_port and (fields[3] == "0A") == listening:
            inode = fields[9]
    folder = f"/proc/{server.process.pid}/fd"
    number = next(int(n) for n in os.listdir(folder) if os.readlink(f"{folder}/{n}") == f"socket:[{inode}]")
    process = os.pidfd_open(server.process.pid)
    descriptor = ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, process, number, 0)
    os.close(process)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
    return socket.socket(fileno=descriptor)


@directive("tcp-backlog", "77", 77, 511)
def backlog(server):
    with socket_of(server, server.port) as listener:
        # Of a listening socket, tcpi_sacked is the length that its queue may have.
        information = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32)
        return int.from_bytes(information[28:32], "little")


@directive("tcp-keepalive", "77", 77, 300)
def keep_alive(server):
    client = server.connect()
    client.command("ping")
    with socket_of(server, server.port, client.socket.getsockname()[1]) as accepted:
        return accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)


@directive("socket-mark-id", "42", "marked", "unmarked")
def mark(server):
    with socket_of(server, server.port) as listener:
        found = listener.getsockopt(socket.SOL_SOCKET, SO_MARK)
    refused = not is_root() and "Sockets could not be marked" in server.logged()
    return "marked" if found == 42 or refused else "unmarked"


@directive("bind", "127.0.0.1", "refused", "accepted")
def bind(server):
    try:
        socket.create_connection(("127.0.0.2", server.port), timeout=5).close()
        return "accepted"
    except ConnectionRefusedError:
        return "refused"


@directive("port", str(free_port()), "accepted", "refused", starts=True)
def port(start):
    wanted = dict(zip(start.directives[::2], start.directives[1::2])).get("--port")
    asked = wanted or str(free_port())
    with Server(command(), port=wanted and int(wanted)) as server:
        if wanted:
            check("a port of its own", information(server, "tcp_port"), wanted)
        try:
            socket.create_connection(("127.0.0.1", int(asked)), timeout=5).close()
            return "accepted"
        except ConnectionRefusedError:
            return "refused"


def outside_address():
    """An address of this machine that is not the loopback's."""
    with open("/proc/net/fib_trie") as trie:
        lines = trie.read().split("\n")
    found = [lines[i - 1].split()[-1] for i, line in enumerate(lines) if "/32 host LOCAL" in line]
    return next((address for address in found if not address.startswith("127.")), None)


@directive("protected-mode", "no", "+PONG", "-DENIED", starts=True, needs="address")
def protected_mode(start):
    with start() as server, socket.create_connection((outside_address(), server.port), timeout=5) as client:
        client.sendall(b"PING\r\n")
        return client.recv(1000).split()[0].decode()


@directive("maxclients", "40", True, False, starts=True)
def max_clients(start):
    with start() as server:
        clients = [server.connect() for _ in range(50)]
        for client in clients:
            try:
                client.send("PING\r\n")
            except OSError:
                pass
        return any(answer(client) == "-ERR max number of clients reached" for client in clients)


def answer(client):
    try:
        return client.reply()
    except (OSError, EOFError):
        return None


@directive("client-query-buffer-limit", "1mb", True, False)
def query_buffer_limit(server):
    client = server.connect(timeout=1)
    try:
        client.send(b"*2\r\n$3\r\nGET\r\n$3000000\r\n" + b"x" * (2 << 20))
    except OSError:
        pass
    return client.is_closed()


@directive("client-output-buffer-limit", ["normal", "1mb", "0", "0"], "cut", "whole")
def output_buffer_limit(server):
    server.connect().command("set", "large", b"x" * 200_000)
    client = server.connect(timeout=10)
    client.send(b"GET large\r\n" * 200)
    time.sleep(0.3)
    count = 0
    while count < 200 * 200_000:
        try:
            more = client.socket.recv(1 << 20)
        except OSError:
            break
        if not more:
            break
        count += len(more)
    return "whole" if count >= 200 * 200_000 else "cut"


@directive("unixsocket", "/tmp/atoll-directives.socket", "+PONG", None)
def unix_socket(server):
    path = server.connect().command("config", "get", "unixsocket")[1].decode()
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(path or "/tmp/atoll-directives.none")
        except OSError:
            return None
        client.sendall(b"PING\r\n")
        return client.recv(100).decode().strip()


@directive("unixsocketperm", "700", 0o700, 0o755, ["--unixsocket", "/tmp/atoll-directives-mode.socket"])
def unix_socket_mode(start):
    old = os.umask(0o022)
    try:
        with start():
            return os.stat("/tmp/atoll-directives-mode.socket").st_mode & 0o777
    finally:
        os.umask(old)


@directive("managed", "yes", "-ERR", "+OK", starts=True)
def managed(start):
    with start() as server:
        return server.connect().command("config", "set", "timeout", "0").split()[0]


@directive("trusted-networks", "10.0.0.0/8", "-DENIED", "+PONG", starts=True)
def trusted_networks(start):
    with Server(command(), *start.directives) as server:
        client = server.connect()
        client.send("PING\r\n")
        return client.line().split()[0].decode()


@directive("io", "epoll", "epoll", "io_uring", starts=True, needs="io_uring")
def loop_kind(start):
    with start() as server:
        return information(server, "multiplexing_api")


# MARK: - The log and other files

@directive("always-show-logo", "yes", True, False)
def logo(server):
    return f"  PID: {server.process.pid}" in server.logged()


@directive("loglevel", "verbose", True, False)
def log_level(server):
    server.connect().command("ping")
    return "Accepted 127.0.0.1" in server.logged()


@directive("logfile", "kv.log", "in the file", "to standard output", starts=True)
def log_file(start):
    with start() as server:
        path = os.path.join(server.directory, "kv.log")
        if "Ready to accept" in server.logged():
            return "to standard output"
        with open(path) as log:
            return "in the file" if "Ready to accept" in log.read() else "nowhere"


@directive("dir", "/", "/", "elsewhere", starts=True)
def directory(start):
    with start() as server:
        place = os.readlink(f"/proc/{server.process.pid}/cwd")
        return place if place == "/" else "elsewhere"


@directive("pidfile", "/tmp/atoll-directives.pid", "written and removed", "none", starts=True)
def pid_file(start):
    path = "/tmp/atoll-directives.pid"
    with start() as server:
        if not os.path.exists(path):
            return "none"
        with open(path) as file:
            written = file.read() == f"{server.process.pid}\n"
    return "written and removed" if written and not os.path.exists(path) else "left behind"


class SystemLog:
    """Takes the place of the system's log where there is none."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        self.socket.settimeout(0.3)
        return self

    def __exit__(self, *_):
        self.socket.close()
        os.unlink("/dev/log")

    def first(self):
        """Of the first line: its facility, and who wrote it."""
        try:
            line = self.socket.recv(4096).decode()
        except TimeoutError:
            return None
        return int(line[1:line.index(">")]) >> 3, line[line.index(">"):].split("[")[0].split()[-1]


def system_log(start):
    with SystemLog() as log, start():
        return log.first()


@directive("syslog-enabled", "yes", (16, "redis"), None, starts=True, needs="system-log")
def syslog(start):
    return system_log(start)


@directive("syslog-facility", "local3", (19, "redis"), (16, "redis"), ["--syslog-enabled", "yes"], needs="system-log")
def syslog_facility(start):
    return system_log(start)


@directive("syslog-ident", "somebody", (16, "somebody"), (16, "redis"), ["--syslog-enabled", "yes"], needs="system-log")
def syslog_ident(start):
    return system_log(start)


@directive("locale-collate", "reversed", [b"z", b"a"], [b"a", b"z"], starts=True)
def collation(start):
    """A locale of our own, in which z comes before a."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "source")
        with open(source, "w") as file:
            file.write("comment_char %\nescape_char /\nLC_COLLATE\norder_start forward\n<U007A>\n<U0061>\norder_end\n"
                       "END LC_COLLATE\nLC_CTYPE\nEND LC_CTYPE\n")
        place = os.path.join(folder, "reversed")
        subprocess.run(["localedef", "-c", "-i", source, "-f", "ANSI_X3.4-1968", place], capture_output=True)
        with environment(LOCPATH=folder), start() as server:
            client = server.connect()
            client.command("rpush", "key", "a", "z")
            return client.command("sort", "key", "alpha")


class environment:
    """Variables for the servers that are started meanwhile."""

    def __init__(self, **variables):
        self.variables = variables

    def __enter__(self):
        os.environ.update(self.variables)

    def __exit__(self, *_):
        for name in self.variables:
            os.environ.pop(name, None)


# MARK: - The process

@directive("daemonize", "yes", "in the background", "in front", starts=True)
def daemonize(start):
    port = free_port()
    folder = tempfile.mkdtemp()
    words = start.words + ["--port", str(port), "--dir", folder, "--pidfile", folder + "/pid"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                client = socket.create_connection(("127.0.0.1", port), timeout=5)
                break
            except OSError:
                time.sleep(0.05)
        try:
            code = process.wait(0.5)
        except subprocess.TimeoutExpired:
            code = None
        client.sendall(b"SHUTDOWN NOSAVE\r\n")
        client.recv(100)
        client.close()
        return "in front" if code is None else "in the background" if code == 0 else f"code {code}"
    finally:
        if process.poll() is None:
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@directive("supervised", "systemd", ["STATUS", "READY", "STOPPING"], [], starts=True)
def supervised(start):
    path = tempfile.mktemp(prefix="atoll-notify-")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(0.3)
        try:
            with environment(NOTIFY_SOCKET=path), start() as server:
                kind = information(server, "process_supervised")
                check("INFO says who supervises", kind, "systemd" if start.directives else "no")
            told = []
            while True:
                try:
                    lines = manager.recv(4096).decode().split()
                except TimeoutError:
                    return told
                for word in ("STATUS", "READY", "STOPPING"):
                    if word not in told and any(line.startswith(word + "=") for line in lines):
                        told.append(word)
        finally:
            os.unlink(path)


def supervised_otherwise():
    """The other values of `supervised`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        # A name that is no path: the kernel's abstract ones.
        manager.bind("\0atoll-directives")
        with environment(NOTIFY_SOCKET="@atoll-directives"), Server(command(), "--supervised", "auto") as server:
            check("auto finds systemd", information(server, "process_supervised"), "systemd")
            check("and tells it", manager.recv(4096).startswith(b"STATUS="), True)
    port = free_port()
    with environment(UPSTART_JOB="job"):
        words = command().split() + ["--port", str(port), "--supervised", "upstart", "--save", ""]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, cwd=tempfile.gettempdir())
    try:
        check("upstart's stop", os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1]), True)
        process.send_signal(signal.SIGCONT)
        for _ in range(200):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                    client.sendall(b"INFO server\r\n")
                    check("who supervises", b"process_supervised:upstart" in client.recv(8192), True)
                break
            except OSError:
                time.sleep(0.05)
    finally:
        process.kill()
        process.wait()


@directive("set-proc-title", "no", "arguments", "title", starts=True)
def set_title(start):
    with start() as server:
        words = process_file(server, "cmdline").rstrip("\0").split("\0")
        return "arguments" if len(words) > 1 else "title" if words[0].endswith(f" *:{server.port}") else words


@directive("proc-title-template", "at {port} of {server-mode}{{}", "at PORT of {}", "*:PORT")
def title_template(server):
    title = process_file(server, "cmdline").rstrip("\0")
    return title.rsplit(" ", 1)[-1].replace(str(server.port), "PORT") if "*:" in title else \
        title.replace(str(server.port), "PORT")


@directive("oom-score-adj", "absolute", 700, "as it was", ["--oom-score-adj-values", "700", "800", "900"])
def score(start):
    with start() as server:
        found = int(process_file(server, "oom_score_adj"))
    return "as it was" if found == own_score() else found


@directive("oom-score-adj-values", ["600", "700", "800"], 600, "as it was", ["--oom-score-adj", "yes"])
def score_values(start):
    with start() as server:
        found = int(process_file(server, "oom_score_adj"))
        server.connect().command("config", "set", "oom-score-adj", "no")
        check("the score is put back", int(process_file(server, "oom_score_adj")), own_score())
    return "as it was" if found == own_score() else found - own_score()


def own_score():
    with open("/proc/self/oom_score_adj") as file:
        return int(file.read())


processors = sorted(os.sched_getaffinity(0))
all_processors = status_field(type("Self", (), {"process": type("P", (), {"pid": os.getpid()})}), "Cpus_allowed_list")


@directive("server_cpulist", str(processors[-1]), str(processors[-1]), all_processors, needs="processors")
def loop_processors(server):
    return status_field(server, "Cpus_allowed_list")


@directive("bio_cpulist", str(processors[0]), str(processors[0]), all_processors, needs="processors")
def helper_processors(server):
    """The thread that frees memory is made when it is needed first."""
    folder = f"/proc/{server.process.pid}/task"
    before = set(os.listdir(folder))
    client = server.connect()
    client.command("sadd", "members", *range(5000))
    client.command("unlink", "members")
    for _ in range(200):
        made = set(os.listdir(folder)) - before
        if made and information(server, "lazyfree_pending_objects") == "0":
            return status_field(server, "Cpus_allowed_list", made.pop())
        time.sleep(0.02)
    return None


@directive("bgsave_cpulist", str(processors[0]), str(processors[0]), all_processors, starts=True,
           needs="processors")
def snapshot_processors(start):
    with start("--enable-debug-command", "yes") as server:
        folder = f"/proc/{server.process.pid}/task"
        client = server.connect()
        client.command("debug", "populate", "300000")
        before = set(os.listdir(folder))
        client.send("BGSAVE\r\n")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for thread in set(os.listdir(folder)) - before:
                found = None
                # It is placed by itself, a moment after it is there.
                while found != str(processors[0]) and os.path.exists(f"{folder}/{thread}"):
                    try:
                        found = status_field(server, "Cpus_allowed_list", thread) or found
                    except OSError:
                        break
                return found
        return None


def files_after(start, number):
    """The snapshot that a server leaves which a signal ends; `Server` has no save points."""
    with start() as server:
        server.connect().command("set", "key", "value")
        server.process.send_signal(number)
        server.process.wait(20)
        return [name for name in os.listdir(server.directory) if name.endswith(".rdb")]


@directive("shutdown-on-sigterm", "save", ["dump.rdb"], [], starts=True)
def termination(start):
    return files_after(start, signal.SIGTERM)


@directive("shutdown-on-sigint", "save", ["dump.rdb"], [], starts=True)
def interruption(start):
    return files_after(start, signal.SIGINT)


@directive("disable-thp", "no", "1", "0")
def huge_pages(server):
    return status_field(server, "THP_enabled")


@directive("watchdog-period", "100", True, False)
def watchdog(server):
    server.connect().command("debug", "sleep", "0.7")
    return "WATCHDOG TIMER EXPIRED" in server.logged()


def crash(start, subcommand):
    """The log of a server that crashes, and how it ended."""
    with start("--enable-debug-command", "yes") as server:
        try:
            server.connect(timeout=30).command("debug", subcommand)
        except (OSError, EOFError):
            pass
        return server.logged(), server.process.wait(30)


@directive("crash-log-enabled", "no", (False, -signal.SIGSEGV), (True, -signal.SIGSEGV), starts=True)
def crash_log(start):
    log, code = crash(start, "segfault")
    return "crashed by signal: 11" in log and "STACK TRACE" in log, code


@directive("crash-memcheck-enabled", "no", False, True, starts=True)
def crash_memory_test(start):
    log, _ = crash(start, "segfault")
    return "Fast memory test PASSED" in log and "BUG REPORT END" in log


@directive("use-exit-on-panic", "yes", 1, -signal.SIGABRT, starts=True)
def exit_on_panic(start):
    return crash(start, "panic")[1]


if __name__ == "__main__":
    run(command())
    if need() is None:
        supervised_otherwise()
    finish()
