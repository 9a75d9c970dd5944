"""The second witness of a lock: another resolver, in a sandbox, from the sealed store alone."""
