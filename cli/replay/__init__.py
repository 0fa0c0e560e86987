"""`sla replay`: a log of real tickets through real workflows."""
