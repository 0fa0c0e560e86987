"""Everything an instance knows, without Temporal."""
