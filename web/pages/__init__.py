"""The pages. A page is a package: `routes.py` (thin), `reading.py` (what it asks of the service and the store),
`view.py` (pure: from that to what is shown), and its templates in `templates/<page>/`. `listed.py` names them all."""
