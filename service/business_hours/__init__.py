"""Reading, changing and looking at business hours."""
