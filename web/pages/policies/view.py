"""Policies as they are shown: in their order, as sentences, and how their versions differ. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import InvalidValue
from domain.ids import Kind
from domain.instants import Instant
from domain.policy.policies import Policy
from domain.ticket.origins import Origin
from store.rules.policies import StoredPolicy
from store.rules.policy_history import PolicyVersion
from web.pages.policies.sentences import Names, Sentences, sentences
from web.showing.differences import Difference, differences

TITLES = {Kind.SLA: "Promises to customers", Kind.OLA: "Internal commitments"}
OF_V1 = "Made through the API v1"


@dataclass(frozen=True, slots=True)
class Row:
    """`place` counts from 1 within its list; 0 where the policy stands in no order."""

    id: str
    name: str
    description: str
    version: int
    enabled: bool
    archived_at: Instant | None
    says: Sentences
    place: int = 0
    of: int = 0
    moved: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """`kind` is empty where the policies stand in no order."""

    title: str
    kind: str
    rows: Sequence[Row]


def row_of(stored: StoredPolicy, names: Names, place: int = 0, of: int = 0, moved: str = "") -> Row:
    policy = stored.policy
    return Row(
        policy.id,
        policy.name,
        policy.description,
        policy.version,
        policy.enabled,
        stored.archived_at,
        sentences(policy, names),
        place,
        of,
        moved,
    )


def listed(policies: Sequence[StoredPolicy], names: Names, moved: str = "", direction: str = "") -> Sequence[Listed]:
    """`moved` is the id of the policy that was moved last, in that direction: its button keeps the focus."""
    live = [one for one in policies if one.archived_at is None]
    found = []
    for kind, title in TITLES.items():
        these = [one for one in live if one.policy.kind is kind and one.policy.origin is Origin.V2]
        count = len(these)
        shown = [
            row_of(one, names, place, count, direction if one.policy.id == moved else "")
            for place, one in enumerate(these, 1)
        ]
        found.append(Listed(title, kind.value, shown))
    found.append(Listed(OF_V1, "", [row_of(one, names) for one in live if one.policy.origin is Origin.V1]))
    found.append(Listed("Archived", "", [row_of(one, names) for one in policies if one.archived_at is not None]))
    return [one for one in found if one.rows]


def announced(lists: Sequence[Listed], moved: str) -> str:
    """For whoever reads along: where a policy stands that was moved."""
    rows = (row for one in lists for row in one.rows)
    return next((f"{row.name} is now {row.place} of {row.of}" for row in rows if row.id == moved), "")


def kind_in(text: str) -> Kind:
    """Raises InvalidValue for a text that names no kind of policy."""
    if text not in tuple(Kind):
        raise InvalidValue("kind", text, f"must be one of {', '.join(Kind)}")
    return Kind(text)


def reordered(ids: Sequence[str], move: str) -> list[str]:
    """The order after `up <id>` or `down <id>`; at an end it stays. Raises InvalidValue for any other move."""
    direction, _, moved = move.partition(" ")
    if direction not in ("up", "down") or moved not in ids:
        raise InvalidValue("move", move, "must be up or down, and a policy of the list")
    place = ids.index(moved)
    to = max(0, place - 1) if direction == "up" else min(len(ids) - 1, place + 1)
    left = [one for one in ids if one != moved]
    return [*left[:to], moved, *left[to:]]


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    change: str
    at: Instant
    by: str
    differences: Sequence[Difference]


def versions(found: Sequence[PolicyVersion]) -> Sequence[Version]:
    """Newest first, each with what differs from the one before it."""
    shown = []
    for index, one in enumerate(found):
        before = {} if index == 0 else _document(found[index - 1].policy)
        changes = [] if index == 0 else differences(before, _document(one.policy))
        shown.append(Version(one.policy.version, one.change, one.changed_at, one.key_name or one.changed_by, changes))
    return shown[::-1]


def _document(policy: Policy) -> dict[str, object]:
    return {name: value for name, value in policy.to_json().items() if name not in ("id", "kind", "version", "origin")}
