"""Requests to addresses that others chose: which ones are refused, and the transport that sees to it.

A receiver's address is data of an organization. Without a guard it would be a way into the network that the worker runs
in: `http://169.254.169.254/` hands out a cloud's credentials to whoever asks from inside.
"""
