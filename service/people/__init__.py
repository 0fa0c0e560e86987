"""Contacts and on-calls: kept encrypted, fed by calendars, and known to the workers."""
