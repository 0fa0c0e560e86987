"""ServiceNow, as its audit export tells of incidents."""
