"""Policies, their targets and escalations."""
