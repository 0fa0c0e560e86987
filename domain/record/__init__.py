"""What has been told and written: the ledger of firings, notices, records and the chain that holds them."""
