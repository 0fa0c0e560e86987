"""Which local wall times are open on a date: hours, holidays, special days, breaks and whole shifts."""
