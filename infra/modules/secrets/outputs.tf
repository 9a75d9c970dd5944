output "arns" {
  description = "The secrets' ARNs, by name."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}

output "names" {
  description = "The secrets' whole names, by name."
  value       = { for name in keys(var.secrets) : name => "${var.name}/${name}" }
}
