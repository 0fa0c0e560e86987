"""Replans: what other rules would do to instances, putting them in place, and taking them back."""
