"""The query parameters of an operation: whoever asks with another one, or with one value too many, is told so.

A filter that is misspelled would list everything, and of a doubled one only the last would count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from fastapi.dependencies.models import Dependant
from pydantic import BaseModel
from starlette.datastructures import QueryParams

from domain.errors import InvalidValue

Known = Mapping[str, bool]
"""Every query parameter of an operation, and whether it takes several values."""


def known_queries(dependant: Dependant) -> Known:
    return {name: _takes_several(annotation) for name, annotation in _declared(dependant)}


def refuse_unknown(known: Known, given: QueryParams) -> None:
    """Raises InvalidValue for a parameter that the operation does not have, naming those that it has, and for one of a
    single value that is given more than once."""
    for name in given:
        values = given.getlist(name)
        if name not in known:
            raise InvalidValue(name, values[0], _unknown(known))
        if len(values) > 1 and not known[name]:
            raise InvalidValue(name, values, "takes one value and must not be given more than once")


def _unknown(known: Known) -> str:
    valid = f"its query parameters are {', '.join(sorted(known))}" if known else "it has no query parameters"
    return f"is not known to this operation ({valid})"


def _declared(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    for one in dependant.query_params:
        annotation = one.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from ((field.alias or name, field.annotation) for name, field in annotation.model_fields.items())
        else:
            yield one.alias, annotation
    for inner in dependant.dependencies:
        yield from _declared(inner)


def _takes_several(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(_takes_several(one) for one in get_args(annotation))
