output "interface" {
  description = "The interface endpoints: service → the name that its endpoint is made by."
  value       = { for service, name in local.names : service => name if local.table.endpoints[service].type == "Interface" }
}

output "gateway" {
  description = "The gateway endpoints: service → the name that its endpoint is made by."
  value       = { for service, name in local.names : service => name if local.table.endpoints[service].type == "Gateway" }
}

output "partition" {
  description = "The partition that the region is in, as ARNs begin: aws, aws-cn or aws-us-gov."
  value       = local.china ? "aws-cn" : startswith(var.region, "us-gov-") ? "aws-us-gov" : "aws"
}
