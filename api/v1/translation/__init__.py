"""What Scrubbe's words are in the engine's; the tables of `docs/api-v1.md` say the same."""
