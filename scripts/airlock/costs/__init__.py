"""What a NAT-free network costs, against one with NAT gateways."""
