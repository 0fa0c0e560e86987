"""The way to the Temporal server: the standard environment configuration, else the embedded server's port."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, NoReturn

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfigProfile
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import EngineUnavailable, InvalidValue
from settings import Settings

DEFAULT_NAMESPACE = "default"


def external_temporal(settings: Settings) -> bool:  # noqa: ARG001 - the seam promises the settings
    """Whether the standard configuration (environment or its file) names a server; then none is started.

    Raises InvalidValue when it holds an API key, yet names no server.
    """
    profile = _profile()
    if profile.api_key and not profile.address:
        raise InvalidValue("TEMPORAL_ADDRESS", "", "must name the server that TEMPORAL_API_KEY is for")
    return bool(profile.address)


def temporal_address(settings: Settings) -> str:
    return _profile().address or settings.local_temporal_address


def temporal_namespace() -> str:
    return _profile().namespace or DEFAULT_NAMESPACE


async def connect(settings: Settings, **options: Any) -> Client:
    """Options go to `Client.connect`. Raises EngineUnavailable, naming the address or the namespace and its setting."""
    profile = _profile()
    target: dict[str, Any] = {
        "target_host": settings.local_temporal_address,
        "namespace": DEFAULT_NAMESPACE,
        "data_converter": pydantic_data_converter,
        **profile.to_client_connect_config(),
    }
    try:
        client = await Client.connect(**{**target, **options})
    except (RuntimeError, RPCError, ValueError) as error:
        setting = "TEMPORAL_ADDRESS" if profile.address else "SLA_TEMPORAL_PORT"
        cause = f": {' '.join(str(error).split())}" if profile.address else ""
        raise EngineUnavailable(
            f"no Temporal server answers at {target['target_host']} ({setting}){cause}",
            field=setting,
            value=target["target_host"],
        ) from error
    if not options.get("lazy"):
        await _require_namespace(client, target["target_host"])
    return client


async def _require_namespace(client: Client, address: str) -> None:
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            return
        raise EngineUnavailable(
            f"the Temporal server at {address} has no namespace {client.namespace!r} (TEMPORAL_NAMESPACE)",
            field="TEMPORAL_NAMESPACE",
            value=client.namespace,
        ) from error


def leave(code: int) -> NoReturn:
    """End the process at once, with everything written that was said.

    The SDK's threads may still be on their way out of a call, and an interpreter that takes itself apart meanwhile
    aborts on them (`PyGILState_Release`), with a core dump in place of the exit code.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _profile() -> ClientConfigProfile:
    try:
        return ClientConfigProfile.load()
    except (RuntimeError, ValueError) as error:
        raise InvalidValue("Temporal configuration", " ".join(str(error).split()), "cannot be read") from error
