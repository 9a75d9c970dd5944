variable "name" {
  type        = string
  description = "What the secrets belong to; their names are NAME/SECRET."
}

variable "secrets" {
  type        = map(string)
  description = "The secrets: name → description."

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[a-z][a-z0-9-]+$", name))])
    error_message = "A secret's name has small letters, digits and hyphens, and begins with a letter."
  }
}

variable "readers" {
  type        = map(list(string))
  description = "Who may read a secret, by the ARNs of roles: secret → roles. All others are denied."

  validation {
    condition     = alltrue([for arns in values(var.readers) : alltrue([for arn in arns : !strcontains(arn, "*")])])
    error_message = "Readers are named by their whole ARNs, without a *."
  }
}

variable "nobody" {
  type        = string
  description = "The ARN of a role that there is not: of a secret without readers."
  default     = "arn:aws:iam::000000000000:role/nobody"
}

variable "kms_key_arn" {
  type        = string
  description = "The customer-managed key that encrypts them."
}

variable "recovery_days" {
  type        = number
  description = "Days for which a deleted secret can be had back; 0 deletes at once, so that the name is free."
  default     = 30

  validation {
    condition     = var.recovery_days == 0 || (var.recovery_days >= 7 && var.recovery_days <= 30)
    error_message = "Secrets Manager waits 7 to 30 days, or not at all (0)."
  }
}
