"""The parts of shows: tickets that are made up, which real workflows measure."""
