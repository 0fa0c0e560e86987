"""`sla contacts` and `sla on-call`, on the store itself."""
