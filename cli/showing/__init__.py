"""The parts of `sla demo`."""
