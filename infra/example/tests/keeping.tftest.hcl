# Whatever is kept is encrypted with the one key, and nobody else reaches it.
mock_provider "aws" {
  source = "../../scripts/airlock/verify/mocks"
}

variables {
  name             = "airflow"
  log_group_prefix = "/airflow"
  kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/mock"
}

run "whoever_administers_the_key_cannot_use_it" {
  module {
    source = "../modules/encryption"
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key is rotated."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.this.policy).Statement :
      statement.Sid == "Administration" ? length(setintersection(statement.Action, ["kms:*", "kms:Decrypt", "kms:Encrypt", "kms:CreateGrant"])) == 0 : can(statement.Condition)
    ])
    error_message = "A statement without a condition, or one that lets administrators decrypt."
  }
}

run "a_key_without_an_administrator_is_refused" {
  command = plan

  module {
    source = "../modules/encryption"
  }

  variables {
    administrators = []
  }

  expect_failures = [var.administrators]
}

run "the_registry_is_as_push_makes_it" {
  module {
    source = "../modules/registry"
  }

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Tags are immutable, and images scanned."
  }

  assert {
    condition     = [for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules : [rule.rulePriority, rule.selection.tagPatternList[0], rule.selection.countNumber]] == [[1, "deployed-*", 9999], [2, "sha256-*", 9999], [3, "*", 300]]
    error_message = "What a service runs and signatures are held back from what expires."
  }
}

run "buckets_are_versioned_private_and_over_tls" {
  module {
    source = "../modules/storage"
  }

  variables {
    vpc_id                    = "vpc-mock"
    subnets                   = { eu-west-1a = "subnet-a", eu-west-1b = "subnet-b" }
    file_system               = true
    client_security_group_ids = { worker = "sg-worker" }
    client_role_arns          = ["arn:aws:iam::123456789012:role/airflow-worker"]
  }

  assert {
    condition     = toset(keys(aws_s3_bucket_versioning.this)) == toset(["dags", "logs"]) && alltrue([for one in aws_s3_bucket_versioning.this : one.versioning_configuration[0].status == "Enabled"])
    error_message = "Both buckets are versioned."
  }

  assert {
    condition     = alltrue([for one in aws_s3_bucket_server_side_encryption_configuration.this : tolist(one.rule)[0].apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn])
    error_message = "Both are encrypted with the deployment's key."
  }

  assert {
    condition     = alltrue([for one in aws_s3_bucket_public_access_block.this : one.block_public_acls && one.block_public_policy && one.ignore_public_acls && one.restrict_public_buckets])
    error_message = "Nothing of them is ever public."
  }

  assert {
    condition     = alltrue([for one in aws_s3_bucket_policy.this : jsondecode(one.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"])
    error_message = "Plain HTTP is refused."
  }

  assert {
    condition     = toset([for one in aws_efs_mount_target.this : one.subnet_id]) == toset(["subnet-a", "subnet-b"])
    error_message = "The file system is reached in each zone."
  }

  assert {
    condition     = jsondecode(aws_efs_file_system_policy.this["this"].policy).Statement[0].Principal.AWS == ["arn:aws:iam::123456789012:role/airflow-worker"]
    error_message = "Named roles mount it, and nobody else."
  }
}

run "a_file_system_that_nobody_may_mount_is_refused" {
  command = plan

  module {
    source = "../modules/storage"
  }

  variables {
    vpc_id      = "vpc-mock"
    subnets     = {}
    file_system = true
  }

  expect_failures = [var.client_role_arns]
}
