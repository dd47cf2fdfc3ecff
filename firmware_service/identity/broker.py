"""Whether the broker takes a certificate, without a word of MQTT: a connection would throw out the one that stands."""

from __future__ import annotations

import logging
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware_service.identity.names import Role
from hardware.host.tls import Tls, client_context
from hardware.host.toml import read_table

log = logging.getLogger(__name__)

TIMEOUT_S = 15.0
DEFAULT_PORT = 8883


@dataclass(frozen=True, slots=True)
class BrokerCheck:
    """Shakes hands with the broker as an identity.

    Attributes:
        station_file: the station's configuration, whose ``[link]`` says where the broker is.
        check_time: whether this machine's clock can judge the broker's certificate.
    """

    station_file: Path
    check_time: bool

    def __call__(self, role: Role, tls: Tls) -> bool:
        """Whether the broker takes this identity, and this identity the broker.

        TLS 1.2, because its handshake ends only when the broker has judged our certificate; in 1.3 it comes later.

        Raises:
            hardware.host.toml.ConfigError: the station's file cannot be read.
        """
        link: Any = read_table(self.station_file).get("link", {})
        host, port = str(link.get("host", "")), int(link.get("port", DEFAULT_PORT))
        try:
            context = client_context(tls, check_time=self.check_time)
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            with (
                socket.create_connection((host, port), TIMEOUT_S) as plain,
                context.wrap_socket(plain, server_hostname=host),
            ):
                return True
        except OSError as error:  # TlsError and ssl.SSLError are such
            log.warning("broker=%s:%s role=%s problem=%s", host, port, role, error)
            return False
