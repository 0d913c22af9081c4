"""The tasks of clients.py's worker, with what Celery and redis-py do by scripts done without them."""

import os

from celery import Celery
from redis.exceptions import LockNotOwnedError
from redis.lock import Lock

URL = f"redis://127.0.0.1:{os.environ['KV_PORT']}/"
app = Celery("tested", broker=URL + "3", backend=URL + "4")
# Queues that expire are bound by a script.
app.conf.update(broker_connection_retry_on_startup=True, control_queue_expires=None, event_queue_expires=None)


def release(self, expected_token):
    """What the script of redis-py's lock does, as a transaction."""
    def delete(pipeline):
        token = pipeline.get(self.name)
        if token is None or token != expected_token:
            raise LockNotOwnedError("Cannot release a lock that's no longer owned")
        pipeline.multi()
        pipeline.delete(self.name)
    self.redis.transaction(delete, self.name)


Lock.do_release = release


@app.task
def add(a, b):
    return a + b


@app.task
def failing():
    raise ValueError("as told")


@app.task(bind=True, max_retries=3, default_retry_delay=0.1)
def retried(self):
    if self.request.retries < 2:
        raise self.retry()
    return self.request.retries
