"""The `sla` command: runs and supervises the engine, and whatever else a person does from a terminal."""
