"""Local wall times, zones and days: how the clock on the wall runs along the real one."""
