variable "name" {
  type        = string
  description = "The deployment's name: the cluster's, and the beginning of all others."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "A name has 2 to 32 small letters, digits and dashes, and begins with a letter."
  }
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

variable "executor" {
  type        = string
  description = "AwsEcsExecutor: each task in a container of its own, started by the scheduler. CeleryExecutor: workers, a service."
  default     = "AwsEcsExecutor"

  validation {
    condition     = contains(["AwsEcsExecutor", "CeleryExecutor"], var.executor)
    error_message = "The executor is AwsEcsExecutor or CeleryExecutor."
  }
}

variable "image" {
  type        = string
  description = "The image by its digest, as airlock push prints it: a tag may lead to another one tomorrow."

  validation {
    condition     = can(regex("^[^@ ]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: REPOSITORY@sha256:DIGEST (airlock push prints it)."
  }
}

variable "architecture" {
  type        = string
  description = "Processor that the image is for: X86_64 or ARM64."
  default     = "X86_64"

  validation {
    condition     = contains(["ARM64", "X86_64"], var.architecture)
    error_message = "The architecture is X86_64 or ARM64."
  }
}

variable "platform_version" {
  type        = string
  description = "Fargate's platform version."
  default     = "1.4.0"
}

variable "repository_arn" {
  type        = string
  description = "The repository that tasks pull from, and from no other."
}

variable "vpc_id" {
  type        = string
  description = "The VPC in which the api-server has its name."
}

variable "subnet_ids" {
  type        = list(string)
  description = "Private subnets of the tasks."
}

variable "security_group_ids" {
  type        = map(string)
  description = "Service → its tasks' security group; of the workers, whatever starts them: worker."

  validation {
    condition     = length(setsubtract(["api-server", "dag-processor", "scheduler", "triggerer", "worker"], keys(var.security_group_ids))) == 0
    error_message = "Groups are wanted for api-server, dag-processor, scheduler, triggerer and worker."
  }
}

variable "ui_security_group_ids" {
  type        = map(string)
  description = "Where people come from, name → security group, as { vpn = \"sg-…\" }: they reach the api-server on 8080."
  default     = {}
}

variable "ui_prefix_list_ids" {
  type        = map(string)
  description = "Where people come from, name → customer-managed prefix list."
  default     = {}
}

variable "kms_key_arn" {
  type        = string
  description = "The customer-managed key of buckets, secrets, sessions and logs."
}

variable "log_groups" {
  type        = map(object({ name = string, arn = string }))
  description = "Log groups of the tasks, service → group; and exec: of sessions of ECS Exec."
}

variable "database" {
  type = object({
    host       = string
    port       = number
    name       = string
    username   = string
    secret_arn = string
  })
  description = "The database; its secret is JSON, and has the password as `password`."
}

variable "database_tls" {
  type        = string
  description = "require: TLS. verify-full: that of RDS's authority, too, which must be in the image (image/certificates)."
  default     = "require"

  validation {
    condition     = contains(["require", "verify-full"], var.database_tls)
    error_message = "It is require or verify-full."
  }
}

variable "secret_arns" {
  type        = map(string)
  description = "Secrets: admin-password, api-secret-key, fernet-key, jwt-key; with CeleryExecutor broker-url."
}

variable "dag_bucket" {
  type        = object({ name = string, arn = string })
  description = "The bucket of DAG releases."
}

variable "dag_prefix" {
  type        = string
  description = "The prefix that releases are published below."
  default     = "prod"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.dag_prefix))
    error_message = "A prefix neither begins nor ends with a slash."
  }
}

variable "log_bucket" {
  type        = object({ name = string, arn = string })
  description = "The bucket of the logs of Airflow's tasks."
}

variable "auth_manager" {
  type        = string
  description = "Who asks people who they are: the class of Airflow's auth manager."
  default     = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
}

variable "environment" {
  type        = map(string)
  description = "Further variables of all containers, as AIRFLOW__CORE__PARALLELISM. Nothing secret: task definitions can be read."
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.environment) : !can(regex("(PASSWORD|SECRET_KEY|JWT_SECRET|FERNET_KEY|TOKEN)$", key))])
    error_message = "Secrets belong into Secrets Manager."
  }
}

variable "dags_policy" {
  type        = string
  description = "What DAGs may do beside Airflow, a policy as JSON: of the workers' role, and of the triggerer's."
  default     = ""

  validation {
    condition     = var.dags_policy == "" || can(jsondecode(var.dags_policy).Statement)
    error_message = "A policy is JSON with a Statement."
  }
}

variable "sizes" {
  type        = map(object({ cpu = number, memory = number }))
  description = "Service → CPU units and MiB, as Fargate has them, where they differ from the module's."
  default     = {}
}

variable "counts" {
  type        = map(number)
  description = "Service → tasks, where they are not one."
  default     = {}
}

variable "exec" {
  type        = bool
  description = "Whether ECS Exec may open sessions in tasks."
  default     = false
}

variable "container_insights" {
  type        = string
  description = "Metrics of containers: disabled, enabled or enhanced. They are the cluster's and take no endpoint."
  default     = "enabled"

  validation {
    condition     = contains(["disabled", "enabled", "enhanced"], var.container_insights)
    error_message = "It is disabled, enabled or enhanced."
  }
}

variable "scratch_mb" {
  type        = object({ tmp = number, logs = number })
  description = "Memory of each task for /tmp and for logs on their way to S3, in MiB: part of the task's memory."
  default     = { tmp = 512, logs = 256 }

  validation {
    condition     = var.scratch_mb.tmp >= 64 && var.scratch_mb.logs >= 64
    error_message = "Airflow needs 64 MiB each for /tmp and for logs."
  }
}
