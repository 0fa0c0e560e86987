"""What an organization has decided: policies, business hours, teams, and the claims that hold policies in place."""
