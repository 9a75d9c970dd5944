locals {
  file_system = var.file_system ? { this = true } : {}

  # Folders and the user of the image.
  access_points = var.file_system ? { dags = "/dags", logs = "/logs" } : {}
  user          = { uid = 50000, gid = 0 }
  nfs           = 2049
}

resource "aws_efs_file_system" "this" {
  for_each = local.file_system

  creation_token  = var.name
  encrypted       = true
  kms_key_id      = var.kms_key_arn
  throughput_mode = "elastic"

  tags = { Name = var.name }
}

resource "aws_efs_mount_target" "this" {
  for_each = var.file_system ? var.subnets : {}

  file_system_id  = aws_efs_file_system.this["this"].id
  subnet_id       = each.value
  security_groups = [aws_security_group.file_system["this"].id]
}

resource "aws_efs_access_point" "this" {
  for_each = local.access_points

  file_system_id = aws_efs_file_system.this["this"].id

  posix_user {
    uid = local.user.uid
    gid = local.user.gid
  }

  root_directory {
    path = each.value
    creation_info {
      owner_uid   = local.user.uid
      owner_gid   = local.user.gid
      permissions = "0770"
    }
  }

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_efs_file_system_policy" "this" {
  for_each = local.file_system

  file_system_id = aws_efs_file_system.this["this"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TaskRoles"
        Effect    = "Allow"
        Principal = { AWS = var.client_role_arns }
        Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource  = aws_efs_file_system.this["this"].arn
        Condition = {
          Bool         = { "elasticfilesystem:AccessedViaMountTarget" = "true" }
          StringEquals = { "elasticfilesystem:AccessPointArn" = [for point in aws_efs_access_point.this : point.arn] }
        }
      },
      {
        Sid       = "TlsAlone"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "*"
        Resource  = aws_efs_file_system.this["this"].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_security_group" "file_system" {
  for_each = local.file_system

  name        = "${var.name}-file-system"
  description = "The file system: NFS from those who mount it, and nothing out"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-file-system" }
}

resource "aws_vpc_security_group_ingress_rule" "file_system" {
  for_each = var.file_system ? var.client_security_group_ids : {}

  security_group_id            = aws_security_group.file_system["this"].id
  referenced_security_group_id = each.value
  description                  = "NFS from ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = local.nfs
  to_port                      = local.nfs
}

resource "aws_vpc_security_group_egress_rule" "file_system" {
  for_each = var.file_system ? var.client_security_group_ids : {}

  security_group_id            = each.value
  referenced_security_group_id = aws_security_group.file_system["this"].id
  description                  = "NFS to the file system"
  ip_protocol                  = "tcp"
  from_port                    = local.nfs
  to_port                      = local.nfs
}
