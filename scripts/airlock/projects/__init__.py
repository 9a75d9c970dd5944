"""Other people's projects: what is read of them, and what `airlock init` writes beside it."""
