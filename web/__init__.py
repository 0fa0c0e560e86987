"""The board: what a support manager sees. Pages over the service, in the process of the API."""
