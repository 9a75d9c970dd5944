"""Known vulnerabilities of what the locks pin, and which of them block."""
