"""What worker, API and command line share above the store and Temporal; no web framework in here."""
