"""What reports ask for, and their figures as API and board show them."""
