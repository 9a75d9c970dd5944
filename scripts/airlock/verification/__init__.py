"""Whether an image in a registry is what somebody trusted promises: signed, and made again from its commit."""
