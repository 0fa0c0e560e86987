"""How the schema came about, revision by revision."""
