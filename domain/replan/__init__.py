"""What other rules would do to instances there are."""
