"""One ticket: its clocks, why, what was told, and what can be done."""
