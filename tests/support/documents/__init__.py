"""What tests read: documents, commands in docs, and descriptions of the API."""
