"""The help desk of the README, for an organization that has no policy yet."""
