"""How many keys that nobody knows may come from one address: a bound on guesses, over REST and where people sign in.

Decision 30 says why this is no library's.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from domain.instants import MINUTE, SECOND, Instant

MOST = 10
WITHIN = 5 * MINUTE
MOST_ADDRESSES = 10_000
"""Whoever has many addresses must not fill the memory with them: the one that was quiet longest is forgotten."""


@dataclass(slots=True)
class Guesses:
    """Of one process. A key that is known is no guess; none is looked at for the first time while its address waits.

    A key that is wrong again is no new guess: a forgotten client with an old key makes nobody wait.
    """

    most: int = MOST
    within: int = WITHIN
    # By address, then by what stands for the key: wrong keys may be right ones with a slip, and are not kept.
    _failed: dict[str, dict[bytes, Instant]] = field(default_factory=dict)
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def wait_seconds(self, address: str, now: Instant) -> int:
        """How long the address has to wait before another key is looked at; 0 if it need not."""
        failed = self._recent(address, now)
        if len(failed) < self.most:
            return 0
        return max(1, -(-(next(iter(failed.values())) + self.within - now) // SECOND))

    def fail(self, address: str, key: str, now: Instant) -> None:
        """A key that nobody knows came from the address."""
        failed = self._recent(address, now)
        failed.setdefault(hashlib.sha256(self._salt + key.encode("utf-8", "surrogatepass")).digest(), now)
        # The newest stands last.
        self._failed.pop(_network(address), None)
        self._failed[_network(address)] = failed
        if len(self._failed) > MOST_ADDRESSES:
            del self._failed[next(iter(self._failed))]

    def _recent(self, address: str, now: Instant) -> dict[bytes, Instant]:
        """Those that are not long ago, the first one first."""
        failed = self._failed.get(_network(address), {})
        return {key: at for key, at in failed.items() if now - at < self.within}


def _network(address: str) -> str:
    """What one household or one machine has: an address of IPv4, 64 bits of IPv6. Anything else is itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ip_network((parsed, 64), strict=False))
