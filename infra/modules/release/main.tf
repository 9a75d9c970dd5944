# The release job of one repository on GitHub: it has no key of AWS, but shows who it is, and gets an hour.

locals {
  issuer   = "token.actions.githubusercontent.com"
  provider = var.oidc_provider_arn == null ? aws_iam_openid_connect_provider.this[0].arn : var.oidc_provider_arn
  account  = "${var.region}:${var.account_id}"
}

# An account has one of them for GitHub.
resource "aws_iam_openid_connect_provider" "this" {
  count = var.oidc_provider_arn == null ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-release"
  description          = "Releases of ${var.repository}"
  max_session_duration = var.session_seconds

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OneEnvironmentOfOneRepository"
        Effect    = "Allow"
        Principal = { Federated = local.provider }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${local.issuer}:aud" = "sts.amazonaws.com"
            "${local.issuer}:sub" = "repo:${var.repository}:environment:${var.environment}"
          }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "this" {
  for_each = { push = local.push, deploy = local.deploy, sync = local.sync }

  name   = each.key
  role   = aws_iam_role.this.name
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}
