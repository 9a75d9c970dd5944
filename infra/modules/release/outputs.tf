output "role_arn" {
  description = "The role: AIRLOCK_ROLE_ARN of the environment on GitHub."
  value       = aws_iam_role.this.arn
}

output "policies" {
  description = "What it may, as JSON: push, deploy, sync."
  value       = { for name, policy in aws_iam_role_policy.this : name => policy.policy }
}
