variable "name" {
  type        = string
  description = "What the storage belongs to; begins the names of all that is made here."
}

variable "account_id" {
  type        = string
  description = "The account, twelve digits; ends the buckets' names."
}

variable "partition" {
  type        = string
  description = "The partition of the region, as ARNs begin."
  default     = "aws"
}

variable "kms_key_arn" {
  type        = string
  description = "The key that encrypts everything here."
}

variable "noncurrent_days" {
  type        = number
  description = "Days for which former versions of objects are kept."
  default     = 90

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "A former version is kept for a day at least."
  }
}

variable "force_destroy" {
  type        = bool
  description = "Whether the buckets are deleted with what is in them."
  default     = false
}

variable "file_system" {
  type        = bool
  description = "Whether there is an EFS for DAGs and logs, beside the buckets."
  default     = false
}

variable "vpc_id" {
  type        = string
  description = "The VPC that the file system is reached from."
}

variable "subnets" {
  type        = map(string)
  description = "The subnets that the file system has a mount target in: zone → id."
}

variable "client_security_group_ids" {
  type        = map(string)
  description = "The security groups of those who mount the file system: service → id."
  default     = {}
}

variable "client_role_arns" {
  type        = list(string)
  description = "The task roles of those who mount the file system; nobody else may."
  default     = []

  validation {
    condition     = !var.file_system || length(var.client_role_arns) > 0
    error_message = "A file system that no role may mount is of no use: name the task roles."
  }
}
