"""The worker's part in dimensions that an organization declares later, with a real store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from service.reconciling import filling
from store.instances import dimensions
from store.schema.migrate import upgrade
from store.store import Store
from tests.store.samples import ORGANIZATION, an_opening
from tests.support.clockwork import eventually


async def test_a_worker_fills_in_what_is_declared_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(dimensions, "PORTION", 1)
    url = f"sqlite:///{tmp_path / 'store.db'}"
    upgrade(url)
    store = Store.open(url)
    for subject in ("a", "b", "c"):
        await store.instances.apply(an_opening(subject, fields={"customer": "acme"}))
    worker = asyncio.create_task(filling.keep_filled(store.dimensions))
    try:
        await store.organizations.change(ORGANIZATION, dimensions=["customer"])
        await eventually(lambda: store.dimensions.are_ready(ORGANIZATION), bool)
        found = await store.instances.page(ORGANIZATION, limit=9, dimensions={"customer": ["acme"]})
        assert found.total == 3
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await store.close()
