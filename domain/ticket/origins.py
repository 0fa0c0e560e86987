"""Which of the two published APIs a policy or a ticket came through; a policy matches only tickets of its own API."""

from __future__ import annotations

from enum import StrEnum


class Origin(StrEnum):
    """`v1` is Scrubbe's, `v2` Aurion's."""

    V1 = "v1"
    V2 = "v2"
