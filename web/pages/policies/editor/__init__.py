"""Writing a policy: as a form that reads as sentences, or as JSON."""
