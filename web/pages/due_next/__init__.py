"""What is due next."""
