"""What worker, API and command line share above the store and Temporal. No web framework is imported here."""
