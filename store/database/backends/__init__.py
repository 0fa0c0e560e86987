"""The two databases that a store may be kept in, and how each reads, writes and tells of what was written."""
