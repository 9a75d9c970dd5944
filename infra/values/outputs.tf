output "written" {
  description = "Names of the secrets that have a value now."
  value       = sort([for name in concat(tolist(local.secrets), var.broker_host == "" ? [] : ["broker-url"]) : "${var.name}/${name}"])
}
