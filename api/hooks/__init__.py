"""Where ticket systems send their webhooks."""
