"""The language in which a ticket system is described; docs/sources.md is its reference.

A mapping is one YAML document (JSON is YAML, too): people write it, comment it and read its diffs, and `examples/` has
policies in it already. What it says is checked when it is read, once and whole: every fault by its path, with the value
and what would be valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from domain.errors import InvalidValue, InvalidValues
from domain.ids import SubjectType
from domain.ticket.events import EXCUSES, EventKind
from sources.hooks.language.connectors import ConnectorPart
from sources.hooks.language.parts import AValue, Expr, Part, Times, Value
from sources.hooks.language.schemes import AnyScheme
from sources.hooks.language.states import State
from sources.hooks.language.texts import read_text

REPLY, STATE, CHANGES = "reply", "state", "changes"
KINDS = tuple(kind.value for kind in EventKind if kind not in (EventKind.REPLANNED, EventKind.RESET, *EXCUSES))
TELLS = (*KINDS, REPLY, STATE, CHANGES)
_NAME = r"^[a-z][a-z0-9_]{0,39}$"
_OF_ONE_KIND: Mapping[str, tuple[str, ...]] = {
    "cause": ("paused", "resumed"),
    "until": ("paused",),
    "team_id": ("assigned",),
    "public": (REPLY,),
    "automatic": (REPLY,),
    "text": (REPLY,),
    "assume": (STATE,),
}


class Setting(Part):
    """What a source may set: its type, what it is without being set, and what it is for."""

    type: Literal["text", "list", "table", "flag"]
    default: Any = None
    about: str

    @model_validator(mode="after")
    def _default_fits(self) -> Setting:
        if self.default is not None and not fits(self.default, self.type):
            raise PydanticCustomError("default", "must have a default that is a {type}", {"type": self.type})
        return self

    @property
    def unset(self) -> Any:
        empty: Mapping[str, Any] = {"list": [], "table": {}, "flag": False, "text": ""}
        return empty[self.type] if self.default is None else self.default


def fits(value: Any, type_: str) -> bool:
    def scalar(one: Any) -> bool:
        return isinstance(one, str | int)

    if type_ == "list":
        return isinstance(value, list) and all(scalar(one) for one in value)
    if type_ == "table":
        return isinstance(value, Mapping) and all(scalar(one) for pair in value.items() for one in pair)
    return isinstance(value, bool) if type_ == "flag" else isinstance(value, str)


class Challenge(Part):
    """A request that only asks whether somebody is there: `from` finds the word that is to be sent back.

    `key`: the answer is a JSON object that holds the word under it; without it the word alone is the answer.
    """

    from_: Expr = Field(alias="from")
    key: str | None = None


class TicketPart(Part):
    """What the body says of its ticket. `partial`: only what is there counts; what is left out stays as it was."""

    kind: SubjectType = SubjectType.TICKET
    id: Expr
    opened_at: Times | None = None
    priority: AValue | None = None
    team_id: AValue | None = None
    fields: dict[str, Expr] = Field(default_factory=dict)
    partial: bool = False

    @field_validator("fields")
    @classmethod
    def _are_fields(cls, fields: dict[str, Any]) -> dict[str, Any]:
        for name in fields:
            if name in {"priority", "team_id", "kind", "ticket_id", "incident_id", "conversation_id"}:
                raise PydanticCustomError("fields", "must not hold {name}: it has a place of its own", {"name": name})
        return fields


class Actor(Part):
    """Who did it: a name or an address, and the role (customer, agent, bot, system; nothing: nobody knows)."""

    name: AValue | None = None
    role: AValue | None = None


class StatePart(Value):
    """Where the ticket's status lies, and which state it comes to.

    `previous` lies the one before, where the vendor says so; it is read by the same tables. `cause` names what a
    pending ticket waits for (left out: the status as it is written), `until` when that ends. A status that no table
    knows is refused unless `others` says otherwise: passed over, it would be lost.
    """

    others: str = "refuse"
    previous: Expr | None = None
    cause: AValue | None = None
    previous_cause: AValue | None = None
    until: Times | None = None

    @model_validator(mode="after")
    def _states(self) -> StatePart:
        for meaning in [*(self.table or {}).values(), self.default]:
            if meaning is not None and meaning not in [*State]:
                listed = ", ".join(State)
                raise PydanticCustomError(
                    "state", "must be one of {listed}, not {meaning}", {"listed": listed, "meaning": meaning}
                )
        return self


class Rule(Part):
    """What an event of the vendor's tells the engine, `when` holds or always. `reason` is shown where it does not."""

    tell: str
    when: Expr | None = None
    reason: str = ""
    id: Expr | None = None
    time: Times | None = None
    cause: AValue | None = None
    until: Times | None = None
    team_id: AValue | None = None
    public: Expr | None = None
    automatic: Expr | None = None
    text: Expr | None = None
    assume: State | None = None

    @field_validator("tell")
    @classmethod
    def _is_told(cls, value: str) -> str:
        if value not in TELLS:
            raise PydanticCustomError("tell", "must be one of {listed}", {"listed": ", ".join(TELLS)})
        return value

    @model_validator(mode="after")
    def _fits_what_it_tells(self) -> Rule:
        for name, tells in _OF_ONE_KIND.items():
            if getattr(self, name) is not None and self.tell not in tells:
                raise PydanticCustomError(
                    "rule", "must not have {name}: it is for {tells}", {"name": name, "tells": " and ".join(tells)}
                )
        return self


