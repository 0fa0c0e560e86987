"""Whether the board's front-end files are there: where npm's registry cannot be reached, the board has none."""

from __future__ import annotations

import pytest

from web.build_assets import BUILT, BUILT_FROM, TEST_FILES

NONE = "NO FRONT-END FILES: npm's registry could not be reached"
missing = not all((folder / BUILT_FROM).is_file() for folder in (BUILT, TEST_FILES))
needed = pytest.mark.skipif(missing, reason=NONE)
