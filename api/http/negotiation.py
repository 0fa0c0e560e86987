"""The media type in which a client wants its answer (RFC 9110)."""

from __future__ import annotations

from starlette.requests import Request

JSON = "application/json"
NDJSON = "application/x-ndjson"
VARY = {"Vary": "Accept"}


def prefers(request: Request, media_type: str) -> bool:
    """Whether `Accept` gives the media type a higher quality than JSON. JSON wins where both have the same quality."""
    return quality_of(request, media_type) > quality_of(request, JSON)


def quality_of(request: Request, media_type: str) -> float:
    """How much `Accept` wants the media type, from 0 to 1."""
    return _quality(",".join(request.headers.getlist("accept")), media_type)


def _quality(accept: str, media_type: str) -> float:
    """The quality of the most specific range that covers a media type (RFC 9110); 0 where no range covers it."""
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    said = {name: quality for name, quality in map(_range, accept.split(",")) if name in ranges}
    return next((said[name] for name in ranges if name in said), 0.0)


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        quality = float(weight)
    except ValueError:
        return name, 0.0
    return name, quality if 0 <= quality <= 1 else 0.0
