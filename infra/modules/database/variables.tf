variable "name" {
  type        = string
  description = "Name of the instance, and the beginning of the names of what belongs to it."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,40}$", var.name))
    error_message = "A name has small letters, digits and hyphens, begins with a letter, and has 41 characters at most."
  }
}

variable "vpc_id" {
  type        = string
  description = "The VPC of the security group."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets, in two availability zones at least: RDS wants them even for one instance."

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "RDS wants subnets in two availability zones at least."
  }
}

variable "client_security_group_ids" {
  type        = map(string)
  description = "Service → security group that may connect. Each gets the rule for its way out, too."
}

variable "kms_key_arn" {
  type        = string
  description = "The customer-managed key of storage, password, performance insights and logs."
}

variable "engine_version" {
  type        = string
  description = "PostgreSQL's version; with the major one alone RDS takes the newest of it."
  default     = "17"

  validation {
    condition     = can(regex("^1[4-9](\\.[0-9]+)?$", var.engine_version))
    error_message = "Airflow 3 wants PostgreSQL 14 or later, as \"17\" or \"17.4\"."
  }
}

variable "instance_class" {
  type        = string
  description = "Class of the instance; it must be one that encrypts, and has performance insights."
  default     = "db.t4g.medium"
}

variable "storage_gb" {
  type        = number
  description = "GiB at first."
  default     = 20
}

variable "storage_gb_at_most" {
  type        = number
  description = "GiB up to which RDS lets it grow."
  default     = 100
}

variable "database" {
  type        = string
  description = "Name of the database."
  default     = "airflow"
}

variable "username" {
  type        = string
  description = "Who Airflow connects as. It owns this instance, which holds nothing else."
  default     = "airflow"
}

variable "port" {
  type        = number
  description = "Port that it listens on."
  default     = 5432
}

variable "multi_az" {
  type        = bool
  description = "Whether a standby in another availability zone takes over."
  default     = true
}

variable "iam_authentication" {
  type        = bool
  description = "Whether roles may connect with tokens of IAM beside the password."
  default     = false
}

variable "backup_days" {
  type        = number
  description = "Days that automated backups are kept."
  default     = 14

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "Backups are kept for 1 to 35 days."
  }
}

variable "deletion_protection" {
  type        = bool
  description = "Whether deleting is refused. Without it, nothing of it is left afterwards: neither a snapshot nor backups."
  default     = true
}

variable "log_retention_days" {
  type        = number
  description = "Days that PostgreSQL's logs are kept."
  default     = 30
}

variable "password_days" {
  type        = number
  description = "Days after which the password changes; 7 is RDS's own habit."
  default     = 90

  validation {
    condition     = var.password_days >= 1 && var.password_days <= 999
    error_message = "The password changes after 1 to 999 days."
  }
}
