variable "name" {
  type        = string
  description = "The deployment's name; begins the names of all that is made."
  default     = "airflow"
}

variable "region" {
  type        = string
  description = "The region of the deployment."
}

variable "account_id" {
  type        = string
  description = "The account of the deployment, twelve digits; credentials of another are refused."
}

variable "administrators" {
  type        = set(string)
  description = "ARNs of the roles and users who administer the key; whoever applies this must be one of them."
}

variable "availability_zones" {
  type        = list(string)
  description = "Two to six zones of the region. Interface endpoints are billed by the zone."
}

variable "cidr" {
  type        = string
  description = "The VPC's addresses, /16 to /24."
  default     = "10.0.0.0/16"
}

variable "executor" {
  type        = string
  description = "The executor: AwsEcsExecutor or CeleryExecutor."
  default     = "AwsEcsExecutor"

  validation {
    condition     = contains(["AwsEcsExecutor", "CeleryExecutor"], var.executor)
    error_message = "The executor is AwsEcsExecutor or CeleryExecutor."
  }
}

variable "exec" {
  type        = bool
  description = "Whether ECS Exec may open sessions in tasks; it needs two endpoints more."
  default     = false
}

variable "further_endpoints" {
  type        = set(string)
  description = "Services that operators and hooks of DAGs talk to: glue, states, … (airlock check names them)."
  default     = []
}

variable "further_bucket_arns" {
  type        = list(string)
  description = "Buckets that DAGs use, beside the deployment's own."
  default     = []
}

variable "file_system" {
  type        = bool
  description = "Whether there is an EFS, beside the buckets."
  default     = false
}

variable "force_destroy" {
  type        = bool
  description = "Whether buckets are deleted with what is in them."
  default     = false
}

variable "image" {
  type        = string
  description = "The image by its digest, as airlock push prints it."

  validation {
    condition     = can(regex("^[^@ ]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: REPOSITORY@sha256:DIGEST (airlock push prints it)."
  }
}

variable "architecture" {
  type        = string
  description = "Processor that the image is for: X86_64 or ARM64."
  default     = "X86_64"
}

variable "ui_security_group_ids" {
  type        = map(string)
  description = "Where people come from to the UI, name → security group, as a VPN's."
  default     = {}
}

variable "ui_prefix_list_ids" {
  type        = map(string)
  description = "Where people come from to the UI, name → customer-managed prefix list."
  default     = {}
}

variable "dags_policy" {
  type        = string
  description = "What DAGs may do beside Airflow, a policy as JSON."
  default     = ""
}

variable "database_multi_az" {
  type        = bool
  description = "Whether a standby of the database takes over in another zone."
  default     = true
}

variable "database_password_days" {
  type        = number
  description = "Days after which the database's password changes; 7 is RDS's own habit."
  default     = 90
}

variable "deletion_protection" {
  type        = bool
  description = "Whether deleting the database is refused. Without it nothing of it is left, neither a snapshot nor backups."
  default     = true
}

variable "secret_recovery_days" {
  type        = number
  description = "Days for which deleted secrets can be had back; 0 deletes at once."
  default     = 30
}

variable "github_repository" {
  type        = string
  description = "The repository on GitHub, OWNER/NAME, whose environment release may push, deploy and sync; empty for none."
  default     = ""

  validation {
    condition     = can(regex("^([A-Za-z0-9-]+/[A-Za-z0-9._-]+)?$", var.github_repository))
    error_message = "A repository is OWNER/NAME, without a *: anybody's would be let in."
  }
}

variable "oidc_provider_arn" {
  type        = string
  description = "The account's identity provider of GitHub's, of which it can have one; null makes it."
  default     = null
}

variable "signing_key_arns" {
  type        = list(string)
  description = "Keys of KMS that sign images and releases."
  default     = []
}
