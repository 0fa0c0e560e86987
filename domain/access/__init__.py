"""What a key may do, and what an organization subscribes to."""
