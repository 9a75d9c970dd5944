output "role_arn" {
  description = "The role: AIRLOCK_ROLE_ARN of the environment on GitHub."
  value       = aws_iam_role.this.arn
}
