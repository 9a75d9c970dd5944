"""What a process can reach, and must not: names, addresses, TCP and TLS, looked at from where it runs."""
