"""What is promised: policies and their parts, which of them a ticket gets, and the snapshot that freezes it."""
