output "arns" {
  description = "The secrets' ARNs, by name."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}

output "names" {
  description = "The secrets' whole names, by name."
  value       = { for name in keys(var.secrets) : name => "${var.name}/${name}" }
}

output "policies" {
  description = "Who may read them, as JSON, by name."
  value       = { for name, policy in aws_secretsmanager_secret_policy.this : name => policy.policy }
}
