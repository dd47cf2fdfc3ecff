"""A look at the certificates about every hour: the next one in good time, and never in place of one that works better.

The key stays. The next certificate lies beside the one that counts until a connection with it has stood; then it takes
its place by one rename, and the station reads it at its next connection. What the time is, the authority says.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from cryptography import x509

from firmware_service.identity.client import RefusedByAuthority, Standing, Unreachable, read_trusted
from firmware_service.identity.enrol import request
from firmware_service.identity.est import subject_of
from firmware_service.identity.holding import Holding, Reason
from firmware_service.identity.names import ROLES, Role
from firmware_service.identity.pem import write_certificates
from hardware.host.tls import Tls

log = logging.getLogger(__name__)

PERIOD_S = 3600.0
Look = Literal["not yet", "nothing due", "renewed", "kept", "unreachable", "refused", "unenrolled"]
"""What a look came to; `kept`: the next certificate is here but does not connect, so the old one stays."""
Step = Literal["authorities", "ask", "keep", "try", "promote", "confirm", "hand over", "done"]


class Authority(Protocol):
    """Who is asked; see `firmware_service.identity.client.AuthorityClient`."""

    def authorities(self, trusted: list[x509.Certificate]) -> list[x509.Certificate]:
        """The site's authorities."""

    def renew(self, tls: Tls, request: bytes) -> x509.Certificate:
        """The next certificate."""

    def confirm(self, tls: Tls) -> Standing:
        """Show what is held."""


def is_due(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether two thirds of a certificate's time have passed. Pure."""
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return now >= since + (until - since) * 2 / 3


@dataclass(slots=True)
class Renewer:
    """One device's renewal.

    Attributes:
        holding: what it holds.
        authority: who is asked.
        connects: whether a connection to the broker stands with this identity; how is for who composes it to say.
        reached: told of each step before it is done.
        rng: spreads the looks of many devices.
    """

    holding: Holding
    authority: Authority
    connects: Callable[[Role, Tls], bool]
    reached: Callable[[Step], None] = lambda step: log.debug("renewal=%s", step)
    rng: random.Random = field(default_factory=random.Random)
    next_s: float = 0.0
    """When to look next, monotonic."""

    def tick(self, now_s: float) -> Look:
        """Look if it is time to.

        Args:
            now_s: seconds, monotonic.

        Raises:
            OSError: the card refuses, or a key cannot be opened.
        """
        if now_s < self.next_s:
            return "not yet"
        self.next_s = now_s + self.rng.uniform(0.5, 1.5) * PERIOD_S
        if self.holding.state != "enrolled":
            return "unenrolled"
        try:
            return self._look()
        except Unreachable as error:
            log.info("renewal=unreachable problem=%s", error)
            return "unreachable"
        except RefusedByAuthority as error:
            log.error("renewal=refused problem=%s", error)  # noqa: TRY400 - the authority's words say it all
            self.holding.remember(Reason("refused", told=str(error)))
            self.holding.say()
            return "refused"

    def _look(self) -> Look:
        self._authorities()
        looks = [self._role(role) for role in ROLES]
        self.reached("hand over")
        self.holding.hand_over()
        self.reached("done")
        self.holding.forget_reason()
        return next((look for look in ("kept", "renewed") if look in looks), "nothing due")

    def _authorities(self) -> None:
        """Take a new authority in at once; let an old one go only if both identities connect without it."""
        known = read_trusted(self.holding.ca)
        told = self.authority.authorities(known)
        if set(told) == set(known):
            return
        self.reached("authorities")
        if set(known) <= set(told) or self._connect_with(told):
            write_certificates(self.holding.ca, told)
        else:
            log.warning("authorities=kept problem=the broker does not stand with those that the authority names")
            write_certificates(self.holding.ca, [*known, *(each for each in told if each not in known)])

    def _connect_with(self, told: list[x509.Certificate]) -> bool:
        file = self.holding.ca.with_name("ca.next.pem")
        write_certificates(file, told)
        held = {role: self.holding.tls(role) for role in ROLES}
        return all(self.connects(role, Tls(file, tls.certificate, tls.key)) for role, tls in held.items())

    def _role(self, role: Role) -> Look:
        standing = self.authority.confirm(self.holding.tls(role))
        if not self.holding.confirmed(role):
            self.holding.confirm(role)
        certificate = self.holding.certificate(role)
        if certificate is None or not (standing.renew or is_due(certificate, standing.at)):
            return "nothing due"
        if not self._waits(role, certificate, standing.at):
            self.reached("ask")
            given = self.authority.renew(self.holding.tls(role), request(self.holding, subject_of(certificate.subject)))
            self.reached("keep")
            self.holding.accept(role, given, next_=True)
        return self._try(role)

    def _waits(self, role: Role, certificate: x509.Certificate, now: datetime) -> bool:
        """Whether a next certificate lies here that is still worth a try."""
        file = self.holding.certificate_file(role, next_=True)
        if not file.exists():
            return False
        waiting = read_trusted(file)[0]
        signed_by_another = waiting.issuer != certificate.issuer
        return not is_due(waiting, now) and (
            signed_by_another or waiting.not_valid_after_utc > certificate.not_valid_after_utc
        )

    def _try(self, role: Role) -> Look:
        self.reached("try")
        if not self.connects(role, self.holding.tls(role, next_=True)):
            log.warning("renewal=kept role=%s problem=the next certificate does not connect", role)
            return "kept"
        self.reached("promote")
        self.holding.promote(role)
        self.reached("confirm")
        self.authority.confirm(self.holding.tls(role))
        self.holding.confirm(role)
        return "renewed"
