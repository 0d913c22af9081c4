"""Random commands to redis-server and to the server under test side by side: the same replies, the same contents.

    model.py "SERVER COMMAND" [--commands N] [--seed S] [--epoch E] [--reference redis-server] [--differences N]

Commands come in epochs of 4000 that begin with empty databases and limits of encodings of their own. The same seed and
epoch make the same commands, so `--seed S --epoch E` repeats one. The reference is Redis 7.0; what Redis 7.2, which the
server under test follows, does in another way is in `DIFFERENCES_OF_7_2` and nowhere else.
"""

import argparse
import random
import re
import sys
import time

from model_commands import ALL_KEYS as KEYS_OF_COMMANDS, Grammar
from model_replies import Reader, encode, equal_replies
from server import Server, finish, failures

ALL_KEYS = KEYS_OF_COMMANDS + ["equals"]
EPOCH = 4000
BATCH = 400
DATABASES = 4

# Values of directives. 7.2 makes a value large at once where a command brings more pairs than the limit, 7.0 where they
# are really more: none brings more than 12.
LIMITS = {
    "hash-max-listpack-entries": (512, 12, 16), "hash-max-listpack-value": (64, 16),
    "zset-max-listpack-entries": (128, 12, 16), "zset-max-listpack-value": (64, 16),
    "set-max-intset-entries": (512, 4, 8), "list-max-listpack-size": (-2, 3, 5, -1),
    "list-compress-depth": (0, 1), "stream-node-max-entries": (100, 3, 5), "hll-sparse-max-bytes": (3000, 100, 0),
}


class Side:
    """A connection to one of the two servers."""

    def __init__(self, server):
        self.server = server
        self.socket = server.connect(timeout=60).socket
        self.reader = Reader(self.socket.makefile("rb", buffering=1 << 16))

    def replies(self, commands):
        self.socket.sendall(b"".join(map(encode, commands)))
        return [self.reader.reply() for _ in commands]


