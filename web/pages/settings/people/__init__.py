"""Contacts and on-calls: whom policies may name, and whose turn it is."""
