"""Replans: previewing other rules for running instances, putting them in place, and undoing that."""
