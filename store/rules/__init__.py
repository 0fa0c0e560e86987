"""The rules of organizations: policies, business hours, teams, and claims on policies."""
