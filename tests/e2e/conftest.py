from tests.cli.conftest import env, start  # noqa: F401 - the same own home and ports for a whole engine
