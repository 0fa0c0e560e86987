"""Templates of organizations: kept after the channels have looked at them, and seen with a notice before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from domain.errors import InvalidValue, NotFound
from domain.instants import Instant
from service.tools.last_known import LastKnown
from store.deliveries.log import Deliveries
from store.rules.templates import StoredTemplates
from store.rules.templates import Templates as KeptTemplates


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as it would be sent. `html` is None where the channel has no such part; `problem` is why the
    organization's templates gave way to the built-in ones."""

    subject: str
    text: str
    html: str | None
    problem: str | None


class Wording(Protocol):
    """The words of the channels, as far as templates need them."""

    def parts(self, channel: str) -> Mapping[str, str]:
        """The built-in templates of a channel, by part; none where it sends the notice itself.

        Raises NotFound for a channel that takes no receivers.
        """

    def check(self, channel: str, templates: Mapping[str, Any]) -> None:
        """Raises InvalidValue, which names `templates.<part>` and the line."""

    def seen(
        self, channel: str, templates: Mapping[str, str], notice: Mapping[str, Any] | str, zone: str | None
    ) -> Seen:
        """The message of a recorded notice, or of the sample of a type. Raises InvalidValue as `check` does."""


class NoWording:
    """In a process without channels there are no words."""

    def parts(self, channel: str) -> Mapping[str, str]:
        raise NotFound(f"there is no channel {channel!r} in this process", field="channel", value=channel)

    def check(self, channel: str, templates: Mapping[str, Any]) -> None:  # noqa: ARG002 - the port's
        self.parts(channel)

    def seen(
        self,
        channel: str,
        templates: Mapping[str, str],  # noqa: ARG002 - as above
        notice: Mapping[str, Any] | str,  # noqa: ARG002
        zone: str | None,  # noqa: ARG002
    ) -> Seen:
        self.parts(channel)
        raise AssertionError("there are no parts")


class KnownTemplates(LastKnown[Mapping[str, StoredTemplates]]):
    """The templates of each organization by channel, as a worker knows them."""

    what = "templates"


@dataclass(frozen=True, slots=True)
class OwnTemplates:
    """What an organization has for a channel (none: all is built in), and what is built in; by part."""

    channel: str
    own: Mapping[str, str]
    builtin: Mapping[str, str]
    updated_at: Instant | None


@dataclass(frozen=True, slots=True)
class Templates:
    """Methods raise NotFound for a channel that there is not."""

    kept: KeptTemplates
    deliveries: Deliveries
    wording: Wording

    async def get(self, organization: str, channel: str) -> OwnTemplates:
        builtin = self.wording.parts(channel)
        return _shown(channel, (await self.kept.of(organization)).get(channel), builtin)

    async def put(self, organization: str, channel: str, given: Mapping[str, Any]) -> OwnTemplates:
        """Keep the templates of a channel in place of those before. Raises InvalidValue as `Wording.check` does."""
        builtin = self._worded(channel)
        if not given:
            raise InvalidValue("templates", {}, f"must have at least one of {', '.join(builtin)}")
        self.wording.check(channel, given)
        return _shown(channel, await self.kept.put(organization, channel, given), builtin)

    async def delete(self, organization: str, channel: str) -> None:
        """All is built in again. Raises NotFound where it was so already."""
        self.wording.parts(channel)
        if not await self.kept.delete(organization, channel):
            raise NotFound(f"there are no templates of your own for {channel}", field="channel", value=channel)

    async def preview(
        self,
        organization: str,
        channel: str,
        *,
        given: Mapping[str, Any] | None = None,
        type_: str = "breached",
        notice_id: str | None = None,
        zone: str | None = None,
    ) -> Seen:
        """What comes of templates (None: of those that are kept) with the sample of a type, or a recorded notice."""
        self._worded(channel)
        if given is None:
            stored = (await self.kept.of(organization)).get(channel)
            given = {} if stored is None else stored.parts
        notice: Mapping[str, Any] | str = type_
        if notice_id is not None:
            found = await self.deliveries.notice(organization, notice_id)
            if found is None:
                raise InvalidValue("notice_id", notice_id, "must be the id of a notice in the log of deliveries")
            notice = found
        return self.wording.seen(channel, given, notice, zone)

    def _worded(self, channel: str) -> Mapping[str, str]:
        """Raises InvalidValue for a channel without words."""
        builtin = self.wording.parts(channel)
        if not builtin:
            raise InvalidValue("channel", channel, "sends the notice itself, and has no words")
        return builtin


def _shown(channel: str, stored: StoredTemplates | None, builtin: Mapping[str, str]) -> OwnTemplates:
    if stored is None:
        return OwnTemplates(channel, {}, builtin, None)
    return OwnTemplates(channel, stored.parts, builtin, stored.updated_at)
