"""Who is told what fired, through what, and what came of it."""
