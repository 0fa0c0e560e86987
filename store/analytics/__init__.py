"""What became of promises: counted in the database."""
