"""Lists beyond their pages: read on from a place, and sent whole in other shapes than JSON."""
