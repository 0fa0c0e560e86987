"""What the pages of figures share: what they are narrowed to, and what can be chosen."""
