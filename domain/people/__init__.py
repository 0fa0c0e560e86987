"""People: contacts, who is on call, and whom a policy means by a text."""
