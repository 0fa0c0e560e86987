"""The REST API: FastAPI over the store and the engine; `create_app` in `api.app` puts it together."""
