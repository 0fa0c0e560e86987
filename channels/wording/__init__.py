"""A notice in people's words: what there is to say, the templates that say it, and a sample to see them with."""
