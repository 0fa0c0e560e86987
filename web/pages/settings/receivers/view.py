"""Receivers as they are shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.record.receivers import Choice
from store.rules.receivers import StoredReceiver
from web.showing.words import words


@dataclass(frozen=True, slots=True)
class Row:
    """`takes` says in words which notices it has chosen; `why_off` is what the engine switched it off for."""

    id: str
    name: str
    channel: str
    takes: str
    timezone: str
    is_on: bool
    word: str
    kind: str
    why_off: str
    secrets: int


def row_of(stored: StoredReceiver, names: Mapping[str, str]) -> Row:
    one = stored.receiver
    failing = one.disabled_because is not None
    word, kind = (
        ("on", "good") if one.enabled else ("switched off by the engine", "bad") if failing else ("off", "idle")
    )
    return Row(
        id=one.id,
        name=one.name,
        channel=one.channel,
        takes=takes(one.choice, names),
        timezone=one.timezone or "",
        is_on=one.enabled,
        word=word,
        kind=kind,
        why_off=one.disabled_because or "",
        secrets=len(stored.sealed.secrets),
    )


def takes(choice: Choice, names: Mapping[str, str]) -> str:
    """`breached or escalated, of SLA, of priority urgent`; `names` are those of policies and teams by their ids."""
    parts = [
        " or ".join(map(words, choice.types)) or "every notice",
        *([f"of {' or '.join(one.upper() for one in choice.kinds)}"] if choice.kinds else []),
        *(
            f"of {name} {' or '.join(names.get(one, one) for one in given)}"
            for name, given in (
                ("policy", choice.policies),
                ("team", choice.teams),
                ("priority", choice.priorities),
            )
            if given
        ),
    ]
    return ", ".join(parts)
