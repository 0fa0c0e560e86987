"""What every test shares."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import ssl
import sys
import tempfile
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx._transports import default
from hypothesis import settings
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from tests.support.collecting import import_in_turn
from tests.support.examples import longest
from tests.support.shared import shared_folder

MEMORY = Path("/dev/shm")
ENOUGH_MEMORY = 2 * 1024**3
# How many new objects, and how many collections of the younger ones, it takes to look at a generation again.
SELDOM = (5000, 20, 20)
OPTIONAL = ("sniffio", "trio")

_COMPILED: dict[type[DefaultDialect], Any] = {}
_make_engine = Engine.__init__


def _with_shared_statements(self: Engine, pool: Any, dialect: Any, *arguments: Any, **options: Any) -> None:
    _make_engine(self, pool, dialect, *arguments, **options)
    self._compiled_cache = _COMPILED.setdefault(type(dialect), LRUCache(3000))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("timeout") is None:
        config.option.timeout = longest(float(config.getini("timeout")))
    # The same examples in every run, however slow the machine is.
    settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
    settings.load_profile("repeatable")
    _keep_files_in_memory()
    shared_folder()
    _collect_seldom_in_servers()
    _know_what_is_not_installed()
    _compile_statements_once()
    _read_certificates_once()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """For `--dist loadfile`."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.support.scheduling import Mixed  # noqa: PLC0415 - no worker needs it

    return Mixed(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, Any, Any]:
    """Importing and collecting makes millions of objects, hardly one of them garbage, and they stay to the end: no
    search for garbage goes through them, neither meanwhile nor later."""
    gc.disable()
    try:
        import_in_turn(session.config)
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(*SELDOM)
        gc.enable()


def _keep_files_in_memory() -> None:
    """The tests make a thousand databases: most of their time would be spent waiting for a slow disk."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH_MEMORY:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
        tempfile.tempdir = str(MEMORY)


def _collect_seldom_in_servers() -> None:
    """A Temporal server lives on a small heap, and would spend a fifth of its time searching it for garbage."""
    os.environ.setdefault("GOGC", "400")


def _know_what_is_not_installed() -> None:
    """httpx looks for an optional module at each request; one that was not found is looked for everywhere again."""
    for name in OPTIONAL:
        if importlib.util.find_spec(name) is None:
            sys.modules[name] = None  # type: ignore[assignment]


def _compile_statements_once() -> None:
    """Compile a statement once a process, not once for each of the thousands of databases that the tests open.

    An engine keeps what it compiled under its own dialect; here those of one kind count as equal.
    """
    Engine.__init__ = _with_shared_statements  # type: ignore[method-assign]
    DefaultDialect.__eq__ = _is_of_one_kind  # type: ignore[method-assign, assignment]
    DefaultDialect.__hash__ = _hash_of_kind  # type: ignore[method-assign, assignment]


def _is_of_one_kind(self: DefaultDialect, other: object) -> bool:
    return type(self) is type(other)


def _hash_of_kind(self: DefaultDialect) -> int:
    return hash(type(self))


def _read_certificates_once() -> None:
    """Each client of httpx would read all the trusted authorities anew, which takes longer than most requests."""
    make = httpx.create_ssl_context

    @cache
    def made(trust_env: bool, *_named: str | None) -> ssl.SSLContext:
        return make(trust_env=trust_env)

    def create(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
        if verify is True and cert is None:
            return made(trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        return make(verify=verify, cert=cert, trust_env=trust_env)

    default.create_ssl_context = create  # type: ignore[attr-defined]
