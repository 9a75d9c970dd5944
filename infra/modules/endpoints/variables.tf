variable "region" {
  type        = string
  description = "The region whose endpoints are named, as eu-west-1."

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "A region is written as eu-west-1."
  }
}

variable "needs" {
  type        = set(string)
  description = "What the deployment needs, by the names that table.json gives them: fargate, s3_bundle, secrets_manager, ecs, …"

  validation {
    condition     = length(setsubtract(var.needs, local.known_needs)) == 0
    error_message = "Unknown needs: ${join(", ", setsubtract(var.needs, local.known_needs))}. Known: ${join(", ", local.known_needs)}."
  }
}

variable "services" {
  type        = set(string)
  description = "Services that need an endpoint beside those, for operators and hooks, as AWS names their endpoints: glue, states, sagemaker.api, …"
  default     = []

  validation {
    condition     = length(setsubtract(var.services, local.known_services)) == 0
    error_message = "Unknown endpoints: ${join(", ", setsubtract(var.services, local.known_services))}. Known: ${join(", ", local.known_services)}."
  }

  validation {
    condition     = length([for one in var.services : one if lookup(local.elsewhere, one, "") != ""]) == 0
    error_message = "Not to be had in ${var.region}: ${join(", ", [for one in var.services : "${one} (in ${local.elsewhere[one]} alone)" if lookup(local.elsewhere, one, "") != ""])}."
  }
}
