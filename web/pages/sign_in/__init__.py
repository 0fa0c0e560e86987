"""Signing in with an API key, and out."""
