"""The functional core: calendars, policies, events and plans. Standard library only, no clock, no I/O."""
