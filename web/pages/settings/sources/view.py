"""Sources and what they have sent, as they are shown. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidValue
from domain.instants import Instant
from service.hooks.connecting import way_back
from store.sources.bodies import BodyState, StoredBody
from store.sources.sources import StoredSource
from web.showing.words import words

KINDS = {
    BodyState.STORED: "idle",
    BodyState.APPLIED: "good",
    BodyState.IGNORED: "idle",
    BodyState.SET_ASIDE: "bad",
}
MOST_OUTCOMES = 5


@dataclass(frozen=True, slots=True)
class SourceRow:
    id: str
    name: str
    kind: str
    url: str
    is_on: bool
    received: int
    refused: int
    refused_at: Instant | None
    refusal: str
    counts: Sequence[tuple[str, int, str, str]]
    """State, number, kind of its word, and the address that lists these."""
    waits_aside: int
    has_connector: bool
    can_be_asked: bool
    """For what its webhooks lost."""
    secrets: int


@dataclass(frozen=True, slots=True)
class BodyRow:
    number: int
    at: Instant
    state: str
    kind: str
    became: Sequence[str]
    reason: str
    attempts: int
    retry_at: Instant | None


def source_row(stored: StoredSource, counts: Mapping[str, int], url: str) -> SourceRow:
    document, way = stored.document, way_back(stored.document)
    place = f"/settings/sources/{stored.id}"
    return SourceRow(
        id=stored.id,
        name=document.name,
        kind=document.kind,
        url=url,
        is_on=document.enabled,
        received=stored.arrivals,
        refused=stored.refusals,
        refused_at=stored.refused_at,
        refusal=stored.refusal or "",
        counts=[
            (words(state.value), counts.get(state.value, 0), kind, f"{place}?state={state.value}#bodies")
            for state, kind in KINDS.items()
        ],
        waits_aside=counts.get(BodyState.SET_ASIDE.value, 0),
        has_connector=document.connector is not None,
        can_be_asked=way is not None and way.is_set_up and way.lists,
        secrets=len(document.secrets),
    )


def body_row(one: StoredBody) -> BodyRow:
    return BodyRow(
        number=one.arrival,
        at=one.delivery.received_at,
        state=words(one.state.value),
        kind=KINDS[one.state],
        became=list(became(one.outcomes)),
        reason=one.reason,
        attempts=one.attempts,
        retry_at=one.retry_at,
    )


def became(outcomes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What each item became: `ticket 7: opened, priority changed`, `ignored: ...`."""
    for one in outcomes[:MOST_OUTCOMES]:
        yield _became(one)
    if len(outcomes) > MOST_OUTCOMES:
        yield f"and {len(outcomes) - MOST_OUTCOMES} more"


def _became(outcome: Mapping[str, Any]) -> str:
    ticket = outcome.get("ticket") or {}
    named = next((f"{words(name[:-3])} {ticket[name]}: " for name in SUBJECTS if ticket.get(name)), "")
    events = ", ".join(words(str(event.get("type"))) for event in outcome.get("events") or ())
    said = events or words(str(outcome.get("outcome", "")))
    reason = outcome.get("reason")
    return f"{named}{said}" + (f" ({reason})" if reason else "")


SUBJECTS = ("ticket_id", "conversation_id", "incident_id")


def headers_in(text: str) -> dict[str, str]:
    """Lines such as `X-GitHub-Event: issues`. Raises InvalidValue."""
    found = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise InvalidValue("headers", line[:80], "must be lines such as X-GitHub-Event: issues")
        found[name.strip()] = value.strip()
    return found


def pretty(content: str) -> str:
    """JSON with its lines indented; whatever else it is as it is."""
    try:
        return json.dumps(json.loads(content), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return content


def documents(outcomes: Iterable[Mapping[str, Any]]) -> Sequence[str]:
    return [json.dumps(dict(one), indent=2, ensure_ascii=False) for one in outcomes]
