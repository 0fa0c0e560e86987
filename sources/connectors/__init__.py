"""Writing to ticket systems: an order comes in, HTTP requests come out. Pure: whoever drives it sends them.

A vendor is data here, too: the `connector` of its mapping (`sources/hooks/language/connectors.py`). `carry_out`,
`check` and `changes` are generators: each yields a `Request` and is sent the `Answer` to it.
"""

from sources.connectors.asking import Carried, carry_out, check
from sources.connectors.listing import FoundBody, changes
from sources.connectors.messages import Answer, Connection, Credentials, Order, Request, Unwritable

__all__ = [
    "Answer",
    "Carried",
    "Connection",
    "Credentials",
    "FoundBody",
    "Order",
    "Request",
    "Unwritable",
    "carry_out",
    "changes",
    "check",
]
