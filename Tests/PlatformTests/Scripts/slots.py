"""Opens COUNT psql sessions one after another and holds those that work for SECONDS, asking for more meanwhile.

MARK is a file that is made when no slot is left. The server's address and login come in libpq's variables.
"""

import subprocess
import sys
import time

count, seconds, mark = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]


def start():
    return subprocess.Popen(
        ["psql", "-X", "-A", "-t", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, bufsize=1)


def works(session):
    try:
        session.stdin.write("SELECT 'in';\n")
        session.stdin.flush()
    except BrokenPipeError:
        return False
    return session.stdout.readline() == "in\n"


def refusal(session):
    session.stdin.close()
    session.wait()
    return session.stderr.read().partition("failed: ")[2].strip()


held, refusals = [], []
for _ in range(count):
    session = start()
    if works(session):
        held.append(session)
    else:
        refusals.append(refusal(session))
print("sessions that work:", len(held))
for text in sorted(set(refusals)):
    print("refusals:", refusals.count(text), text)

open(mark, "w").close()
deadline = time.monotonic() + seconds
others = set()
while time.monotonic() < deadline:
    session = start()
    others.add("worked" if works(session) else refusal(session))
    time.sleep(0.1)
print("refused while full:", "all" if others == set(refusals) else sorted(others))

print("sessions that still work:", sum(works(session) for session in held))
for session in held:
    session.stdin.close()
    session.wait()
