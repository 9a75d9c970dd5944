variable "name" {
  type        = string
  description = "Name of the replication group, its user and its user group."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,39}$", var.name)) && !can(regex("--|-$", var.name))
    error_message = "A name has small letters, digits and single hyphens, begins with a letter, and has 40 characters at most."
  }
}

variable "region" {
  type        = string
  description = "Region, for the command that opens it."
}

variable "vpc_id" {
  type        = string
  description = "The VPC of the security group."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets."
}

variable "client_security_group_ids" {
  type        = map(string)
  description = "Service → security group that may connect: the scheduler's and the workers'. Each gets the rule for its way out, too."
}

variable "kms_key_arn" {
  type        = string
  description = "The customer-managed key that it is encrypted with."
}

variable "engine_version" {
  type        = string
  description = "Valkey's version."
  default     = "8.0"

  validation {
    condition     = can(regex("^[78]\\.[0-9]+$", var.engine_version))
    error_message = "A version of Valkey is one as \"8.0\"."
  }
}

variable "node_type" {
  type        = string
  description = "Type of the nodes."
  default     = "cache.t4g.small"
}

variable "nodes" {
  type        = number
  description = "Nodes: with two or more, another one takes over in another availability zone."
  default     = 2

  validation {
    condition     = var.nodes >= 1 && var.nodes <= 6
    error_message = "A replication group of one shard has 1 to 6 nodes."
  }
}

variable "port" {
  type        = number
  description = "Port that it listens on."
  default     = 6379
}

variable "snapshot_days" {
  type        = number
  description = "Days that snapshots are kept. What waits in a queue Airflow queues again: none are needed."
  default     = 0
}

variable "password_secret_name" {
  type        = string
  description = "The secret with the broker's password, for the command that opens it."
}
