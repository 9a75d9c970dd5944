variable "name" {
  type        = string
  description = "The deployment's name, as infra/example has it."
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

variable "generation" {
  type        = number
  description = "Which generation of values this is: a higher number makes new ones. Of a new Fernet key, what the old one encrypted must be rotated first."
  default     = 1
}

variable "broker_host" {
  type        = string
  description = "Celery's broker (output broker_host of the example); empty where there is none."
  default     = ""
}

variable "broker_port" {
  type        = number
  description = "The broker's port."
  default     = 6379
}

variable "broker_user" {
  type        = string
  description = "The broker's user (output broker_user of the example)."
  default     = "airflow"
}
