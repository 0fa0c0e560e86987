"""Teams: who leads them, and in which hours they work."""
