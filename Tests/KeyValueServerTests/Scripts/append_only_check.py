"""`atoll kv check` on append-only files, whole and damaged, beside redis-check-aof: the same verdict, the same offset, the
same file after --fix; and both servers start from what was mended, with equal content."""

import os
import random
import re
import shutil
import subprocess
import sys

from append_only import REDIS, Folder, Kept, fill, streams
from server import check, finish

REDIS_CHECK = "/usr/bin/redis-check-aof"
NAME = "appendonly.aof"


def request(*words):
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


START = request("SELECT", 0) + request("SET", "a", 1) + request("SET", "b", 2)
MULTI = request("MULTI") + request("SET", "c", 3)
EXEC = request("EXEC")

# What stands behind `START`: name, bytes, whether redis-check-aof sees the same.
CASES = [
    ("nothing", b"", True),
    ("a whole transaction", MULTI + EXEC, True),
    ("an argument's end is missing", request("SET", "c", 333)[:-4], True),
    ("a line's end is missing", request("SET", "c", 333)[:-1], True),
    ("a header's end is missing", b"*3\r\n$3", True),
    ("garbage", b"garbage\r\n" + START, True),
    ("another prefix", b"*2\r\n%3\r\nGET\r\n$1\r\na\r\n", True),
    ("a length that is too large", request("SET", "c", 3).replace(b"$3", b"$4") + START, True),
    ("a length that is too small", request("SET", "cccc", 3).replace(b"$4", b"$3") + START, True),
    ("a negative length", b"*1\r\n$-1\r\n" + START, True),
    ("a huge length", b"*1\r\n$99999999999\r\nabc\r\n", True),
    ("a carriage return alone", b"*1\rX$4\r\nPING\r\n", True),
    ("no EXEC", MULTI, True),
    ("half of an EXEC", MULTI + EXEC[:-3], True),
    ("MULTI twice", MULTI + MULTI + EXEC, True),
    ("EXEC alone", EXEC + START, True),
    # Redis's server refuses them, its check does not.
    ("no words", b"*0\r\n" + START, False),
    ("an unknown command", request("NOSUCH", 1) + START, False),
    ("too few arguments", request("SET", "a") + START, False),
    # Both servers take it.
    ("half an annotation", b"#TS:12", False),
]


