"""Words, times and drawings for people. Pure."""
