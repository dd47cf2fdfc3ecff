"""A process that kills itself, or the database that it writes to, when it has passed a named step so many times."""

import os
import random
import signal
import threading
from collections.abc import Callable

WRITING = "writing"
"""No step that the station tells: somewhere within the transaction that writes an event, after ``begun``."""
TRANSACTION_S = 0.0004
"""About what it takes with its flush."""


def itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def within_the_transaction() -> None:
    moment = random.uniform(0, TRANSACTION_S)  # noqa: S311 - chooses a moment
    threading.Timer(moment, itself).start()


def killer(step: str, times: int, kill: Callable[[], None] = itself) -> Callable[[str], None]:
    left = [times]

    def after_step(name: str) -> None:
        if name == step:
            left[0] -= 1
            if left[0] == 0:
                kill()

    return after_step
