"""A folder of Terraform, a plan or a state becomes an inventory: offline, and with no credentials."""
