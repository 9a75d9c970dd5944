output "host" {
  description = "Name that it is reached by."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port that it listens on."
  value       = aws_db_instance.this.port
}

output "name" {
  description = "Name of the database."
  value       = aws_db_instance.this.db_name
}

output "username" {
  description = "Who Airflow connects as."
  value       = aws_db_instance.this.username
}

output "secret_arn" {
  description = "The secret of RDS that holds username and password, as JSON."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "security_group_id" {
  description = "Its security group."
  value       = aws_security_group.this.id
}

output "client_security_group_ids" {
  description = "Who may connect: service → security group."
  value       = var.client_security_group_ids
}
