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

output "cluster_name" {
  description = "The cluster: [tool.airlock.deploy] cluster."
  value       = module.services.cluster_name
}

output "service_names" {
  description = "The services, in the order of [tool.airlock.deploy] services."
  value       = module.services.service_names
}

output "dags_location" {
  description = "Where releases of DAGs go: [tool.airlock.sync] to."
  value       = "s3://${module.storage.bucket_names["dags"]}/prod"
}

output "database_host" {
  description = "The database's name in the VPC."
  value       = module.database.host
}

output "broker_host" {
  description = "The broker's name in the VPC, for infra/values; empty with the ECS executor."
  value       = one(module.broker[*].host) == null ? "" : one(module.broker[*].host)
}

output "broker_user" {
  description = "The broker's user, for infra/values; empty with the ECS executor."
  value       = one(module.broker[*].username) == null ? "" : one(module.broker[*].username)
}

output "broker_open_command" {
  description = "What gives the broker its password, after infra/values; empty with the ECS executor."
  value       = one(module.broker[*].open_command) == null ? "" : one(module.broker[*].open_command)
}

output "release_role_arn" {
  description = "The release job's role; empty where there is none."
  value       = one(module.release[*].role_arn) == null ? "" : one(module.release[*].role_arn)
}
