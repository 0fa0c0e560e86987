"""Summaries, trends and breaches."""
