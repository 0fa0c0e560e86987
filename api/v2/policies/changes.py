"""Changing a policy through the API: whose request it is, and which version it means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends

from api.http.auth import Writer
from api.http.dependencies import Deps
from api.v2.policies.kinds import KindOfRoute
from api.v2.policies.tags import IfMatch, require_match
from domain.errors import InvalidValue
from service.policies.editing import Editor


async def editor(owner: Writer, deps: Deps, kind: KindOfRoute, wanted: IfMatch) -> Editor:
    return Editor(deps, owner, kind, lambda stored: require_match(wanted, stored))


Edit = Annotated[Editor, Depends(editor)]


@contextmanager
def fields_of(name: str) -> Iterator[None]:
    """Names the fields at fault as they are called in a body that holds only this part of a policy."""
    try:
        yield
    except InvalidValue as error:
        raise error.named((error.field or "body").removeprefix(f"{name}.")) from None
