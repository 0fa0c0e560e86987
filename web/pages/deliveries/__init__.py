"""Deliveries: what became of each notice on each channel, how late, and sending once more."""
