from tests.workflows.conftest import (  # noqa: F401 - the same real servers
    migrated,
    policy,
    realtime,
    realtime_address,
    store,
)
