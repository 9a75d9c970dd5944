output "vpc_id" {
  description = "The VPC's id."
  value       = module.network.vpc_id
}

output "subnet_ids" {
  description = "The private subnets."
  value       = module.network.subnet_ids
}

output "security_group_ids" {
  description = "The services' security groups."
  value       = module.network.security_group_ids
}

output "endpoint_ids" {
  description = "All endpoints: service → id."
  value       = module.network.endpoint_ids
}

output "key_arn" {
  description = "The key that encrypts everything."
  value       = module.encryption.key_arn
}

output "repository_url" {
  description = "The repository of images: airlock push --to it."
  value       = module.registry.url
}

output "bucket_names" {
  description = "The buckets: dags and logs."
  value       = module.storage.bucket_names
}

output "log_group_prefix" {
  description = "What names of all log groups begin with."
  value       = local.log_group_prefix
}
