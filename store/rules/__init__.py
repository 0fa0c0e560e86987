"""The rules of organizations: policies, business hours, teams, and the claims that keep policies
from being archived.
"""
