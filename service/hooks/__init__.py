"""Ticket systems that send webhooks: sources are kept, deliveries verified and kept, then applied in order.

`configuring` makes and changes sources, `receiving` takes deliveries, `applying` hands their events to instances, one
worker a source at a time, and `trying` shows what a body would become.
"""
