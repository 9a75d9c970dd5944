"""The probe: parses and serializes DAGs as production does, and says what it saw. It runs with the image's Python."""
