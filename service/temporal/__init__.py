"""All talk with Temporal."""
