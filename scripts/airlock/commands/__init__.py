"""One module a command; each holds one function that returns an exit code."""
