"""How often promises were kept."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Tally:
    """How many clocks ended how; a cancelled clock neither kept nor broke its promise, and an excused one counts in no
    rate, whatever it came to."""

    met: int = 0
    breached: int = 0
    cancelled: int = 0
    excused: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.met + other.met,
            self.breached + other.breached,
            self.cancelled + other.cancelled,
            self.excused + other.excused,
        )

    @property
    def counted(self) -> int:
        return self.met + self.breached

    @property
    def total(self) -> int:
        return self.counted + self.cancelled + self.excused

    @property
    def compliance_rate(self) -> float | None:
        """The percentage of counted clocks that were met, to two decimals; None when none was counted."""
        return None if self.counted == 0 else round(100 * self.met / self.counted, 2)

    def reaches(self, percent: Decimal) -> bool | None:
        """Whether the exact rate is at least this; None when no clock was counted."""
        return None if self.counted == 0 else Fraction(100 * self.met, self.counted) >= Fraction(percent)
