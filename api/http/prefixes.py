"""Where the versions of the API begin."""

V1 = "/api/v1"
V2 = "/api/v2/sla"
PREFIXES = (V1, V2)
