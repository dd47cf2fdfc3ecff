"""A process that kills itself with SIGKILL when it has passed a named step so many times."""

import os
import signal
from collections.abc import Callable


def killer(step: str, times: int) -> Callable[[str], None]:
    left = [times]

    def after_step(name: str) -> None:
        if name == step:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return after_step
