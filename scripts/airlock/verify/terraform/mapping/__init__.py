"""From resources of Terraform to what rules look at, one module for each kind of thing."""
