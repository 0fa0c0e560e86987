"""How promises were kept: figures, trend, and a month to print."""
