"""`airlock lab`: the NAT-free network on one machine."""
