"""Business hours: their months, holidays, imports, versions, and a form for their week."""
