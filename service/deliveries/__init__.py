"""Deliveries: the log as others see it, what workers add to it, and sending once more."""
