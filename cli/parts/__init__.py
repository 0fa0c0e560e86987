"""`sla worker`, `sla api`, `sla migrate`: the parts of the engine one by one, as a cluster runs them."""
