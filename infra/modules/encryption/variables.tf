variable "name" {
  type        = string
  description = "What the key belongs to; its alias is alias/NAME."
}

variable "region" {
  type        = string
  description = "The region of the services that may use the key."
}

variable "account_id" {
  type        = string
  description = "The account whose services may use the key, twelve digits."
}

variable "partition" {
  type        = string
  description = "The partition of the region, as ARNs begin."
  default     = "aws"
}

variable "administrators" {
  type        = set(string)
  description = "ARNs of the roles and users who administer the key, and cannot use it. Whoever applies this must be one of them: KMS refuses a key whose policy locks its maker out."

  validation {
    condition     = length(var.administrators) > 0
    error_message = "A key without an administrator can never be changed again: name one."
  }

  validation {
    condition     = alltrue([for arn in var.administrators : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[^*]+$", arn))])
    error_message = "An administrator is a role or a user, by the whole ARN."
  }
}

variable "services" {
  type        = set(string)
  description = "Services of AWS through which the account's principals may use the key, as kms:ViaService names them."
  default     = ["ecr", "elasticache", "elasticfilesystem", "rds", "s3", "secretsmanager", "sqs"]
}

variable "log_group_prefix" {
  type        = string
  description = "What names of the log groups begin with that CloudWatch Logs may encrypt, as /airflow."
}

variable "further_log_group_prefixes" {
  type        = list(string)
  description = "The same of log groups that services of AWS name, as /aws/rds/instance/airflow."
  default     = []
}

variable "direct_users" {
  type        = set(string)
  description = "ARNs, or patterns of them, of roles that may decrypt with no service between, as sessions of ECS Exec do."
  default     = []
}

variable "deletion_window_days" {
  type        = number
  description = "Days for which a key that is to be deleted can be had back."
  default     = 30

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "KMS waits 7 to 30 days."
  }
}
