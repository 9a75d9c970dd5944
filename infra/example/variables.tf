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
