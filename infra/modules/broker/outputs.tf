output "host" {
  description = "Name of the primary node."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "port" {
  description = "Port that it listens on."
  value       = var.port
}

output "username" {
  description = "Its one user."
  value       = var.name
}

output "security_group_id" {
  description = "Its security group."
  value       = aws_security_group.this.id
}

output "open_command" {
  description = "What lets its user log in with the password of the secret, once, and again whenever that changes."
  value = join(" ", [
    "aws elasticache modify-user --region ${var.region} --user-id ${var.name}",
    "--authentication-mode \"Type=password,Passwords=$(aws secretsmanager get-secret-value --region ${var.region}",
    "--secret-id ${var.password_secret_name} --query SecretString --output text)\"",
  ])
}
