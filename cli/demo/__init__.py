"""`sla demo`: a minute-long show of the whole engine."""
