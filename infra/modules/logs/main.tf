# Log groups by name, encrypted with the deployment's key, and kept for so many days.

resource "aws_cloudwatch_log_group" "this" {
  for_each = var.groups

  name              = each.key
  retention_in_days = var.retention_days
  kms_key_id        = var.kms_key_arn
}
