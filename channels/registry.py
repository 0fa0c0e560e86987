"""Which channels there are, and their receivers."""

from __future__ import annotations

from collections.abc import Mapping

from channels import apprise, email, log, webhook
from channels.channel import Channel, ChannelKind, Configuration, Destination, Outside
from channels.outgoing.doors import Guarded
from channels.wording import templates
from domain.calendar.local_time.zones import require_zone
from domain.errors import InvalidValue

CHANNELS: Mapping[str, ChannelKind] = {kind.name: kind for kind in (log.KIND, webhook.KIND, email.KIND, apprise.KIND)}


def configured(outside: Outside) -> tuple[Channel, ...]:
    """Every channel that the settings ask for, in the order of the registry, behind its door."""
    return tuple(outside.doors.before(one) for kind in CHANNELS.values() for one in kind.from_settings(outside))


async def check(kind: str, destination: Destination, outside: Outside) -> None:
    """Look at a receiver before it is kept.

    Raises InvalidValue, which names `channel`, `address`, `secrets`, `timezone` or `templates.<part>`.
    """
    row = receiving(kind)
    if missing := lacking(row, outside.configuration):
        raise InvalidValue("channel", kind, f"needs {' and '.join(missing)}, which the operator has not set")
    if destination.timezone is not None:
        require_zone(destination.timezone)
    if len(destination.secrets) > row.most_secrets:
        allowed = f"at most {row.most_secrets}" if row.most_secrets else "none"
        raise InvalidValue("secrets", f"{len(destination.secrets)} secrets", f"must be {allowed} for {kind}")
    templates.check(destination.templates, row.parts)
    assert row.check is not None
    await row.check(destination, outside)


def open_channel(kind: str, destination: Destination, outside: Outside) -> Channel:
    """The channel of a receiver. Raises InvalidValue for a kind that takes none."""
    row = receiving(kind)
    assert row.open is not None
    return row.open(destination, outside)


def open_behind_door(kind: str, destination: Destination, outside: Outside) -> Guarded:
    """The channel of a receiver as a worker sends through it. Raises InvalidValue for a kind that takes none."""
    return outside.doors.before(open_channel(kind, destination, outside), receiving(kind).behind)


def receiving(kind: str) -> ChannelKind:
    """The row of a channel that takes receivers. Raises InvalidValue for any other."""
    row = CHANNELS.get(kind)
    if row is None or row.open is None:
        known = ", ".join(name for name, one in CHANNELS.items() if one.open is not None)
        raise InvalidValue("channel", kind, f"must be one of {known}")
    return row


def lacking(row: ChannelKind, configuration: Configuration) -> tuple[str, ...]:
    """The settings without which the channel sends nothing, as far as they are not set."""
    return tuple(name for name in row.needs if not getattr(configuration, name.removeprefix("SLA_").lower()))
