"""A copy of the suite beside our server, one run of a unit in it, and what a run printed."""

import dataclasses
import os
import re
import shutil
import signal
import stat
import subprocess
import time

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
LINE = re.compile(r"^\[(ok|err|skip|ignore|exception|TIMEOUT)\]: ?(.*)$", re.MULTILINE)
DURATION = re.compile(r" \((\d+) ms\)$")
PORTS_OF_A_UNIT = 200  # the suite takes its servers' ports from this many


@dataclasses.dataclass
class Result:
    outcome: str  # ok, err, skip, ignore, timeout, exception
    name: str
    detail: str = ""


def prepare(checkout, scratch, server_command):
    """Copies the suite and puts our server where it looks for redis-server."""
    for part in ("tests", "utils"):
        shutil.copytree(os.path.join(checkout, part), os.path.join(scratch, part), symlinks=True)
    shutil.copy2(os.path.join(checkout, "runtest"), scratch)
    os.makedirs(os.path.join(scratch, "tests", "tmp"), exist_ok=True)
    programs = os.path.join(scratch, "src")
    os.makedirs(programs)
    wrapper = os.path.join(programs, "redis-server")
    checker = shutil.which("redis-check-aof")
    if os.access(server_command, os.X_OK):
        # The program goes by the name that it is started by.
        checker = os.path.abspath(server_command)
        os.symlink(checker, wrapper)
    else:
        with open(wrapper, "w", encoding="utf-8") as file:
            # exec: the process id that the suite writes down must be the server's.
            file.write(f'#!/bin/sh\nexec {server_command} "$@"\n')
        os.chmod(wrapper, os.stat(wrapper).st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    for name in ("redis-cli", "redis-benchmark"):
        built = os.path.join(checkout, "src", name)
        program = built if os.access(built, os.X_OK) else shutil.which(name)
        if program is None:
            raise SystemExit(f"{name} is neither in {checkout}/src nor in PATH: apt-get install redis-tools")
        os.symlink(program, os.path.join(programs, name))
    if checker:
        os.symlink(checker, os.path.join(programs, "redis-check-aof"))
    make_certificates(scratch)


def make_certificates(scratch):
    """The suite's certificates. Its script takes minutes to make Diffie-Hellman parameters; a known group does."""
    os.makedirs(os.path.join(scratch, "tests", "tls"), exist_ok=True)
    quick = ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"]
    quick += ["-out", "tests/tls/redis.dh"]
    for command in (quick, ["./utils/gen-test-certs.sh"]):
        subprocess.run(command, cwd=scratch, check=True, capture_output=True)


def run(scratch, unit, skipped, base_port, limit, limit_without_progress, keep_output=None, only=(), with_tls=False):
    """Runs one unit, or only some tests of it; returns the results, and whether the whole time was used up."""
    skip_file = os.path.join(scratch, "skipped-tests")
    with open(skip_file, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write("\n".join(skipped))
    command = ["./runtest", "--clients", "1", "--durable", "--single", unit, "--baseport", str(base_port)]
    command += ["--portcount", str(PORTS_OF_A_UNIT), "--timeout", str(limit_without_progress)]
    command += ["--skipfile", skip_file] + (["--tls"] if with_tls else [])
    for name in only:
        command += ["--only", name]
    output_path = keep_output or os.path.join(scratch, "output")
    with open(output_path, "wb") as output:
        process = subprocess.Popen(
            command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            process.wait(timeout=limit)
            late = False
        except subprocess.TimeoutExpired:
            late = True
        finally:
            end_group(process.pid)
            process.wait()
    with open(output_path, encoding="utf-8", errors="replace") as output:
        return parse(output.read()), late


def end_group(group):
    """Ends what the run left behind: its servers, its load clients, itself; they all are in its process group."""
    for signal_number in (signal.SIGCONT, signal.SIGKILL):
        try:
            os.killpg(group, signal_number)
        except ProcessLookupError:
            return
    time.sleep(0.1)


def parse(text):
    text = COLOURS.sub("", text)
    results = []
    matches = list(LINE.finditer(text))
    for index, match in enumerate(matches):
        end = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        detail = text[match.end() : end].strip("\n")
        outcome, name = match.group(1).lower(), match.group(2)
        if outcome == "ok":
            results.append(Result("ok", DURATION.sub("", name)))
        elif outcome == "err":
            # What a test of this unit failed with; an error outside of a test has no such line.
            name, marker, _ = name.partition(" in tests/")
            results.append(Result("err", name if marker else "", detail if marker else name + "\n" + detail))
        elif outcome == "timeout":
            busy = re.search(r"\(IN PROGRESS\) (.*)", detail)
            results.append(Result("timeout", busy.group(1) if busy else "", detail))
        else:
            results.append(Result(outcome, name, detail))
    return results
