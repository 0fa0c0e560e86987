"""The OpenAPI document: how operations are named and grouped, and what FastAPI leaves out."""
