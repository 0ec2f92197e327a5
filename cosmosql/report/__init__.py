"""The plan as a page: view (document to worded values) and render (Jinja). No arithmetic in templates."""
