"""A ticket log run through real workflows on a server whose time can be skipped, and compared with the plan."""
