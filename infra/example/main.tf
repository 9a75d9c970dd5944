# Airflow on Fargate without NAT, whole: put your values into example.auto.tfvars. Endpoints,
# security groups and roles follow from what the deployment is.

# What the deployment is, in one place: all below is derived from it.
locals {
  celery = var.executor == "CeleryExecutor"

  # Each has a security group.
  services = toset(["api-server", "dag-processor", "scheduler", "triggerer", "worker"])

  needs = toset(concat(
    ["fargate", "s3_bundle", "s3_logs", "secrets_manager"],
    local.celery ? [] : ["ecs"],
    var.exec ? ["ecs_exec", "keys"] : [], # a session under a customer key asks KMS for it
  ))

  log_group_prefix = "/${var.name}"

  # infra/values writes their values.
  secrets = merge(
    {
      "admin-password" = "Of Airflow's first user, admin"
      "api-secret-key" = "Signs sessions, and requests for logs"
      "fernet-key"     = "Encrypts connections and variables in the database"
      "jwt-key"        = "Signs the tokens of tasks and people"
    },
    local.celery ? {
      "broker-password" = "Of the broker's user"
      "broker-url"      = "The broker with user and password"
    } : {},
  )
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

  name                       = var.name
  region                     = var.region
  account_id                 = var.account_id
  partition                  = module.endpoints.partition
  administrators             = var.administrators
  log_group_prefix           = local.log_group_prefix
  further_log_group_prefixes = ["/aws/ecs/containerinsights/${var.name}", "/aws/rds/instance/${var.name}"]
  direct_users               = var.exec ? ["arn:${module.endpoints.partition}:iam::${var.account_id}:role/${var.name}-*"] : []
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
  client_role_arns          = values(module.services.task_role_arns)
}

module "logs" {
  source = "../modules/logs"

  groups      = [for service in setunion(local.services, ["exec"]) : "${local.log_group_prefix}/${service}"]
  kms_key_arn = module.encryption.key_arn
}

module "database" {
  source = "../modules/database"

  name                = var.name
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.subnet_ids
  kms_key_arn         = module.encryption.key_arn
  deletion_protection = var.deletion_protection
  multi_az            = var.database_multi_az
  password_days       = var.database_password_days

  # With the ECS executor workers speak to the api-server alone.
  client_security_group_ids = {
    for service, group in module.network.security_group_ids : service => group if service != "worker" || local.celery
  }
}

module "broker" {
  source = "../modules/broker"
  count  = local.celery ? 1 : 0

  name                 = var.name
  region               = var.region
  vpc_id               = module.network.vpc_id
  subnet_ids           = module.network.subnet_ids
  kms_key_arn          = module.encryption.key_arn
  password_secret_name = module.secrets.names["broker-password"]

  client_security_group_ids = {
    for service, group in module.network.security_group_ids : service => group if contains(["scheduler", "worker"], service)
  }
}

module "secrets" {
  source = "../modules/secrets"

  name          = var.name
  kms_key_arn   = module.encryption.key_arn
  secrets       = local.secrets
  recovery_days = var.secret_recovery_days

  # Who opens the broker gives it the password that only the secret has.
  readers = merge(module.services.readers, local.celery ? { "broker-password" = sort(var.administrators) } : {})
}

# What runs

module "services" {
  source = "../modules/services"

  name           = var.name
  region         = var.region
  account_id     = var.account_id
  partition      = module.endpoints.partition
  executor       = var.executor
  image          = var.image
  architecture   = var.architecture
  repository_arn = module.registry.arn
  exec           = var.exec

  vpc_id                = module.network.vpc_id
  subnet_ids            = module.network.subnet_ids
  security_group_ids    = module.network.security_group_ids
  ui_security_group_ids = var.ui_security_group_ids
  ui_prefix_list_ids    = var.ui_prefix_list_ids

  kms_key_arn = module.encryption.key_arn
  log_groups = {
    for service in setunion(local.services, ["exec"]) : service => {
      name = "${local.log_group_prefix}/${service}"
      arn  = module.logs.arns["${local.log_group_prefix}/${service}"]
    }
  }

  database = {
    host       = module.database.host
    port       = module.database.port
    name       = module.database.name
    username   = module.database.username
    secret_arn = module.database.secret_arn
  }
  secret_arns = module.secrets.arns
  dag_bucket  = { name = module.storage.bucket_names["dags"], arn = module.storage.bucket_arns["dags"] }
  log_bucket  = { name = module.storage.bucket_names["logs"], arn = module.storage.bucket_arns["logs"] }
  dags_policy = var.dags_policy
}

# Who releases

module "release" {
  source = "../modules/release"
  count  = var.github_repository == "" ? 0 : 1

  name              = var.name
  region            = var.region
  account_id        = var.account_id
  partition         = module.endpoints.partition
  repository        = var.github_repository
  oidc_provider_arn = var.oidc_provider_arn
  repository_arn    = module.registry.arn
  signing_key_arns  = var.signing_key_arns
  cluster_name      = module.services.cluster_name
  cluster_arn       = module.services.cluster_arn
  service_names     = module.services.service_names
  migration_family  = module.services.families["api-server"]
  role_arns         = module.services.role_arns
  dag_bucket_arn    = module.storage.bucket_arns["dags"]
  kms_key_arn       = module.encryption.key_arn
}
