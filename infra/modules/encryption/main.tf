# One key for all that is kept: it is rotated, its administrators cannot use it, and nobody else can but through AWS's
# services, in this account. Roles need the same in a policy of their own.

resource "aws_kms_key" "this" {
  description             = "${var.name}: everything at rest"
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_window_days
  policy                  = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

locals {
  account = "arn:${var.partition}:iam::${var.account_id}:root"
  via = {
    "kms:ViaService"    = [for service in sort(var.services) : "${service}.${var.region}.amazonaws.com"]
    "kms:CallerAccount" = var.account_id
  }

  # In a key's policy the resource is the key.
  statements = concat(
    [
      {
        Sid       = "Administration"
        Effect    = "Allow"
        Principal = { AWS = sort(var.administrators) }
        Action    = local.administration
        Resource  = "*"
      },
      {
        # Should all administrators be deleted: the account's root user alone, whom no role can be.
        Sid       = "Recovery"
        Effect    = "Allow"
        Principal = { AWS = local.account }
        Action    = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy"]
        Resource  = "*"
        Condition = { ArnEquals = { "aws:PrincipalArn" = local.account } }
      },
      {
        # The account stands for whom its own policies allow it, too: a role needs the same in a policy of its own.
        Sid       = "UseThroughServices"
        Effect    = "Allow"
        Principal = { AWS = local.account }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:RetireGrant"]
        Resource  = "*"
        Condition = { StringEquals = local.via }
      },
      {
        Sid       = "GrantsToServices"
        Effect    = "Allow"
        Principal = { AWS = local.account }
        Action    = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
        Resource  = "*"
        Condition = {
          StringEquals = local.via
          Bool         = { "kms:GrantIsForAWSResource" = "true" }
        }
      },
      {
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        Sid       = "CloudWatchLogs"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = {
          ArnLike = {
            "kms:EncryptionContext:aws:logs:arn" = [
              for prefix in concat([var.log_group_prefix], var.further_log_group_prefixes) :
              "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:${prefix}/*"
            ]
          }
        }
      },
    ],
    length(var.direct_users) == 0 ? [] : [
      {
        Sid       = "DirectUse"
        Effect    = "Allow"
        Principal = { AWS = local.account }
        Action    = ["kms:Decrypt"]
        Resource  = "*"
        Condition = { ArnLike = { "aws:PrincipalArn" = sort(var.direct_users) } }
      },
    ],
  )

  administration = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
  ]
}
