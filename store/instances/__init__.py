"""The projection of instances: written a record at a time, read in lists and one by one."""
