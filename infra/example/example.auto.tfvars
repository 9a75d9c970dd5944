# Terraform reads this file by itself: put your own values in.
region             = "eu-west-1"
account_id         = "123456789012"
availability_zones = ["eu-west-1a", "eu-west-1b"]
administrators     = ["arn:aws:iam::123456789012:role/platform"]
image              = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/airflow@sha256:c0caada891fe2806a77f34bb6ebe998e4cee84b8789598c85a211b847a99c7bc"
github_repository  = "example/airflow"
