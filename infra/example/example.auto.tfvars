# Terraform reads this file by itself: put your own values in.
region             = "eu-west-1"
account_id         = "123456789012"
availability_zones = ["eu-west-1a", "eu-west-1b"]
administrators     = ["arn:aws:iam::123456789012:role/platform"]
image              = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/airflow@sha256:d614b93359773c3bce6c7fc0525f4cd86041585e8034986ed5bb1b7a6585ffd4"
github_repository  = "example/airflow"
