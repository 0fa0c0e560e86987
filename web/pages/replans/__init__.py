"""What a change of rules would do to running tickets: look, apply, leave, undo."""
