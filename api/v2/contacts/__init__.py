"""Contacts of an organization: people and groups, and how they are reached."""
