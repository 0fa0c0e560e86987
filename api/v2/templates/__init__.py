"""`/templates`: in which words channels speak for an organization."""
