"""Opening, commanding and reading instances, for every dialect."""
