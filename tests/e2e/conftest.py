from tests.cli.conftest import env, forking, sla, start  # noqa: F401 - the same own home and ports for a whole engine
from tests.store.conftest import postgres  # noqa: F401 - the same real server
