"""The open time of a calendar in UTC, worked out from its rules a stretch at a time and kept."""
