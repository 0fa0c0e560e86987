from __future__ import annotations

from importlib.metadata import version
from typing import Any


async def test_the_root_says_what_is_there_without_a_key_and_every_link_leads_there(api: Any) -> None:
    answer = await api.http.get("/", headers={"X-API-Key": ""})
    found = answer.json()
    assert (answer.status_code, found["name"], found["version"]) == (200, "Slakeeper", version("slakeeper"))
    links = found["links"]
    assert set(links) == {"docs", "openapi", "v1", "v2", "healthz", "readyz"}
    for name in ("docs", "openapi", "healthz"):
        assert (await api.http.get(links[name])).status_code == 200
    described = (await api.http.get(links["openapi"])).json()["paths"]
    assert all(any(path.startswith(f"{links[name]}/") for path in described) for name in ("v1", "v2"))
    assert links["readyz"] in described
