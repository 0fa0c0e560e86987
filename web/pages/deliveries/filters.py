"""What the log can be narrowed to, in the words of REST. It lives in the address."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.instants import render
from service.deliveries.asking import filters_of
from store.deliveries.log import DeliveryFilters
from web.pages.moments import typed_instant

PATH = "/deliveries"
Text = Annotated[str, Field(max_length=300)]
Texts = Annotated[list[Text], Field(max_length=50)]
PLACES = ("since", "until", "cursor")


class LogFilters(BaseModel):
    """Empty texts filter nothing; several values of one filter are a union. What is not known is refused, so that no
    typing error shows more than what was meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Texts = []
    channel: Texts = []
    receiver: Texts = []
    type: Texts = []
    ticket_id: Texts = []
    conversation_id: Texts = []
    incident_id: Texts = []
    instance_id: Texts = []
    policy_id: Texts = []
    since: Text = ""
    until: Text = ""
    cursor: Annotated[str, Field(max_length=2000)] = ""

    @field_validator(
        *("state", "channel", "receiver", "type", "ticket_id", "conversation_id", "incident_id"),
        *("instance_id", "policy_id"),
        mode="before",
    )
    @classmethod
    def _without_blanks(cls, given: Any) -> Any:
        return [one.strip() for one in given if one.strip()] if isinstance(given, list) else given

    @property
    def is_narrowed(self) -> bool:
        return any(value for name, value in self.model_dump().items() if name != "cursor")

    def address(self, path: str = PATH, **changes: Any) -> str:
        """Of the page with other filters; an empty value leaves one out."""
        given = {name: value for name, value in {**self.model_dump(), **changes}.items() if value}
        return f"{path}?{urlencode(given, doseq=True)}" if given else path

    def narrowed(self, zone: str) -> DeliveryFilters:
        """Times without an offset are of that zone. Raises InvalidValue for what makes no sense."""
        times = {name: typed_instant(getattr(self, name), name, zone) for name in ("since", "until")}
        said = {name: None if at is None else render(at) for name, at in times.items()}
        return filters_of(self.model_copy(update=said))


LogQuery = Annotated[LogFilters, Query()]
