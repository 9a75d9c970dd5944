variable "name" {
  type        = string
  description = "The deployment's name; the role's is NAME-release."
}

variable "region" {
  type        = string
  description = "The region of the deployment."
}

variable "account_id" {
  type        = string
  description = "The account of the deployment, twelve digits."
}

variable "partition" {
  type        = string
  description = "The partition of the region, as ARNs begin."
  default     = "aws"
}

variable "repository" {
  type        = string
  description = "The repository on GitHub, OWNER/NAME, whose job may take the role."

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "A repository is OWNER/NAME, without a *: anybody's would be let in."
  }
}

variable "environment" {
  type        = string
  description = "The environment of that repository; its reviewers and branches decide who releases."
  default     = "release"

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+$", var.environment))
    error_message = "An environment has letters, digits and . _ - here: a * would let any in."
  }
}

variable "oidc_provider_arn" {
  type        = string
  description = "The account's identity provider of GitHub's; null makes it."
  default     = null
}

variable "session_seconds" {
  type        = number
  description = "How long credentials last: longer than three times the timeout of airlock deploy."
  default     = 7200

  validation {
    condition     = var.session_seconds >= 3600 && var.session_seconds <= 43200
    error_message = "A session lasts 1 to 12 hours."
  }
}

variable "repository_arn" {
  type        = string
  description = "The repository of ECR that is pushed to."
}

variable "signing_key_arns" {
  type        = list(string)
  description = "Keys of KMS that sign images and releases; none where another kind of key does."
  default     = []
}

variable "cluster_name" {
  type        = string
  description = "The cluster that is deployed to."
}

variable "cluster_arn" {
  type        = string
  description = "The same cluster's ARN."
}

variable "service_names" {
  type        = list(string)
  description = "The services that are deployed."
}

variable "migration_family" {
  type        = string
  description = "Family of the task definition that migrates the database: the first service's."
}

variable "role_arns" {
  type        = list(string)
  description = "The roles of the tasks, of both kinds."
}

variable "dag_bucket_arn" {
  type        = string
  description = "The bucket of DAG releases."
}

variable "dag_prefix" {
  type        = string
  description = "The prefix that releases are published below."
  default     = "prod"
}

variable "kms_key_arn" {
  type        = string
  description = "The key of that bucket."
}
