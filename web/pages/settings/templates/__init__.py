"""In which words channels speak for the organization, seen with a sample."""
