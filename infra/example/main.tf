# What the deployment is, in one place: all below is derived from it.
locals {
  celery = var.executor == "CeleryExecutor"

  # Each has a security group.
  services = toset(concat(["api-server", "dag-processor", "scheduler", "triggerer"], [local.celery ? "worker" : "task"]))

  needs = toset(concat(
    ["fargate", "s3_bundle", "s3_logs", "secrets_manager"],
    local.celery ? [] : ["ecs"],
    var.exec ? ["ecs_exec", "keys"] : [], # a session under a customer key asks KMS for it
  ))

  log_group_prefix = "/${var.name}"
}

# The network

module "endpoints" {
  source = "../modules/endpoints"

  region   = var.region
  needs    = local.needs
  services = var.further_endpoints
}

module "network" {
  source = "../modules/network"

  name                = var.name
  region              = var.region
  account_id          = var.account_id
  partition           = module.endpoints.partition
  cidr                = var.cidr
  availability_zones  = var.availability_zones
  interface_endpoints = module.endpoints.interface
  gateway_endpoints   = module.endpoints.gateway
  services            = local.services
  bucket_arns         = concat(values(module.storage.bucket_arns), var.further_bucket_arns)
  kms_key_arn         = module.encryption.key_arn
  log_group_prefix    = local.log_group_prefix
}

# What is kept

module "encryption" {
  source = "../modules/encryption"

  name             = var.name
  region           = var.region
  account_id       = var.account_id
  partition        = module.endpoints.partition
  administrators   = var.administrators
  log_group_prefix = local.log_group_prefix
  direct_users     = var.exec ? ["arn:${module.endpoints.partition}:iam::${var.account_id}:role/${var.name}-*"] : []
}

module "registry" {
  source = "../modules/registry"

  name        = var.name
  kms_key_arn = module.encryption.key_arn
}

module "storage" {
  source = "../modules/storage"

  name                      = var.name
  account_id                = var.account_id
  partition                 = module.endpoints.partition
  kms_key_arn               = module.encryption.key_arn
  force_destroy             = var.force_destroy
  file_system               = var.file_system
  vpc_id                    = module.network.vpc_id
  subnets                   = module.network.subnets
  client_security_group_ids = module.network.security_group_ids
  client_role_arns          = []
}

module "logs" {
  source = "../modules/logs"

  groups      = [for service in local.services : "${local.log_group_prefix}/${service}"]
  kms_key_arn = module.encryption.key_arn
}
