"""What the engine costs, in one table: `python -m bench`, see docs/performance.md."""
