"""Settings: who the organization is, who is told and how, where tickets come from, and who may do what."""
