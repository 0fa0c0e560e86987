"""What a ticket is and what happens to it: its events, in their order, and who held it when."""
