"""The plan document, the evidence file and the bundle manifest: pydantic models at the edge."""
