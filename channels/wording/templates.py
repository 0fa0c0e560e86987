"""Messages made of templates: the built-in ones that come with the engine, and those of an organization."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError

from channels.wording import language
from channels.wording.sample import SAMPLES, told_at
from channels.wording.times import Reader
from channels.wording.words import words
from domain.errors import InvalidValue
from domain.fields import require_text

logger = logging.getLogger("slakeeper.notices")

SUBJECT, TEXT, HTML = PARTS = ("subject", "text", "html")
LONGEST_SOURCE = 20_000
LONGEST_SUBJECT = 200
LONGEST_MESSAGE = 100_000
LONGEST_SHOWN = 200
NAMES = frozenset(words(SAMPLES["breached"], Reader("UTC", told_at(SAMPLES["breached"]))))
"""What templates may name; docs/receivers.md says what each of them is."""
_KEPT = 512


@dataclass(frozen=True, slots=True)
class Message:
    """A notice in words. `html` is None where the channel has no such part.

    `problem` is why it is not as the organization's templates would have it, None where it is.
    """

    subject: str
    text: str
    html: str | None = None
    problem: str | None = None


class _Failed(Exception):
    """A template cannot be rendered: why, and in which line (None: in none alone)."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.line = line


def check(templates: Mapping[str, str], parts: tuple[str, ...]) -> None:
    """Look at an organization's templates before they are kept: each makes a text of every type of notice.

    Raises InvalidValue with the field `templates.<part>`, the line, and what is wrong there.
    """
    for part, source in templates.items():
        field = f"templates.{part}"
        if part not in parts:
            raise InvalidValue("templates", part, f"must be for {', '.join(parts)}" if parts else "must be left out")
        require_text(source, field, LONGEST_SOURCE)
        _check_source(field, part, source)


def _check_source(field: str, part: str, source: str) -> None:
    try:
        _compiled(source, part)
    except _Failed as error:
        raise InvalidValue(field, _culprit(source, error), str(error)) from None
    for type_, notice in SAMPLES.items():
        for sample, of in ((notice, ""), (_bare(notice), " of a paused ticket without title, link and team")):
            try:
                _rendered(part, source, words(sample, Reader("UTC", told_at(sample))))
            except _Failed as error:
                raise InvalidValue(
                    field, _culprit(source, error), f"{error} (in a notice of type {type_}{of})"
                ) from None


def _culprit(source: str, error: _Failed) -> str:
    """The line that fails, as an error shows it."""
    lines = source.splitlines()
    shown = lines[error.line - 1] if error.line is not None and error.line <= len(lines) else source
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."


def compose(channel: str, notice: Mapping[str, Any], templates: Mapping[str, str], reader: Reader) -> Message:
    """The message of a channel. A template that fails now is passed over, and the message says so."""
    known = words(notice, reader)
    try:
        return _message(channel, templates, known)
    except _Failed as error:
        logger.warning("notice %s is told in the built-in words on %s: %s", notice["id"], channel, error)
        return _message(channel, {}, {**known, "problem": str(error)})


def preview(channel: str, templates: Mapping[str, str], zone: str | None = None, type_: str = "breached") -> Message:
    """What templates make of the sample notice of a type, in the zone of whoever would read it.

    Raises InvalidValue as `check` does.
    """
    check(templates, builtin_parts(channel))
    sample = SAMPLES[type_]
    return compose(channel, sample, templates, Reader(zone or sample["data"]["timezone"], told_at(sample)))


def builtin_parts(channel: str) -> tuple[str, ...]:
    """The parts of a channel's message, in the order of `PARTS`."""
    return tuple(part for part in PARTS if _file(channel, part).is_file())


@lru_cache(maxsize=_KEPT)
def builtin(channel: str, part: str) -> str:
    """The source of a built-in template: where to start from for one's own."""
    return _file(channel, part).read_text(encoding="utf-8")


def _file(channel: str, part: str) -> Traversable:
    return resources.files(__package__) / "builtin" / channel / f"{part}.j2"


def _message(channel: str, templates: Mapping[str, str], known: Mapping[str, Any]) -> Message:
    """Raises _Failed, which names the part."""
    made: dict[str, str] = {}
    for part in builtin_parts(channel):
        try:
            made[part] = _rendered(part, templates.get(part) or builtin(channel, part), known)
        except _Failed as error:
            raise _Failed(f"{part}, {error}") from error
    return Message(made[SUBJECT], made[TEXT], made.get(HTML), known["problem"])


def _rendered(part: str, source: str, known: Mapping[str, Any]) -> str:
    """Raises _Failed."""
    template = _compiled(source, part)
    pieces, length = [], 0
    try:
        for piece in template.generate(known):
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST_MESSAGE:
                raise _Failed(f"makes more than {LONGEST_MESSAGE} characters")
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise _Failed(str(error), _line(error)) from error
    text = "".join(pieces)
    return " ".join(text.split())[:LONGEST_SUBJECT] if part == SUBJECT else text.strip("\n") + "\n"


def _compiled(source: str, part: str) -> Template:
    """Raises _Failed."""
    try:
        return _template(source, part == HTML)
    except TemplateSyntaxError as error:
        raise _Failed(error.message or "cannot be read", error.lineno) from error
    except (RecursionError, SyntaxError, MemoryError) as error:
        raise _Failed("is nested too deep") from error


@lru_cache(maxsize=_KEPT)
def _template(source: str, html: bool) -> Template:
    """Raises TemplateSyntaxError."""
    made = language.environment(html=html)
    return made.from_string(language.parse(made, source, NAMES))


def _line(error: BaseException) -> int:
    """The line of the template that failed, as Jinja has put it into the traceback."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return (lines[-1] if lines else None) or 1


def _bare(notice: Mapping[str, Any]) -> dict[str, Any]:
    """The same notice of a ticket of which little is known: paused, without title, link and team."""
    data = notice["data"]
    ticket = {**data["ticket"], "title": None, "url": None, "priority": None}
    return {**notice, "data": {**data, "ticket": ticket, "team": None, "due_at": None, "because": None}}
