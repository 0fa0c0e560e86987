"""One source of an organization: a mapping with its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import InvalidValue
from sources.hooks import interpreting, verification
from sources.hooks import items as reading_items
from sources.hooks.deliveries import Delivery, NotReadable, decoded
from sources.hooks.echoes import Echo
from sources.hooks.items import Item
from sources.hooks.language.expressions import Unmappable, as_text
from sources.hooks.language.mapping import SourceMapping
from sources.hooks.language.schemes import AnyScheme
from sources.hooks.memory import Remembered
from sources.hooks.outcomes import Interpretation
from sources.hooks.reading import cleaned
from sources.hooks.vendors import settings_of
from sources.hooks.verification import Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """What a challenge is answered with: a JSON object, or a text."""

    body: Mapping[str, str] | str


@dataclass(frozen=True)
class Source:
    """`settings` are those that differ from the mapping's defaults; `verify_by` names the schemes that are accepted.

    Left out, it is those that the mapping accepts by default. `adopt` says whether a ticket that was never heard of
    is opened by whatever is told of it, at the time it was created, or by its creation only. `prefix` stands before
    the ids of its tickets, so that two systems of one kind do not speak of the same ones.

    Raises InvalidValue for settings or schemes that the mapping does not know.
    """

    mapping: SourceMapping
    settings: Mapping[str, Any] = field(default_factory=dict)
    verify_by: tuple[str, ...] = ()
    adopt: bool = True
    prefix: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", settings_of(self.mapping, self.settings))
        known = [scheme.name for scheme in self.mapping.verify]
        for index, name in enumerate(self.verify_by):
            if name not in known:
                raise InvalidValue(f"verify_by[{index}]", name, f"must be one of {', '.join(known)}")

    def verify(self, secrets: Sequence[str], delivery: Delivery) -> Verdict:
        """Whether the delivery comes from whoever has one of the secrets. Never raises."""
        return verification.verify(self.schemes, secrets, delivery)

    @property
    def schemes(self) -> Sequence[AnyScheme]:
        """Those of which one must fit. Without any of them nothing is accepted."""
        named = self.verify_by
        return [one for one in self.mapping.verify if one.name in named or (not named and one.by_default)]

    def challenge(self, delivery: Delivery) -> Answer | None:
        """The answer to a request that only asks whether somebody is there; None for any other. Never raises."""
        asked = self.mapping.challenge
        if asked is None:
            return None
        try:
            document = {"body": decoded(delivery), "headers": delivery.headers, "query": delivery.query}
            word = as_text(asked.from_.of(document, "challenge.from"))
        except (NotReadable, Unmappable):
            return None
        if not word:
            return None
        return Answer(cleaned(word) if asked.key is None else {asked.key: cleaned(word)})

    def items(self, delivery: Delivery) -> list[Item | Interpretation]:
        """See `items.items`."""
        return reading_items.items(self.mapping, self.settings, delivery, self.prefix)

    def interpret(self, item: Item, remembered: Remembered | None, echoes: Sequence[Echo] = ()) -> Interpretation:
        """See `interpreting.interpret`."""
        return interpreting.interpret(self.mapping, item, remembered, adopt=self.adopt, echoes=echoes)

    def preview(self, delivery: Delivery, remembered: Mapping[str, Remembered] | None = None) -> list[Interpretation]:
        """What a delivery would come to, with what is remembered of its tickets by their ids."""
        known = dict(remembered or {})
        outcomes: list[Interpretation] = []
        for item in self.items(delivery):
            if isinstance(item, Interpretation):
                outcomes.append(item)
                continue
            outcome = self.interpret(item, known.get(item.subject))
            if outcome.remembered is not None:
                known[item.subject] = outcome.remembered
            outcomes.append(outcome)
        return outcomes
