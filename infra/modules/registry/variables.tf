variable "name" {
  type        = string
  description = "The repository's name, as airflow."

  validation {
    condition     = can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.name)) && length(var.name) <= 256
    error_message = "A repository's name has small letters and digits, with single . _ / - between, and at most 256 characters."
  }
}

variable "kms_key_arn" {
  type        = string
  description = "The key that encrypts the images; a repository has it since its creation."
}

variable "keep" {
  type        = number
  description = "How many images are kept, as keep of [tool.airlock.push]."
  default     = 30

  validation {
    condition     = var.keep >= 1 && var.keep <= 1000
    error_message = "At least one image is kept, at most 1000."
  }
}
