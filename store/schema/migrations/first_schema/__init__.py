"""The first schema by area. A table comes after those that it refers to."""
