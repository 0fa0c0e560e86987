"""What the engine talks to in tests: receivers and mailboxes on loopback."""
