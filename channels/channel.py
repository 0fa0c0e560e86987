"""What a channel is, and what it is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Channel(Protocol):
    """One way for notices to leave.

    `name` is the same after every restart, tells the channel from all others, and carries no secret: it stands in
    histories and in the store.
    """

    @property
    def name(self) -> str: ...

    async def send(self, notice: Mapping[str, Any]) -> None:
        """Returns once the receiver has taken the notice, a CloudEvent (docs/notices.md).

        Raises NoticeRefused if the receiver will never take it, NoticeFailed if it may take it later.
        """


class Configuration(Protocol):
    """The settings that channels are made from."""

    @property
    def webhook_urls(self) -> Sequence[str]: ...
