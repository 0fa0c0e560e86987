"""What every page shares: who is signed in, refusals, forms, headers, rendering."""
