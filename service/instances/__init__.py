"""What is done with instances, whoever asks: open, command, read."""
