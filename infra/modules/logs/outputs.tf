output "arns" {
  description = "The groups' ARNs, by name."
  value       = { for name, group in aws_cloudwatch_log_group.this : name => group.arn }
}
