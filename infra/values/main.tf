# Values of the secrets that infra/example names, made by Secrets Manager and written where they belong. They pass
# through the memory of this run: no state and no plan has them. Run it once, after the secrets are there; a higher
# `generation` makes new ones, which tasks have from their next start.

ephemeral "aws_secretsmanager_random_password" "this" {
  for_each = local.secrets

  password_length     = 48
  exclude_punctuation = true # the broker's stands in a URL
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each = local.secrets

  secret_id                = "${var.name}/${each.key}"
  secret_string_wo         = local.values[each.key]
  secret_string_wo_version = var.generation
}

# Read back: should a run end halfway, the next one makes another password, and this would be of a third.
ephemeral "aws_secretsmanager_secret_version" "broker_password" {
  count = var.broker_host == "" ? 0 : 1

  secret_id  = aws_secretsmanager_secret_version.this["broker-password"].secret_id
  version_id = aws_secretsmanager_secret_version.this["broker-password"].version_id
}

resource "aws_secretsmanager_secret_version" "broker_url" {
  count = var.broker_host == "" ? 0 : 1

  secret_id                = "${var.name}/broker-url"
  secret_string_wo         = "rediss://${var.broker_user}:${ephemeral.aws_secretsmanager_secret_version.broker_password[0].secret_string}@${var.broker_host}:${var.broker_port}/0?ssl_cert_reqs=required"
  secret_string_wo_version = var.generation
}

locals {
  random  = ["admin-password", "api-secret-key", "jwt-key"]
  secrets = toset(concat(local.random, ["fernet-key"], var.broker_host == "" ? [] : ["broker-password"]))

  passwords = { for name in local.secrets : name => ephemeral.aws_secretsmanager_random_password.this[name].random_password }

  # A Fernet key is 32 bytes in URL-safe base64.
  fernet = replace(replace(base64encode(substr(local.passwords["fernet-key"], 0, 32)), "+", "-"), "/", "_")
  values = merge(local.passwords, { "fernet-key" = local.fernet })
}
