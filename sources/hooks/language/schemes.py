"""How a ticket system proves that a delivery is its own: the schemes that a mapping may name."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from sources.hooks.language.parts import Part

SIGNED_PARTS = ("body", "timestamp", "method", "uri", "id")
_PART = re.compile(r"\{([^{}]*)\}")


class Scheme(Part):
    """`name` tells it from the others of a mapping; `by_default` false: only where the source asks for it."""

    name: str = "signature"
    by_default: bool = True


class Timestamp(Part):
    """The header in which the instant of the sending stands. What is older or newer than `window_seconds` is
    refused."""

    header: str
    format: Literal["iso", "epoch_s", "epoch_ms"] = "iso"
    window_seconds: int = Field(default=300, ge=1, le=86_400)


class Hmac(Scheme):
    """A keyed hash over what `signed` spells out of {body}, {timestamp}, {method}, {uri} and {id}.

    The header holds one signature, or several with `separator` between them, of which any may fit. `prefix` stands
    before each. `secret` says whether the key is the text of the secret or, as Standard Webhooks have it, the base64
    behind `whsec_`.
    """

    scheme: Literal["hmac"]
    header: str
    hash: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""
    separator: str = ""
    signed: str = "{body}"
    timestamp: Timestamp | None = None
    id_header: str | None = None
    secret: Literal["text", "base64"] = "text"  # noqa: S105 - how the key is written, not the key

    @field_validator("signed")
    @classmethod
    def _parts(cls, value: str) -> str:
        for part in _PART.findall(value):
            if part not in SIGNED_PARTS:
                listed = ", ".join(f"{{{name}}}" for name in SIGNED_PARTS)
                raise PydanticCustomError("signed", "must be made of {listed}", {"listed": listed})
        if "{body}" not in value:
            raise PydanticCustomError("signed", "must sign the {part}", {"part": "{body}"})
        return value

    @model_validator(mode="after")
    def _has_what_it_signs(self) -> Hmac:
        if "{timestamp}" in self.signed and self.timestamp is None:
            raise PydanticCustomError("signed", "must say in timestamp where the signed timestamp stands")
        if self.timestamp is not None and "{timestamp}" not in self.signed:
            raise PydanticCustomError("signed", "must sign the timestamp: what is not signed proves nothing")
        if ("{id}" in self.signed) != (self.id_header is not None):
            raise PydanticCustomError("signed", "must say in id_header where the signed id stands, and only then")
        return self


class Token(Scheme):
    """The secret itself, in a header or a parameter of the address; `prefix` such as "Bearer " stands before it."""

    scheme: Literal["token"]
    name: str = "token"
    header: str | None = None
    query: str | None = None
    prefix: str = ""

    @model_validator(mode="after")
    def _is_somewhere(self) -> Token:
        if (self.header is None) == (self.query is None):
            raise PydanticCustomError("token", "must stand in a header or in a query parameter: give one of them")
        return self


class Basic(Scheme):
    """HTTP Basic; the secret is `user:password`."""

    scheme: Literal["basic"]
    name: str = "basic"


class Nothing(Scheme):
    """Whoever knows the address may send; a source has to ask for it by name."""

    scheme: Literal["none"]
    name: str = "unsigned"
    by_default: Literal[False] = False


AnyScheme = Annotated[Hmac | Token | Basic | Nothing, Field(discriminator="scheme")]
