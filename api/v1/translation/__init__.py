"""Scrubbe's words translated into the engine's. The tables of `docs/api-v1.md` say the same."""
