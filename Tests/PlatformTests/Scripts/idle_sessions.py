"""Opens COUNT idle sessions and says "ended" for each that the server closes within SECONDS."""

import select
import sys
import time

import psycopg2

count, seconds = int(sys.argv[1]), float(sys.argv[2])
sessions = [psycopg2.connect("", application_name="idle_sessions.py") for _ in range(count)]
deadline = time.monotonic() + seconds
open_sockets = {session.fileno() for session in sessions}
while open_sockets and (left := deadline - time.monotonic()) > 0:
    # The server says nothing to an idle session but that it ends.
    for socket in select.select(open_sockets, [], [], left)[0]:
        open_sockets.discard(socket)
        print("ended", flush=True)
