"""Bodies of ticket systems with what they should come to, and a ticket that was known before they came."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.instants import DAY, Instant, parse
from sources.hooks import Delivery, Interpretation, Item, Remembered, Source, vendor
from sources.hooks.language.states import Standing, State
from sources.hooks.memory import Seen

SECRET = "slakeeper-test-secret"
NOW = parse("2026-11-01T00:00:00Z")
COPIED = Path(__file__).parents[1]
SHARED = Path(__file__).parents[4] / "shared" / "webhooks"
_STATED = frozenset({"reopened", "resolved", "paused", "resumed", "acknowledged", "cancelled"})
_BEFORE = {"reopened": State.SOLVED, "resumed": State.PENDING}


@dataclass(frozen=True, slots=True)
class Row:
    """One body of an index; `expect` are the events that its index asks for."""

    vendor: str
    path: Path
    headers: Mapping[str, str]
    uri: str
    expect: tuple[Mapping[str, Any], ...]

    @property
    def name(self) -> str:
        return f"{self.vendor}/{self.path.name}"

    @property
    def kinds(self) -> list[str]:
        return [one["type"] for one in self.expect]

    def source(self, **changes: Any) -> Source:
        by_trigger = self.path.name == "trigger-webhook-custom.json"
        return Source(vendor("zendesk_trigger" if by_trigger else self.vendor), **changes)

    def delivery(self, received_at: Instant = NOW, headers: Mapping[str, str] | None = None) -> Delivery:
        return Delivery(
            self.path.read_bytes(), received_at, self.headers if headers is None else headers, "POST", self.uri
        )

    def signed(self) -> Iterator[Delivery]:
        """The body with each of its signatures, at the time that they say. Front signs in two ways."""
        ways = [self.headers]
        if self.vendor == "front":
            named = [(*name[1:].split(") "), value) for name, value in self.headers.items()]
            ways = [
                {name: value for way, name, value in named if way == kind}
                for kind in ("rule webhook", "application webhook")
            ]
        for headers in ways:
            if any("ignature" in name or "Token" in name for name in headers):
                yield self.delivery(_sent_at(headers), headers)


def rows(folder: Path) -> list[Row]:
    """The rows of the indexes in a folder and below; none where there is none."""
    return [_row(path.parent, json.loads(line)) for path in sorted(folder.rglob("index.jsonl")) for line in path.open()]


def _row(folder: Path, document: Mapping[str, Any]) -> Row:
    headers = dict(document.get("headers", {}))
    uri = headers.pop("(signed uri)", "")
    return Row(document["vendor"], folder / document["file"], headers, uri, tuple(document["expect"]))


def _sent_at(headers: Mapping[str, str]) -> Instant:
    stamp = next((value for name, value in headers.items() if "imestamp" in name), None)
    if stamp is None:
        return NOW
    return parse(stamp) if "-" in stamp else Instant(int(stamp) * (1000 if len(stamp) > 11 else 1_000_000))


def known(row: Row) -> dict[str, Remembered]:
    """What was known of the row's tickets a day before: all that the body says, but for what it says has changed."""
    opened = {str(one["ticket"]) for one in row.expect if "ticket" in one}
    if "opened" in row.kinds and not opened:
        return {}
    source = row.source()
    items = [item for item in source.items(row.delivery()) if isinstance(item, Item)]
    return {
        item.subject: _memory(row, item, source.interpret(item, None)) for item in items if item.subject not in opened
    }


def _memory(row: Row, item: Item, first: Interpretation) -> Remembered:
    own = first.remembered.seen[0] if first.remembered else None
    values: Mapping[str, Any] = {} if own is None else own.values
    if "updated" in row.kinds:
        values = {name: value for name, value in values.items() if name == "team_id"}
    if "assigned" in row.kinds:
        values = {}
    state = _BEFORE.get(row.kinds[0] if row.kinds else "", State.OPEN)
    standing = Standing(state, "something" if state is State.PENDING else "")
    if own is not None and own.standing is not None and not _STATED & set(row.kinds):
        standing = own.standing
    at = Instant(max(item.moment.at - DAY, 0))
    taken = Instant(0) if standing.state is State.IN_PROGRESS else None
    return Remembered((Seen("before", at, 0, standing, values),), acknowledged_at=taken)