class Model:
    def __init__(self, reference, tested, seed, difference_limit):
        self.sides = (Side(reference), Side(tested))
        self.seed = seed
        self.difference_limit = difference_limit
        self.difference_count = 0
        self.command_count = 0
        self.seen = set()

    def both(self, commands):
        for side in self.sides:
            side.socket.sendall(b"".join(map(encode, commands)))
        return [[side.reader.reply() for _ in commands] for side in self.sides]

    def start_epoch(self, epoch):
        chance = random.Random(f"{self.seed}:{epoch}")
        limits = [["CONFIG", "SET", name, str(chance.choice(values))] for name, values in LIMITS.items()]
        version = chance.choice("23")
        self.both([["DISCARD"], ["UNWATCH"], ["HELLO", version], ["FLUSHALL"], ["SELECT", "0"]])
        for name, replies in zip(LIMITS, zip(*self.both(limits))):
            if replies[0] != replies[1]:
                sys.exit(f"CONFIG SET {name}: {replies}")
        self.sides[1].replies([["CONFIG", "SET", "set-max-listpack-entries", str(chance.choice((128, 4)))]])
        return Session(f"{self.seed}:{epoch}")

    def run_epoch(self, epoch):
        session = self.start_epoch(epoch)
        history = []
        sent = 0
        while sent < EPOCH:
            batch = session.batch(BATCH)
            sent += len(batch)
            first = len(history)
            history += batch
            references, tested = self.both(batch)
            self.command_count += len(batch)
            context = session.context
            for index, (words, expected, got) in enumerate(zip(batch, references, tested)):
                if not context.equal(words, expected, got):
                    self.report(epoch, history, first + index, expected, got)
                    return
        difference = self.compare_contents()
        if difference:
            self.report(epoch, history + [difference[0]], len(history), *difference[1:])

    def compare_contents(self):
        """The first command of those that show everything whose replies differ."""
        self.both([["DISCARD"], ["UNWATCH"]])
        for database in range(DATABASES):
            self.both([["SELECT", str(database)]])
            shown = []
            for key in ALL_KEYS + [""]:
                shown += [["TYPE", key], ["PEXPIRETIME", key], ["OBJECT", "ENCODING", key]]
            shown.append(["DBSIZE"])
            expected, got = self.both(shown)
            types = {}
            context = Context()
            for words, one, other in zip(shown, expected, got):
                if not context.equal(words, one, other):
                    return words, one, other
                if words[0] == "TYPE":
                    types[words[1]] = one[1:]
            shown = [words for key, kind in types.items() for words in SHOW.get(kind, lambda key: [])(key)]
            for words, one, other in zip(shown, *self.both(shown)):
                if not context.equal(words, one, other):
                    return words, one, other
        return None

    def report(self, epoch, history, index, expected, got):
        self.difference_count += 1
        words = history[index]
        kind = (words[0].upper(), str(expected)[:20], str(got)[:20])
        if kind in self.seen:
            return
        self.seen.add(kind)
        failures.append(words[0])
        print(f"DIFFERENCE seed {self.seed} epoch {epoch} command {index}: {words}\n"
              f"  reference {shortened(expected)}\n  tested    {shortened(got)}", flush=True)
        for step in self.minimised(epoch, history[:index + 1])[-12:]:
            print(f"    {step}", flush=True)
        if len(failures) >= self.difference_limit:
            sys.exit("enough differences")

    def minimised(self, epoch, history):
        """A shorter sequence with the same last command that still ends in a difference, found by leaving parts out."""
        deadline = time.monotonic() + 60
        keys = {word for word in history[-1][1:] if word in ALL_KEYS}
        related = [words for words in history[:-1] if keys.intersection(words) or words[0] in CONNECTION]
        steps = related if self.differs(epoch, related + history[-1:]) else history[:-1]
        size = max(1, len(steps) // 2)
        while size >= 1 and time.monotonic() < deadline:
            position = 0
            while position < len(steps) and time.monotonic() < deadline:
                fewer = steps[:position] + steps[position + size:]
                if self.differs(epoch, fewer + history[-1:]):
                    steps = fewer
                else:
                    position += size
            size = size // 2
        return steps + history[-1:]

    def differs(self, epoch, commands):
        self.start_epoch(epoch)
        expected, got = [], []
        for start in range(0, len(commands), BATCH):
            one, other = self.both(commands[start:start + BATCH])
            expected += one
            got += other
        context = Context()
        results = [context.equal(*triple) for triple in zip(commands, expected, got)]
        return not results[-1]


CONNECTION = ("SELECT", "SWAPDB", "MOVE", "COPY", "FLUSHDB", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH")

SHOW = {
    "string": lambda key: [["GET", key]],
    "list": lambda key: [["LRANGE", key, "0", "-1"]],
    "set": lambda key: [["SMEMBERS", key]],
    "hash": lambda key: [["HGETALL", key]],
    "zset": lambda key: [["ZRANGE", key, "0", "-1", "WITHSCORES"]],
    "stream": lambda key: [["XRANGE", key, "-", "+"], ["XINFO", "STREAM", key, "FULL", "COUNT", "0"]],
}


class Session:
    """Commands as a client sends them: some in transactions, some after a WATCH."""

    def __init__(self, seed):
        self.grammar = Grammar(seed)
        self.random = self.grammar.random
        self.context = Context()

    def batch(self, count):
        commands = []
        while len(commands) < count:
            if self.random.random() < 0.02:
                commands += self.transaction()
            else:
                commands += self.grammar.commands()
        return commands

    def transaction(self):
        commands = []
        if self.random.random() < 0.4:
            commands.append(["WATCH"] + [self.random.choice(ALL_KEYS) for _ in range(self.random.choice((1, 2)))])
            for _ in range(self.random.choice((0, 1, 3))):
                commands += self.grammar.commands()
        commands.append(["MULTI"])
        for _ in range(self.random.choice((0, 1, 2, 5))):
            commands += self.grammar.commands()
        if self.random.random() < 0.05:
            commands.append(self.random.choice((["MULTI"], ["WATCH", "s1"], ["NOSUCHCOMMAND", "a"])))
        commands.append(self.random.choice((["EXEC"], ["EXEC"], ["EXEC"], ["DISCARD"])))
        return commands


class Context:
    """Compares replies in their order, and knows which commands a transaction has queued."""

    def __init__(self):
        self.queued = None

    def equal(self, words, expected, got):
        name = words[0].upper()
        if self.queued is None:
            if name == "MULTI" and expected == got == "+OK":
                self.queued = []
                return True
            return equal_words(words, expected, got)
        if expected == got == "+QUEUED":
            self.queued.append(words)
            return True
        if name in ("EXEC", "DISCARD"):
            queued, self.queued = self.queued, None
            if isinstance(expected, list) and isinstance(got, list):
                return len(expected) == len(got) and all(map(equal_words, queued, expected, got))
        return equal_words(words, expected, got)


def equal_words(words, expected, got):
    return expected == got or equal_replies(words, expected, got) or is_known(words, expected, got)


# (command, what 7.0 answers, what 7.2 answers): regular expressions of a whole command, and of whole replies.
DIFFERENCES_OF_7_2 = [
    ("XREAD.*", "-ERR Unbalanced XREAD list.*", "-ERR Unbalanced 'xread(group)?' list.*"),
]


def is_known(words, expected, got):
    """Also: what is no UTF-8 in a name that an error repeats is replaced."""
    if isinstance(expected, str) and isinstance(got, str):
        if expected.encode("latin-1").decode("utf-8", "replace") == got.encode("latin-1").decode("utf-8", "replace"):
            return True
    line = " ".join(words)
    return any(re.fullmatch(command, line, re.I | re.S) and re.fullmatch(old, str(expected), re.S)
               and re.fullmatch(new, str(got), re.S) for command, old, new in DIFFERENCES_OF_7_2)


def shortened(reply):
    text = repr(reply)
    return text if len(text) < 1500 else text[:1500] + f"... ({len(text)} characters)"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--commands", type=int, default=60_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--epoch", type=int)
    parser.add_argument("--reference", default="/usr/bin/redis-server")
    parser.add_argument("--differences", type=int, default=5)
    options = parser.parse_args()
    databases = ("--databases", str(DATABASES))
    with Server(options.reference, *databases) as reference, Server(options.server, *databases) as tested:
        model = Model(reference, tested, options.seed, options.differences)
        started = time.monotonic()
        epoch = options.epoch or 0
        try:
            while model.command_count < options.commands:
                model.run_epoch(epoch)
                if options.epoch is not None:
                    break
                epoch += 1
        except (EOFError, OSError) as error:
            sys.exit(f"seed {options.seed} epoch {epoch}: {error!r}\n{tested.logged()[-3000:]}")
        print(f"seed {options.seed}: {model.command_count} commands, {model.difference_count} epochs with differences, "
              f"{time.monotonic() - started:.0f} s", flush=True)
    finish()


main()
