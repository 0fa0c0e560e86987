"""How to write to a ticket system: the part of a mapping that says which requests an action is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from sources.hooks.language.expressions import Expression, compiled
from sources.hooks.language.parts import Expr, Part, Table

WRITES = ("reassign", "set_priority", "set_status", "add_tag", "comment")
"""What an escalation may order of a ticket system."""
PLACES = re.compile(r"\{([a-z_]+)\}")
_GIVEN = ("value", "given", "marker", "project", "owner", "repository", "page", "offset", "cursor", "since_epoch")


def _template(value: Any) -> Any:
    """Every text of a body is an expression; numbers and truth values stand for themselves."""
    if isinstance(value, Expression | bool | int | float) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(name): _template(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_template(part) for part in value]
    try:
        return compiled(str(value))
    except ValueError as error:
        raise PydanticCustomError("expression", "{reason}", {"reason": str(error)}) from None


Template = Annotated[Any, BeforeValidator(_template)]


class RequestPart(Part):
    """One request. `path` has its values in braces, each a name of `names` or of `needs`.

    `needs` are looked up before it is sent; one that is null refuses the action, for the reason `otherwise`. A request
    whose `when` does not hold is left out. The answer is kept under the name `keep`.
    """

    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    path: str = Field(pattern=r"^/[\x21-\x7e]*$")
    query: dict[str, Expr] = Field(default_factory=dict)
    body: Template = None
    when: Expr | None = None
    needs: dict[str, Expr] = Field(default_factory=dict)
    otherwise: str = ""
    keep: str | None = None


def _requests(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Requests = Annotated[tuple[RequestPart, ...], BeforeValidator(_requests), Field(min_length=1)]


class WritePart(Part):
    """One action. What the policy says becomes the vendor's word by the table `setting`, read backwards, or `table`.

    `others`: what no table knows is kept, or refused. `unless` are requests after which `done` may hold: then it has
    been done before.
    """

    requests: Requests
    setting: str | None = None
    table: Table | None = None
    others: Literal["keep", "refuse"] = "keep"
    unless: Requests | None = None
    done: Expr | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, document: Any) -> Any:
        plain = isinstance(document, list) or (isinstance(document, Mapping) and "path" in document)
        return {"requests": document} if plain else document

    @model_validator(mode="after")
    def _both_or_none(self) -> WritePart:
        if (self.unless is None) != (self.done is None):
            raise PydanticCustomError("write", "must have both unless and done, or neither")
        return self


class CheckPart(Part):
    """A request that says whose credentials these are: `who` must be found in its answer."""

    request: RequestPart
    who: Expr


class ListPart(Part):
    """Lists what has changed since a time, as bodies that webhooks might have brought.

    `items` finds the list in an answer; `id` is what each is known by, so that it is kept once. Those whose time lies
    before `since` are left out where `at` says where that time is: some lists cannot be narrowed. `more` says whether
    there is another page (variables `page`, from 1, `offset`, how many items came before, and `cursor`, which `cursor`
    finds).
    """

    request: RequestPart
    items: Expr
    id: Expr
    body: Template
    headers: dict[str, str] = Field(default_factory=dict)
    more: Expr
    cursor: Expr | None = None
    at: Expr | None = None


class BackfillPart(ListPart):
    """With `by_project` the requests are made once for each project of the source. `within` are lists of each item of
    this one, such as the comments of a ticket, which expressions there see as `parent`."""

    by_project: bool = False
    within: tuple[ListPart, ...] = ()


Authorization = Literal["bearer", "basic", "header"]


class AuthPart(Part):
    """How credentials are sent: `bearer` and `header` take a token, `basic` a user and a password."""

    scheme: Authorization
    header: str = "Authorization"
    prefix: str = ""


class ConnectorPart(Part):
    """The way back to a ticket system. `names` are what paths and bodies are made of."""

    base_url: str | None = None
    auth: tuple[AuthPart, ...] = Field(min_length=1)
    headers: dict[str, str] = Field(default_factory=dict)
    names: dict[str, Expr] = Field(default_factory=dict)
    check: CheckPart
    writes: dict[str, WritePart] = Field(default_factory=dict)
    backfill: tuple[BackfillPart, ...] = ()

    @field_validator("writes")
    @classmethod
    def _are_known(cls, writes: dict[str, WritePart]) -> dict[str, WritePart]:
        for name in writes:
            if name not in WRITES:
                listed = ", ".join(WRITES)
                raise PydanticCustomError("writes", "must be of {listed}, not {name}", {"listed": listed, "name": name})
        return writes

    @model_validator(mode="after")
    def _paths_are_made_of_what_there_is(self) -> ConnectorPart:
        for at, request in self._requests():
            known = {*self.names, *request.needs, *_GIVEN}
            for name in PLACES.findall(request.path):
                if name not in known:
                    raise PydanticCustomError(
                        "path",
                        "{at}.path must be made of {listed}, not {name}",
                        {"at": at, "listed": ", ".join(sorted(known)), "name": name},
                    )
        return self

    def _requests(self) -> Iterator[tuple[str, RequestPart]]:
        yield "check.request", self.check.request
        for name, write in self.writes.items():
            for part, requests in (("requests", write.requests), ("unless", write.unless or ())):
                yield from ((f"writes.{name}.{part}[{index}]", one) for index, one in enumerate(requests))
        for index, one in enumerate(self.backfill):
            yield f"backfill[{index}].request", one.request
            yield from ((f"backfill[{index}].within[{at}].request", part.request) for at, part in enumerate(one.within))

    @property
    def by_project(self) -> bool:
        return any(part.by_project for part in self.backfill)
