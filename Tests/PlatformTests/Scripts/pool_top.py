"""`atoll db pool top` on a terminal: it refreshes until a key ends it, and the terminal is then as it was.

  pool_top.py ATOLL CLUSTER
"""

import os
import pty
import select
import signal
import sys
import termios
import time

ATOLL, CLUSTER = sys.argv[1:3]
failures = []


def check(what, is_good, seen=None):
    if not is_good:
        failures.append(what)
        print(f"FAILED {what}: {seen!r}", flush=True)


def read(terminal, until, seconds=30):
    """What the terminal shows until a text has come so often, or the program has ended."""
    text, wanted, count = b"", *until
    deadline = time.monotonic() + seconds
    while text.count(wanted) < count and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                piece = os.read(terminal, 1 << 16)
            except OSError:
                break
            if not piece:
                break
            text += piece
    return text


def run(title, end, wanted_status):
    child, terminal = pty.fork()
    if child == 0:
        os.execv(ATOLL, [ATOLL, "db", "pool", "top", CLUSTER])
    before = termios.tcgetattr(terminal)
    text = read(terminal, (b"\x1b[H", 2))
    check(f"{title}: refreshed", text.count(b"\x1b[H") >= 2 and b"POOL" in text, text)
    check(f"{title}: the other screen", text.startswith(b"\x1b[?1049h\x1b[?25l"), text[:80])
    check(f"{title}: no echo", not termios.tcgetattr(terminal)[3] & termios.ECHO)
    end(child, terminal)
    text = read(terminal, (b"\x1b[?1049l", 1), 10)
    check(f"{title}: the first screen again", text.endswith(b"\x1b[?25h\x1b[?1049l"), text[-80:])
    check(f"{title}: status", os.waitpid(child, 0)[1] == wanted_status)
    # The program sets the terminal's modes back after its last output.
    check(f"{title}: as before", termios.tcgetattr(terminal) == before)
    os.close(terminal)


run("q", lambda child, terminal: os.write(terminal, b"xq"), 0)
run("ctrl-c", lambda child, terminal: os.write(terminal, b"\x03"), 0)
run("SIGTERM", lambda child, terminal: os.kill(child, signal.SIGTERM), (128 + signal.SIGTERM) << 8)
print(f"{len(failures)} checks failed" if failures else "all checks passed")
sys.exit(bool(failures))
