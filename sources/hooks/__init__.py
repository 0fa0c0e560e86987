"""Webhooks of ticket systems: a delivery comes in, events come out. Pure: no network, no store, no clock.

A vendor is data: one `SourceMapping` (`mapping.py`, its language in docs/sources.md). Whoever receives webhooks does
this:

    mapping = vendor("github")                        # or read_mapping(text) of an administrator's own
    source = Source(mapping, settings={"pause_labels": ["waiting"]})
    delivery = Delivery(body, received_at, headers, method, uri)

    verdict = source.verify(secrets, delivery)        # not accepted: answer 401 with verdict.reason; keep nothing
    word = source.challenge(delivery)                 # not None: answer 200 with that; keep nothing
    ...                                               # keep the delivery, answer 202
    for item in source.items(delivery):
        if isinstance(item, Item):                    # the others are decided already
            memory = ...                              # what is kept of (source, item.subject); None: nothing
            outcome = source.interpret(item, memory)
            ...                                       # in one transaction: outcome.events out, outcome.remembered kept

`items` and `interpret` never raise and never look at anything but their arguments: interpreting a kept delivery again,
after its mapping was mended, is the same call. Items of one ticket are interpreted one after the other, in their order.
Event ids come from the vendor's own ids, so a delivery that is sent twice, or interpreted twice, tells nothing twice.

The parts, from below: `expressions`, `times`, `deliveries`, `states`; `memory`; `parts`, `schemes`, `mapping`;
`reading`, `verification`, `outcomes`; `interpreting`; `vendors`, `source`.
"""

from domain.ticket.authors import Role
from sources.hooks.deliveries import Delivery
from sources.hooks.echoes import Echo
from sources.hooks.items import Item
from sources.hooks.language.mapping import SourceMapping, mapping_from, read_mapping
from sources.hooks.memory import Remembered
from sources.hooks.outcomes import Interpretation, Outcome, SourceEvent, SourceTicket
from sources.hooks.source import Answer, Source
from sources.hooks.vendors import settings_of, vendor, vendor_text, vendors
from sources.hooks.verification import Verdict

__all__ = [
    "Answer",
    "Delivery",
    "Echo",
    "Interpretation",
    "Item",
    "Outcome",
    "Remembered",
    "Role",
    "Source",
    "SourceEvent",
    "SourceMapping",
    "SourceTicket",
    "Verdict",
    "mapping_from",
    "read_mapping",
    "settings_of",
    "vendor",
    "vendor_text",
    "vendors",
]
