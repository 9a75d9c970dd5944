"""Source distributions: built into wheels in a sandbox without a network, from locked requirements."""
