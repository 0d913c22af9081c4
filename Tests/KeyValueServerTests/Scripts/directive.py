"""What a directive does to a process: an observation of a server with a value of it, and of one with its default.

A case is a function under `@directive("name", value, expected, otherwise)`, the name on the decorator's first line:
DirectiveCoverageTests reads it there and wants one for every directive that the manual does not list as without effect.

`directives.py "atoll kv"` runs the cases that run everywhere, and with `NEED` behind it those that need that.
"""

import os
import sys

from server import Server, check

cases = []


class Case:
    def __init__(self, name, value, expected, otherwise, others, starts, needs, observe):
        self.name = name
        self.words = ["--" + name] + ([value] if isinstance(value, str) else list(value))
        self.expected = expected
        self.otherwise = otherwise
        self.others = list(others)
        self.starts = starts
        self.needs = needs
        self.observe = observe


def directive(name, value, expected, otherwise, others=(), starts=False, needs=None):
    """`value` is a word or several. Plain cases share two servers and get one of them; one that `starts` servers itself,
    or has `others` directives, gets what starts a server instead: `start(*more)`. What not every machine has is named
    in `needs`; ServerTests knows where it is there."""
    def register(observe):
        cases.append(Case(name, value, expected, otherwise, others, starts or bool(others), needs, observe))
        return observe
    return register


class Starter:
    """Starts servers with the directives of a case; `words` is its command line, for cases that need no `Server`."""

    def __init__(self, command, directives):
        self.command = command
        self.directives = directives

    def __call__(self, *more):
        return served(Server(self.command, *self.directives, *more))

    @property
    def words(self):
        return self.command.split() + self.directives


def served(server):
    """The server, once it is past its start: its port is open before the process is as it is to be."""
    server.connect().command("info")
    return server


def need():
    """What the cases that are asked for need; None for those that need nothing."""
    return sys.argv[2] if len(sys.argv) > 2 else None


def run(command):
    chosen = [case for case in cases if case.needs == need()]
    if not chosen:
        sys.exit(f"no case needs {need()}")
    shared = [case for case in chosen if not case.starts]
    with_values = [word for case in shared for word in case.words]
    common = ["--enable-debug-command", "yes"]
    with Server(command, *common, *with_values) as changed, Server(command, *common) as default:
        served(changed)
        served(default)
        for case in shared:
            check(f"{case.name} {case.words[1:]}", case.observe(changed), case.expected)
            check(f"{case.name} by default", case.observe(default), case.otherwise)
    for case in (case for case in chosen if case.starts):
        check(f"{case.name} {case.words[1:]}", case.observe(Starter(command, case.others + case.words)), case.expected)
        check(f"{case.name} by default", case.observe(Starter(command, case.others)), case.otherwise)


def process_file(server, path):
    with open(f"/proc/{server.process.pid}/{path}", "rb") as file:
        return file.read().decode()


def status_field(server, name, thread=None):
    path = "status" if thread is None else f"task/{thread}/status"
    for line in process_file(server, path).splitlines():
        if line.startswith(name + ":"):
            return line.split(":", 1)[1].strip()
    return None


def information(server, name):
    text = server.connect().command("info", "everything").decode()
    for line in text.split("\r\n"):
        if line.startswith(name + ":"):
            return line.split(":", 1)[1]
    return None


def is_root():
    return os.geteuid() == 0


def command():
    return sys.argv[1]
