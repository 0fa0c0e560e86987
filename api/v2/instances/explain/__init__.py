"""Why an instance stands as it does."""
