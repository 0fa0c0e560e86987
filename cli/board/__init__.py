"""The board's words on the command line: what is due, why, and the rules behind it."""
