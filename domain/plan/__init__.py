"""From snapshot and events to a plan: cycles, promises, progress, due instants and milestones."""
