"""Compliance of policies, in Scrubbe's shapes."""
