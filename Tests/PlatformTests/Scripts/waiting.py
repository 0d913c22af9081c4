"""Waiting for what a platform does in its own time: shared by the scripts here."""

import time


def until(what, condition, seconds=60):
    """The first true value of the condition; fails, naming what was waited for, when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
    return result
