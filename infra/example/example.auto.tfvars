# Terraform reads this file by itself: put your own values in.
region             = "eu-west-1"
account_id         = "123456789012"
availability_zones = ["eu-west-1a", "eu-west-1b"]
administrators     = ["arn:aws:iam::123456789012:role/platform"]
