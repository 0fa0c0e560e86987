"""`sla up` and its parts: one supervisor, its children, and the order in which they start and stop."""
