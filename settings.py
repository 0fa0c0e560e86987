"""Every setting of the engine, read from the environment (prefix `SLA_`); the defaults run everything embedded."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AnyHttpUrl,
    Field,
    FilePath,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.errors import InvalidValue

Port = Annotated[int, Field(ge=1, le=65535)]
LogLevel = Literal["debug", "info", "warning", "error"]
SmtpSecurity = Literal["starttls", "tls", "none"]

# The driver the store uses for each scheme people write.
DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
KEY_LENGTH = 16
KEY_BYTES = 32
SECRETS = frozenset({"api_key", "secret_key", "smtp_password", "webhook_secrets"})
HTTP_URL = TypeAdapter(AnyHttpUrl)


class Settings(BaseSettings):
    """Raises pydantic's ValidationError on a bad value; `load()` turns that into one line for people."""

    model_config = SettingsConfigDict(env_prefix="SLA_", env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Field(default=Path(".sla"), validate_default=True)
    api_host: str = Field(default="127.0.0.1", min_length=1)
    api_port: Port = 8080
    temporal_port: Port = 7233
    temporal_ui_port: Port = 8233
    temporal_cli: Path | None = None
    task_queue: str = Field(default="sla", min_length=1)
    database_url: str = ""
    api_key: SecretStr | None = None
    webhook_urls: Annotated[tuple[str, ...], NoDecode] = ()
    webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    allow_private_receivers: bool = False
    smtp_host: str | None = Field(default=None, min_length=1)
    smtp_port: Port | None = None
    smtp_security: SmtpSecurity = "starttls"
    smtp_username: str | None = Field(default=None, min_length=1)
    smtp_password: SecretStr | None = None
    smtp_from: str | None = Field(default=None, min_length=3)
    smtp_ca_file: FilePath | None = None
    log_level: LogLevel = "info"
    build_id: str | None = Field(default=None, min_length=1)
    secret_key: SecretStr | None = None
    public_url: str = ""
    hook_days: int = Field(default=30, ge=1, le=3650)
    hook_memory_days: int = Field(default=365, ge=30, le=3650)
    wrong_keys: int = Field(default=10, ge=1, le=100_000)

    @classmethod
    def load(cls) -> Settings:
        """Raises InvalidValue, naming the variable and its value (never a secret)."""
        try:
            return cls()
        except ValidationError as error:
            raise _first_problem(error) from None

    @property
    def local_temporal_address(self) -> str:
        return f"127.0.0.1:{self.temporal_port}"

    @property
    def api_url(self) -> str:
        """An address that answers from this machine, also when the API listens on all of its addresses."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.api_host, self.api_host)  # noqa: S104 - compared only
        return f"http://{f'[{host}]' if ':' in host else host}:{self.api_port}"

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("log_level", "smtp_security", mode="before")
    @classmethod
    def _lower(cls, level: Any) -> Any:
        return level.lower() if isinstance(level, str) else level

    @field_validator("webhook_urls", mode="before")
    @classmethod
    def _split(cls, urls: Any) -> Any:
        parts = [part.strip() for part in urls.split(",")] if isinstance(urls, str) else list(urls)
        return tuple(_checked_url(part) for part in parts if part)

    @field_validator("webhook_secrets", mode="before")
    @classmethod
    def _secrets(cls, secrets: Any) -> Any:
        parts = [part.strip() for part in secrets.split(",")] if isinstance(secrets, str) else list(secrets)
        return tuple(_checked_secrets([part for part in parts if part]))

    @field_validator("smtp_from")
    @classmethod
    def _sender(cls, sender: str | None) -> str | None:
        return None if sender is None else _checked_sender(sender)

    @field_validator("smtp_password")
    @classmethod
    def _hidden(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if password is not None and info.data.get("smtp_security") == "none":
            raise ValueError("must not be sent without TLS: SLA_SMTP_SECURITY is none")
        return password

    @field_validator("api_key")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < KEY_LENGTH:
            raise ValueError(f"must have at least {KEY_LENGTH} characters")
        return key

    @field_validator("secret_key")
    @classmethod
    def _usable(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None and not all(map(_is_key, _listed(keys.get_secret_value()))):
            raise ValueError("must be 32 bytes in URL-safe base64, several with commas")
        return keys

    @property
    def secret_keys(self) -> Sequence[str]:
        """The first one encrypts, each of them reads; none: the one that `SLA_HOME` keeps."""
        return () if self.secret_key is None else _listed(self.secret_key.get_secret_value())

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return _checked_url(url).rstrip("/") if url else url

    @field_validator("database_url")
    @classmethod
    def _with_driver(cls, url: str, info: ValidationInfo) -> str:
        home = info.data.get("home")
        return url if not url or (home is not None and url == _database_in(home)) else _database_url(url)

    @model_validator(mode="before")
    @classmethod
    def _database_in_home(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("database_url"):
            return values
        home = Path(values.get("home") or ".sla").expanduser().absolute()
        return {**values, "database_url": _database_in(home)}


def _listed(text: str) -> Sequence[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text.encode(), altchars=b"-_", validate=True)) == KEY_BYTES
    except ValueError:
        return False


def _checked_url(url: str) -> str:
    try:
        HTTP_URL.validate_python(url)
    except ValidationError:
        raise ValueError(f"{url!r} is not an http(s) URL") from None
    return url


def _checked_secrets(secrets: Sequence[str | SecretStr]) -> Sequence[str | SecretStr]:
    # The channels' libraries cost a third of a second, which a command without secrets need not pay.
    if not secrets:
        return ()
    from channels.webhook import require_secrets  # noqa: PLC0415

    try:
        require_secrets([one if isinstance(one, str) else one.get_secret_value() for one in secrets], "secrets")
    except InvalidValue as refusal:
        raise ValueError(refusal.reason) from None
    return secrets


def _checked_sender(sender: str) -> str:
    """`Help desk <sla@example.com>`, or the address alone."""
    from channels.email import address_in, require_address  # noqa: PLC0415 - as above

    try:
        require_address(address_in(sender), "smtp_from")
    except InvalidValue:
        raise ValueError("must be a mail address, such as Help desk <sla@example.com>") from None
    if not sender.isprintable():
        raise ValueError("must be one line")
    return sender


def _database_in(home: Path) -> str:
    return f"{DRIVERS['sqlite']}:///{home / 'slakeeper.db'}"


def _database_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme not in DRIVERS:
        raise ValueError("must start with sqlite:/// or postgresql://")
    # A third of a second, which a command that names no database need not pay.
    from sqlalchemy.engine import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        parsed = make_url(f"{DRIVERS[scheme]}://{rest}")
    except (ArgumentError, ValueError):
        raise ValueError("is no database URL") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ValueError("must name a file: the worker and the API share it")
    return parsed.render_as_string(hide_password=False)


def _first_problem(error: ValidationError) -> InvalidValue:
    problem = error.errors()[0]
    field = str(problem["loc"][0]) if problem["loc"] else "settings"
    reason = problem["msg"].removeprefix("Value error, ")
    reason = reason.removeprefix("Input ").removeprefix("should ")
    reason = f"must {reason}" if problem["msg"].startswith(("Input should", "Value should")) else reason
    return InvalidValue(f"SLA_{field.upper()}", _shown(field, problem), reason)


def _shown(field: str, problem: ErrorDetails) -> str:
    value = problem["input"]
    if field in SECRETS:
        return f"{len(value.get_secret_value() if isinstance(value, SecretStr) else str(value))} characters"
    if field == "database_url" and "@" in str(value):
        return f"...@{str(value).rpartition('@')[2]}"
    return str(value)
