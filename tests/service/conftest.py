from tests.workflows.conftest import migrated, policy, realtime, store  # noqa: F401 - the same real servers
