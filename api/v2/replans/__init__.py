"""Replans over REST."""
