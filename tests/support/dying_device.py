"""A device's process that is killed on its way: `tests.support.devices.dying` starts it."""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path

from firmware_service.identity.client import AuthorityClient, AuthoritySite
from firmware_service.identity.enrol import Enroller
from firmware_service.identity.holding import Holding
from firmware_service.identity.renew import Renewer
from firmware_service.places import Places

NO_SEAL = "/no/such/tool"


def main(act: str, root: str, board: str, station: str, url: str, pin: str, step: str) -> None:
    """Enrol or renew."""

    def reached(now: str) -> None:
        if now == step:
            os.kill(os.getpid(), signal.SIGKILL)

    places = Places(Path(root))
    holding = Holding(places, NO_SEAL)
    client = AuthorityClient(AuthoritySite(url, pin))
    if act == "enrol":
        Enroller(holding, client, station, board, places.token, reached).run()
    else:
        Renewer(holding, client, lambda _role, _tls: True, reached, random.Random(1)).tick(0)  # noqa: S311 - spreading


if __name__ == "__main__":
    main(*sys.argv[1:])
