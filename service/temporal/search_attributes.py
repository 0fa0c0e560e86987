"""Adding the search attributes if that is allowed, and finding out which ones the namespace has."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeIndexedValueType, SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

logger = logging.getLogger("slakeeper.worker")

_TYPES = {
    SearchAttributeIndexedValueType.KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    SearchAttributeIndexedValueType.DATETIME: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}


async def available(client: Client, wanted: Iterable[SearchAttributeKey[Any]]) -> list[str]:
    """The wanted attributes that exist with the right type, after trying to add the missing ones.

    An unknown attribute would block every workflow that sets it, so attributes that cannot be confirmed are left out.
    """
    wanted = tuple(wanted)
    existing = await _existing(client)
    missing = [key for key in wanted if key.name not in existing]
    if missing and await _add(client, missing):
        existing = await _existing(client)
    return [key.name for key in wanted if existing.get(key.name) == _TYPES[key.indexed_value_type]]


async def _existing(client: Client) -> dict[str, int]:
    try:
        answer = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        logger.warning("search attributes cannot be listed (%s); none will be set", error.status.name)
        return {}
    return dict(answer.custom_attributes)


async def _add(client: Client, missing: Iterable[SearchAttributeKey[Any]]) -> bool:
    types = {key.name: _TYPES[key.indexed_value_type] for key in missing}
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=types)
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            logger.warning("search attributes %s cannot be added (%s)", ", ".join(types), error.status.name)
            return False
    return True
