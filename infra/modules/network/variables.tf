variable "name" {
  type        = string
  description = "What the network belongs to; begins the names of all that is made here."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "A name has 2 to 32 small letters, digits and dashes, and begins with a letter."
  }
}

variable "region" {
  type        = string
  description = "The region of the network."
}

variable "account_id" {
  type        = string
  description = "The account whose principals may pass the endpoints, twelve digits."

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account has twelve digits."
  }
}

variable "partition" {
  type        = string
  description = "The partition of the region, as ARNs begin."
  default     = "aws"
}

variable "cidr" {
  type        = string
  description = "The VPC's addresses, /16 to /24; each availability zone gets a sixteenth."
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 24, false)
    error_message = "The VPC's addresses are a range of IPv4 from /16 to /24."
  }
}

variable "availability_zones" {
  type        = list(string)
  description = "The zones that the network is in; each has a subnet, and an address of each interface endpoint, which is billed by the zone."

  validation {
    condition     = length(distinct(var.availability_zones)) == length(var.availability_zones)
    error_message = "A zone is named twice."
  }

  validation {
    condition     = length(var.availability_zones) >= 2 && length(var.availability_zones) <= 6
    error_message = "Two to six zones: with one, what fails there takes all with it, and a database has no subnet group."
  }

  validation {
    condition     = alltrue([for zone in var.availability_zones : startswith(zone, var.region)])
    error_message = "A zone is not in the region."
  }
}

variable "interface_endpoints" {
  type        = map(string)
  description = "The interface endpoints: service → the name that its endpoint is made by (module endpoints)."
}

variable "gateway_endpoints" {
  type        = map(string)
  description = "The gateway endpoints: service → the name that its endpoint is made by (module endpoints)."

  validation {
    condition     = contains(keys(var.gateway_endpoints), "s3")
    error_message = "Without the gateway of s3 no image can be pulled: ECR keeps layers there."
  }
}

variable "services" {
  type        = set(string)
  description = "Services whose tasks run here; each has a security group."
}

variable "bucket_arns" {
  type        = list(string)
  description = "The buckets that tasks may reach; the gateway of s3 lets through to no other, but ECR's layers."

  validation {
    condition     = alltrue([for arn in var.bucket_arns : can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9.-]+$", arn))])
    error_message = "A bucket is named by its whole ARN, without wildcards and without a path."
  }
}

variable "kms_key_arn" {
  type        = string
  description = "The key that encrypts the flow logs."
}

variable "log_group_prefix" {
  type        = string
  description = "What the name of the flow logs' group begins with, as /airflow."
}

variable "flow_log_retention_days" {
  type        = number
  description = "Days for which flow logs are kept."
  default     = 365
}
