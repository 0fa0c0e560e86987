"""Analytics: how clocks ended, counted in the database."""
