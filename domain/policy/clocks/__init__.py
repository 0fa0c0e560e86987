"""What starts, stops, pauses and cancels a clock, as policies spell it."""