def run(words, answer=""):
    done = subprocess.run(words, input=answer, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def ours(command, *words, answer=""):
    return run(command.split() + ["check", *words], answer)


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def verdict(result):
    """The exit code, and the offsets up to which the files are whole."""
    code, output = result
    return code, re.findall(r"size=(\d+), ok_up_to=(\d+)", output)


def expect(what, result, code, *texts):
    missing = [text for text in texts if text not in result[1]]
    check(what, (result[0], missing), (code, []))
    if result[0] != code or missing:
        print(result[1])


def manifest(directory, *files):
    """A set of files of these contents: a base, then increments."""
    names = [f"{NAME}.1.base.{'rdb' if files[0][:5] == b'REDIS' else 'aof'}"]
    names += [f"{NAME}.{index + 1}.incr.aof" for index in range(len(files) - 1)]
    lines = [f"file {name} seq {max(index, 1)} type {'i' if index else 'b'}\n" for index, name in enumerate(names)]
    for name, content in zip(names, files):
        write(f"{directory}/{name}", content)
    write(f"{directory}/{NAME}.manifest", "".join(lines).encode())
    return [f"{directory}/{name}" for name in names]


# MARK: - One file

def cases(command):
    for what, tail, is_alike in CASES:
        with Folder() as directory:
            path, other = f"{directory}/{NAME}", f"{directory}/other.aof"
            write(path, START + tail)
            shutil.copyfile(path, other)
            found = ours(command, path)
            check(f"{what}: only looked at", read(path), START + tail)
            if is_alike and os.path.exists(REDIS_CHECK):
                check(f"{what}: verdict", verdict(found), verdict(run([REDIS_CHECK, other])))
                fixed = ours(command, "--fix", path, answer="y\n")
                check(f"{what}: mended", fixed[0], run([REDIS_CHECK, "--fix", other], "y\n")[0])
                check(f"{what}: mended file", read(path), read(other))
                expect(f"{what}: mended for good", ours(command, path), 0, f"AOF {path} is valid")
            else:
                check(f"{what}: verdict", found[0], 1)
    with Folder() as directory:
        path = f"{directory}/{NAME}"
        write(path, b"")
        expect("an empty file", ours(command, path), 0, "is empty")
        expect("no file", ours(command, path + "x"), 1, "No such file or directory")
        expect("no arguments", ours(command), 1, "Usage: atoll kv check")
        expect("help", ours(command, "--help"), 0, "--truncate-to-timestamp SECONDS")


def questions(command):
    with Folder() as directory:
        path = f"{directory}/{NAME}"
        damaged = START + b"*1\r\n$4"
        write(path, damaged)
        for answer in ("", "n\n", "no\n"):
            expect(f"answer {answer!r}", ours(command, "--fix", path, answer=answer), 1,
                   f"This will shrink the AOF {path} from 83 bytes, with 6 bytes, to 77 bytes", "Aborting...")
            check("untouched", read(path), damaged)
        expect("--yes", ours(command, "--fix", "--yes", path), 0, "Successfully truncated AOF")
        check("cut off", read(path), START)
        expect("nothing to mend", ours(command, "--fix", path), 0, "is valid")
        grown(command, path, damaged)
        write(path, START + request("NOSUCH", 1))
        expect("no cure", ours(command, "--fix", "--yes", path), 1, "offset 77: Unknown command 'NOSUCH'")
        check("left alone", read(path), START + request("NOSUCH", 1))


def grown(command, path, damaged):
    """A server writes on while the question waits for its answer."""
    write(path, damaged)
    words = command.split() + ["check", "--fix", path]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        output = b""
        while not output.endswith(b"[y/N]: "):
            byte = process.stdout.read(1)
            if not byte:
                break
            output += byte
        with open(path, "ab") as file:
            file.write(b"x")
        rest, _ = process.communicate(b"y\n", timeout=60)
        check("a file that has grown", (process.returncode, b"it has changed meanwhile" in rest), (1, True))
    check("is left alone", read(path), damaged + b"x")


# MARK: - Sets

def sets(command):
    with Folder() as directory:
        paths = manifest(directory, START, START, START)
        list_path = f"{directory}/{NAME}.manifest"
        for path in (directory, directory + "/", list_path):
            expect(path, ours(command, path), 0, "Start checking Multi Part AOF", "BASE AOF appendonly.aof.1.base.aof is "
                   "valid", "INCR AOF appendonly.aof.2.incr.aof is valid", "All AOF files and manifest are valid")
        write(f"{directory}/{NAME}.9.incr.aof", START)
        expect("forgotten", ours(command, directory), 0, "[info] appendonly.aof.9.incr.aof is not named")
        write(paths[2], START + MULTI)
        expect("last", ours(command, directory), 1, "[offset 77] appendonly.aof.2.incr.aof: the file ends before the EXEC")
        write(paths[1], START + b"*1")
        expect("both", ours(command, directory), 1, "1.incr.aof is not valid", "2.incr.aof is not valid")
        expect("not the last", ours(command, "--fix", "--yes", directory), 1,
               "Failed to truncate AOF appendonly.aof.1.incr.aof because it is not the last file",
               "Failed to truncate AOF appendonly.aof.2.incr.aof because the files before it are not in order")
        check("untouched", [read(path) for path in paths], [START, START + b"*1", START + MULTI])
        write(paths[1], START)
        expect("mended", ours(command, "--fix", directory, answer="y\n"), 0, "from 119 bytes, with 42 bytes, to 77",
               "Successfully truncated AOF appendonly.aof.2.incr.aof", "All AOF files and manifest are valid")
        check("only the last", [read(path) for path in paths], [START] * 3)
        os.unlink(paths[1])
        expect("missing", ours(command, "--fix", "--yes", directory), 1, "Cannot open file", "1.incr.aof: No such file")
        write(list_path, b"file a seq 1 type b\n!!!\n")
        expect("manifest", ours(command, list_path), 1, "line 2, '!!!': Invalid AOF manifest file format")
        os.unlink(list_path)
        expect("no manifest", ours(command, directory), 1, "There is no manifest (*.manifest) in")
        expect("no manifest", ours(command, list_path), 1, "can't open the AOF manifest file appendonly.aof.manifest")


def times(command):
    lines = [b"#TS:%d\r\n" % (1000 + i) + request("SET", f"key{i}", i) for i in range(5)]
    with Folder() as directory:
        path, other = f"{directory}/{NAME}", f"{directory}/other.aof"
        for seconds in (2000, 1004, 1003, 1001, 1000):
            for name in (path, other):
                write(name, b"".join(lines))
            result = ours(command, "--truncate-to-timestamp", str(seconds), path)
            expect(f"until {seconds}", result, 0, f"to timestamp {seconds}")
            check("cut off", read(path), b"".join(lines[:seconds - 999]))
            if os.path.exists(REDIS_CHECK):
                run([REDIS_CHECK, "--truncate-to-timestamp", str(seconds), other])
                check("as redis-check-aof does it", read(path), read(other))
        expect("too early", ours(command, "--truncate-to-timestamp", "999", path), 1, "has nothing before timestamp 999")
        write(path, START)
        expect("no times", ours(command, "--truncate-to-timestamp", "999", path), 1, "There are no timestamps")
    with Folder() as directory:
        paths = manifest(directory, START, b"".join(lines[:2]), b"".join(lines[2:]))
        expect("not the last", ours(command, "--truncate-to-timestamp", "1000", directory), 1,
               "because it is not the last file")
        check("untouched", read(paths[1]), b"".join(lines[:2]))
        expect("last", ours(command, "--truncate-to-timestamp", "1002", directory), 0, "Truncate nothing in AOF",
               "Successfully truncated AOF appendonly.aof.2.incr.aof to timestamp 1002")
        check("cut off", read(paths[2]), lines[2])
        expect("all of the last", ours(command, "--truncate-to-timestamp", "1001", directory), 0)
        check("empty", (read(paths[1]), read(paths[2])), (b"".join(lines[:2]), b""))


# MARK: - Servers

def snapshots(command):
    """Bases that are RDB files, and files of Redis 6 that begin with one."""
    with Folder() as directory:
        with Kept(command, directory) as server:
            fill(server)
            server.rewrite()
            server.stop()
        base = read(f"{directory}/appendonlydir/{NAME}.2.base.rdb")
    with Folder() as directory:
        path = f"{directory}/{NAME}"
        write(path, base)
        expect("a snapshot", ours(command, path), 0, "\\o/ RDB looks OK! \\o/")
        write(path, base + START + b"*3\r\n")
        expect("a snapshot and commands", ours(command, path), 1, "RDB preamble is OK, proceeding with AOF tail",
               f"ok_up_to={len(base) + 77}, ok_up_to_line=20, diff=4")
        expect("mended", ours(command, "--fix", "--yes", path), 0, "Successfully truncated AOF")
        check("cut off", read(path), base + START)
        if os.path.exists(REDIS_CHECK):
            check("redis-check-aof agrees", run([REDIS_CHECK, path])[0], 0)
        os.unlink(path)
        broken = base[:100] + b"\xff" * 20 + base[120:]
        paths = manifest(directory, broken, START + b"*")
        result = ours(command, "--fix", "--yes", directory)
        expect("a broken base", result, 1, "--- RDB ERROR DETECTED ---", "RDB preamble of AOF file "
               "appendonly.aof.1.base.rdb is not sane", f"atoll kv check --fix {paths[0]}")
        check("untouched", [read(path) for path in paths], [broken, START + b"*"])
        expect("the base alone", ours(command, "--fix", paths[0]), 0, "that could be read")
        expect("the rest", ours(command, "--fix", "--yes", directory), 0, "All AOF files and manifest are valid")
        check("versions", read(paths[0])[:9], base[:9])


def start_from(program, source):
    """What a server that repairs nothing by itself has of the set."""
    with Folder() as directory:
        shutil.copytree(source, f"{directory}/appendonlydir")
        with Kept(program, directory, "--aof-load-truncated", "no") as server:
            return server.digest(), streams(server)


def mended_sets(command, seed, rounds=4):
    """Sets of both servers, cut off or overwritten at random places, mended: both servers start from them."""
    source = random.Random(seed)
    for program in [command] + ([REDIS] if os.path.exists(REDIS) else []):
        with Folder() as directory:
            with Kept(program, directory, "--aof-timestamp-enabled", "yes") as server:
                fill(server)
                server.rewrite()
                fill(server, seed=2)
                for index in range(200):
                    server.client.send(request("MULTI") + request("SET", f"m{index}", index) +
                                       request("INCR", f"c{index % 7}") + request("EXEC"))
                    [server.client.reply() for _ in range(4)]
                server.stop()
            folder = f"{directory}/appendonlydir"
            last = f"{folder}/{NAME}.2.incr.aof"
            whole = read(last)
            expect("whole", ours(command, folder), 0, "All AOF files and manifest are valid")
            for index in range(rounds):
                place = source.randrange(len(whole) // 2, len(whole))
                damage = whole[:place] if index % 2 else whole[:place] + b"\0" * 300 + whole[place + 300:]
                write(last, damage)
                expect(f"{program} at {place}", ours(command, "--fix", "--yes", folder), 0)
                mended = read(last)
                check("a part of what was there", damage.startswith(mended) and len(mended) < len(damage), True)
                check("a second look", ours(command, folder)[0], 0)
                states = [start_from(command, folder)]
                if os.path.exists(REDIS):
                    check("redis-check-aof agrees", run([REDIS_CHECK, f"{folder}/{NAME}.manifest"])[0], 0)
                    states.append(start_from(REDIS, folder))
                check(f"equal content of a mended set of {program}", states[0], states[-1])


def main():
    command = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**9)
    print(f"seed {seed}", flush=True)
    cases(command)
    questions(command)
    sets(command)
    times(command)
    snapshots(command)
    mended_sets(command, seed)
    finish()


main()
