"""`/deliveries`: what became of each notice on each channel."""
