"""Who is on call: rotations and feeds."""
