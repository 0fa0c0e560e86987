"""The projection of instances: written record by record, read as lists and one by one."""
