# Where Airflow runs: a cluster of Fargate tasks without public addresses, and the name by which they find the
# api-server: in a private zone of the VPC, which its own resolver answers.

locals {
  services  = toset(concat(["api-server", "dag-processor", "scheduler", "triggerer"], local.celery ? ["worker"] : []))
  tasks     = setunion(local.services, ["worker"])
  celery    = var.executor == "CeleryExecutor"
  namespace = "${var.name}.internal"
  port      = 8080
}

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = var.container_insights
  }

  # Of sessions of ECS Exec, whether or not services allow any.
  configuration {
    execute_command_configuration {
      kms_key_id = var.kms_key_arn
      logging    = "OVERRIDE"

      log_configuration {
        cloud_watch_encryption_enabled = true
        cloud_watch_log_group_name     = var.log_groups["exec"].name
      }
    }
  }

  depends_on = [aws_cloudwatch_log_group.insights]
}

# ECS would make it itself, without our key and for ever.
resource "aws_cloudwatch_log_group" "insights" {
  count = var.container_insights == "disabled" ? 0 : 1

  name              = "/aws/ecs/containerinsights/${var.name}/performance"
  retention_in_days = 30
  kms_key_id        = var.kms_key_arn
}

resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = local.namespace
  description = "Services of ${var.name}"
  vpc         = var.vpc_id
}

resource "aws_service_discovery_service" "api_server" {
  name        = "api-server"
  description = "The api-server's tasks"

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.this.id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }

  # ECS tells who is healthy, by the containers' own checks.
  health_check_custom_config {
    failure_threshold = 1
  }

  lifecycle {
    ignore_changes = [health_check_custom_config] # AWS has deprecated the number, and answers 1 for any
  }
}

# Terraform makes the services, `airlock deploy` moves the image: it migrates the database first, and takes everything
# back where that does not work. So a new revision of Terraform's is not a deployment (docs/deploy.md).
resource "aws_ecs_service" "this" {
  for_each = local.services

  name             = "${var.name}-${each.key}"
  cluster          = aws_ecs_cluster.this.arn
  task_definition  = aws_ecs_task_definition.this[each.key].arn
  desired_count    = lookup(var.counts, each.key, 1)
  launch_type      = "FARGATE"
  platform_version = var.platform_version

  enable_execute_command  = var.exec
  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"

  availability_zone_rebalancing = "ENABLED"

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.security_group_ids[each.key]]
    assign_public_ip = false
  }

  dynamic "service_registries" {
    for_each = each.key == "api-server" ? [aws_service_discovery_service.api_server.arn] : []

    content {
      registry_arn = service_registries.value
    }
  }

  lifecycle {
    ignore_changes = [task_definition]
  }

  # What a task does in its first second, its roles must allow.
  depends_on = [aws_iam_role_policy.execution, aws_iam_role_policy.task]
}
