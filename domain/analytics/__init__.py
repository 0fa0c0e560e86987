"""Looking back: periods and their buckets in a time zone, rates, and the spread of times."""
