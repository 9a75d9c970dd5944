"""A deployed account as an inventory: read-only, by boto3; each call is declared with the permission it needs."""
