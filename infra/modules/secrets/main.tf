# Secrets by name, without values: those are written from outside (infra/values), so that no state has them.

resource "aws_secretsmanager_secret" "this" {
  for_each = var.secrets

  name                    = "${var.name}/${each.key}"
  description             = each.value
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_days
}

# A policy of the account that allows reading every secret does not reach these: only whom a deployment starts tasks as.
resource "aws_secretsmanager_secret_policy" "this" {
  for_each = var.secrets

  secret_arn          = aws_secretsmanager_secret.this[each.key].arn
  block_public_policy = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "ReadersAlone"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue"]
        Resource  = aws_secretsmanager_secret.this[each.key].arn
        Condition = { ArnNotEquals = { "aws:PrincipalArn" = sort(lookup(var.readers, each.key, [var.nobody])) } }
      },
    ]
  })
}
