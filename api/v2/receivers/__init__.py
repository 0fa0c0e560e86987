"""Receivers of an organization: who is told, through what."""
