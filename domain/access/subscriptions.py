"""What an organization has subscribed to; the API calls it `plan`, which in here is what a ticket's clocks follow."""

from __future__ import annotations

from enum import StrEnum


class Subscription(StrEnum):
    """From the smallest to the largest; each one holds all that the smaller ones hold."""

    STARTER = "starter"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"

    def covers(self, needed: Subscription) -> bool:
        order = list(Subscription)
        return order.index(self) >= order.index(needed)
