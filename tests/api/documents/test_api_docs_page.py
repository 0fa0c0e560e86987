"""The page `/docs`, which people open in a browser, also on a machine without internet."""

from __future__ import annotations

import re
from typing import Any


async def test_all_that_the_page_loads_comes_from_the_api_itself(api: Any) -> None:
    page = (await api.http.get("/docs")).text
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']|url: ["']([^"']+)["']""", page)
    paths = {one or other for one, other in loaded}
    assert {path.rpartition("/")[2] for path in paths} >= {"swagger-ui-bundle.js", "swagger-ui.css", "openapi.json"}
    assert [path for path in paths if not path.startswith("/")] == []
    for path in paths:
        answer = await api.http.get(path)
        assert (answer.status_code, len(answer.content) > 100) == (200, True), path


async def test_the_page_sends_the_document_nowhere_and_no_second_page_needs_the_internet(api: Any) -> None:
    assert '"validatorUrl": null' in (await api.http.get("/docs")).text
    assert (await api.http.get("/redoc")).status_code == 404
