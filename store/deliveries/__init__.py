"""The log of deliveries: read, added to by workers as they try, and sent from once more."""
