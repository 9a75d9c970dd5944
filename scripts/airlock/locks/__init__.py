"""The locks: generated files of exact versions and sha256 hashes, and what makes them."""
