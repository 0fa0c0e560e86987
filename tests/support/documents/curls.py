"""Reading the curl lines of a document and the answers printed behind them, also where text is glued to their ends."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

RESPONSE = "Response:"


@dataclass(frozen=True)
class Curl:
    """`target` is the path with its query; `answer` is the JSON printed behind the line, if there is any."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    answer: Any = None

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


def curls(text: str) -> Iterator[Curl]:
    """Every command of the document, in its order."""
    start = text.find("curl ")
    while start >= 0:
        end = _end(text, start)
        yield _read(text[start:end], _answer(text[end:].lstrip("\n")))
        start = text.find("curl ", end)


def _end(text: str, start: int) -> int:
    """Where the command ends: at a line that does not go on, or at a letter glued to a closing quote."""
    quote, at = "", start
    while at < len(text):
        character = text[at]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            if text[at - 1] in "\"'":
                return at
            quote = character
        elif character == "\n" or (text[at - 1] in "\"'" and not character.isspace()):
            return at
        elif character == "\\":
            at += 1
        at += 1
    return at


def _answer(text: str) -> Any:
    return json.JSONDecoder().raw_decode(text.removeprefix(RESPONSE).lstrip())[0] if text.startswith(RESPONSE) else None


def _read(command: str, answer: Any) -> Curl:
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    method, url, headers, body = "GET", "", {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        else:
            url = word
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return Curl(method, target, headers, body, answer)
