"""Collections over REST: what the routes that make, list, get, change and delete their things have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.http import problems
from api.http.idempotency import SECRET
from api.http.lists.exports import Row
from api.http.lists.tables import Sortable, TableOf
from api.http.versions import Versions

T = TypeVar("T")
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Decorator(Protocol):
    """Makes a route of a handler, and hands the handler back."""

    def __call__(self, endpoint: Endpoint, /) -> Endpoint: ...


_ANY = frozenset({401, 403, 503})
_WITH_BODY = frozenset({400, 413, 415, 422})
_ONE = frozenset({404})
_MATCHED = frozenset({412, 422})
"""Of a change under `If-Match`, whose text may be malformed, too."""


@dataclass(frozen=True, slots=True)
class Collection(Generic[T]):
    """The decorators of a collection's routes. Each says path, status and problems; a handler says the rest.

    | decorator | route | success | problems, beside 401, 403 and 503 |
    |---|---|---|---|
    | `create` | `POST /` | 201 | those of a body: 400, 413, 415, 422 |
    | `page` | `GET /` | 200, also as CSV and NDJSON | 422 |
    | `get` | `GET /{id}` | 200 | 404 |
    | `change` | `PATCH /{id}` | 200 | 404, and those of a body |
    | `delete` | `DELETE /{id}` | 204 | 404 |

    `conflicts`: the route also answers 409; its handler's docstring says when. Where things have `versions`, answers
    bear an `ETag`, `get` may be 304 or 422 for `If-None-Match`, and `change` and `delete` 412 or 422 for `If-Match`.

    `key` is the parameter of the path. `view` shows one thing; `leaves_out_unset`: without what it was not given.
    """

    router: APIRouter
    key: str
    listed: Sortable
    view: type[BaseModel]
    versions: Versions | None = None
    leaves_out_unset: bool = False

    @property
    def table(self) -> TableOf[T]:
        """How the whole is listed."""
        return TableOf(self.listed, self.view)

    def create(
        self, summary: str, view: type[BaseModel] | None = None, *, conflicts: bool = False, secret: bool = False
    ) -> Decorator:
        """`secret`: the answer holds one, so that no idempotent answer is kept of it."""
        return self.router.post(
            "",
            status_code=201,
            openapi_extra=SECRET if secret else None,
            **self._shown(view or self.view),
            responses={**self._tagged(201), **_refusals(_ANY | _WITH_BODY, conflicts)},
            summary=summary,
        )

    def page(self, summary: str, page: type[BaseModel], example: Row) -> Decorator:
        responses = self.table.documented(example, *sorted(_ANY | {422}))
        return self.router.get("", **self._shown(page), responses=responses, summary=summary)

    def get(self, summary: str) -> Decorator:
        refused = _ANY | _ONE
        seen = self._tagged(200)
        if self.versions is not None:
            refused |= {422}
            seen[304] = self.versions.not_modified
        return self.router.get(
            self._one, **self._shown(self.view), responses={**seen, **_refusals(refused)}, summary=summary
        )

    def change(self, summary: str, view: type[BaseModel] | None = None, *, conflicts: bool = False) -> Decorator:
        return self.router.patch(
            self._one,
            **self._shown(view or self.view),
            responses={**self._tagged(200), **_refusals(_ANY | _WITH_BODY | _ONE | self._matched, conflicts)},
            summary=summary,
        )

    def delete(self, summary: str, *, conflicts: bool = False) -> Decorator:
        return self.router.delete(
            self._one, status_code=204, responses=_refusals(_ANY | _ONE | self._matched, conflicts), summary=summary
        )

    def locate(self, response: Response, id_: str) -> None:
        """Say where what was made is to be found."""
        response.headers["Location"] = f"{self.router.prefix}/{id_}"

    def _shown(self, view: type[BaseModel]) -> dict[str, Any]:
        return {"response_model": view, "response_model_exclude_unset": self.leaves_out_unset}

    @property
    def _one(self) -> str:
        return f"/{{{self.key}}}"

    @property
    def _matched(self) -> frozenset[int]:
        return frozenset() if self.versions is None else _MATCHED

    def _tagged(self, status: int) -> dict[int | str, dict[str, Any]]:
        return {} if self.versions is None else {status: self.versions.tagged}


def _refusals(statuses: frozenset[int] | set[int], conflicts: bool = False) -> dict[int | str, dict[str, Any]]:
    return problems.documented(*sorted(statuses | ({409} if conflicts else set())))
