"""Percentiles by linear interpolation between the two closest ranks.

The method that `statistics.quantiles` calls inclusive: the smallest value is the 0th percentile, the largest the 100th;
the median of an even number of values lies midway between the middle two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

MEDIAN = Fraction(1, 2)
P90 = Fraction(9, 10)


@dataclass(frozen=True, slots=True)
class Spread:
    """Average, median and 90th percentile, all in microseconds."""

    average: float
    median: float
    p90: float


def rank_below(count: Any, share: Fraction) -> Any:
    """The rank, from 1, of the largest value not above the percentile; of a number, or in terms of a column."""
    return (count - 1) * share.numerator // share.denominator + 1


def percentile(ranked: Mapping[int, int], count: int, share: Fraction) -> float:
    """Of `count` values, given those at the rank below the percentile and at the one after it (if there is one)."""
    rank = rank_below(count, share)
    part = share * (count - 1) + 1 - rank
    low = ranked[rank]
    return float(low if part == 0 else low + part * (ranked[rank + 1] - low))


def spread(average: float, ranked: Mapping[int, int], count: int) -> Spread:
    return Spread(average, percentile(ranked, count, MEDIAN), percentile(ranked, count, P90))
