"""The rows of the table, a group of them in each module."""
