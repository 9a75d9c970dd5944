variable "groups" {
  type        = set(string)
  description = "The names of the log groups, whole."

  validation {
    condition     = alltrue([for name in var.groups : can(regex("^[A-Za-z0-9_/.#-]{1,512}$", name))])
    error_message = "A log group's name has letters, digits and _ / . # - alone."
  }
}

variable "kms_key_arn" {
  type        = string
  description = "The key that encrypts them; its policy must name CloudWatch Logs and these groups."
}

variable "retention_days" {
  type        = number
  description = "Days for which logs are kept."
  default     = 365

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}