def _rules(value: Any) -> Any:
    listed = value if isinstance(value, list | tuple) else [value]
    return [{"tell": one} if isinstance(one, str) else one for one in listed]


Rules = Annotated[tuple[Rule, ...], BeforeValidator(_rules), Field(min_length=1)]


class SourceMapping(Part):
    """A ticket system as data."""

    name: str = Field(pattern=_NAME)
    title: str = Field(min_length=1, max_length=100)
    settings: dict[str, Setting] = Field(default_factory=dict)
    verify: tuple[AnyScheme, ...]
    challenge: Challenge | None = None
    form_field: str | None = None
    each: Expr | None = None
    ordered_by_time: bool = False
    event: AValue
    ignore: dict[str, str] = Field(default_factory=dict)
    ticket: TicketPart
    adopt: Expr | None = None
    id: Expr | None = None
    time: Times | None = None
    sequence: Expr | None = None
    actor: Actor = Actor()
    state: StatePart | None = None
    opening_message_seconds: int = Field(default=0, ge=0, le=3600)
    events: dict[str, Rules] = Field(min_length=1)
    connector: ConnectorPart | None = None

    @field_validator("verify")
    @classmethod
    def _named_once(cls, schemes: tuple[Any, ...]) -> tuple[Any, ...]:
        if not schemes:
            raise PydanticCustomError("verify", "must have at least one scheme")
        names = [scheme.name for scheme in schemes]
        if len(set(names)) < len(names):
            raise PydanticCustomError(
                "verify", "must name each of its schemes differently, not {names}", {"names": ", ".join(names)}
            )
        return schemes

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> SourceMapping:
        for path, value in _values(self):
            if value.setting is not None and getattr(self.settings.get(value.setting), "type", None) != "table":
                tables = ", ".join(name for name, one in self.settings.items() if one.type == "table") or "none"
                raise PydanticCustomError(
                    "setting",
                    "{path}.setting must name a table of settings ({tables}), not {name}",
                    {"path": path, "tables": tables, "name": value.setting},
                )
        for name, write in (self.connector.writes if self.connector else {}).items():
            if write.setting is not None and getattr(self.settings.get(write.setting), "type", None) != "table":
                raise PydanticCustomError(
                    "setting",
                    "connector.writes.{name}.setting must name a table of settings, not {setting}",
                    {"name": name, "setting": write.setting},
                )
        if self.state is None and any(rule.tell == STATE for rules in self.events.values() for rule in rules):
            raise PydanticCustomError("state", "must say in state where the status lies: a rule tells it")
        return self


def _values(mapping: SourceMapping) -> Iterator[tuple[str, Value]]:
    named: dict[str, Any] = {
        "event": mapping.event,
        "ticket.priority": mapping.ticket.priority,
        "ticket.team_id": mapping.ticket.team_id,
        "actor.name": mapping.actor.name,
        "actor.role": mapping.actor.role,
        "state": mapping.state,
    }
    for name, rules in mapping.events.items():
        for index, rule in enumerate(rules):
            named |= {f"events.{name}[{index}].cause": rule.cause, f"events.{name}[{index}].team_id": rule.team_id}
    yield from ((path, value) for path, value in named.items() if value is not None)


def read_mapping(text: str, field: str = "mapping") -> SourceMapping:
    """The mapping that a YAML or JSON text describes. Raises InvalidValue for what is none, each fault by its path."""
    return mapping_from(read_text(text, field), field)


def mapping_from(document: Any, field: str = "mapping") -> SourceMapping:
    """Raises InvalidValue for a document that is no mapping; InvalidValues where it has several faults."""
    try:
        return SourceMapping.model_validate(document)
    except RecursionError:
        raise InvalidValue(field, "...", "must not hold itself") from None
    except ValidationError as error:
        faults = [_fault(field, one) for one in error.errors(include_url=False)]
        if len(faults) == 1:
            raise faults[0] from None
        listed = "; ".join(str(fault) for fault in faults)
        raise InvalidValues(field, f"{len(faults)} faults", f"must be a mapping ({listed})", faults) from None


_TAGS = frozenset({"hmac", "token", "basic", "none"})


def _fault(field: str, error: ErrorDetails) -> InvalidValue:
    path = field
    for step in error["loc"]:
        if step in _TAGS and path.endswith("]"):
            continue  # which scheme was meant is no step of the document
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    if error["type"] == "unknown_key":
        path, value = f"{path}.{error['ctx']['key']}", error["input"].get(error["ctx"]["key"])
        return InvalidValue(path, value, f"is not known here (known: {error['ctx']['listed']})")
    message = error["msg"]
    if error["type"] == "literal_error":
        message = f"must be one of {error['ctx']['expected']}"
    elif error["type"] == "missing":
        return InvalidValue(path, None, "must be given")
    return InvalidValue(path, error["input"], message[:1].lower() + message[1:])
