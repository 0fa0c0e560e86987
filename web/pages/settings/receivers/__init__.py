"""Receivers: who is told what, through which channel."""
