locals {
  # The root file system is read-only: Airflow writes here alone, in memory of the task. A volume would be root's, and
  # closed to the image's user, unless the image declared it (https://github.com/aws/containers-roadmap/issues/938);
  # a tmpfs keeps the mode and group of the folder in the image. Fargate has them since 2026-01.
  memory = merge(
    { "/tmp" = var.scratch_mb.tmp, "/opt/airflow/logs" = var.scratch_mb.logs },
    # The agent of ECS Exec writes here, and sessions fail where it cannot.
    var.exec ? { "/var/lib/amazon" = 16, "/var/log/amazon" = 16 } : {},
  )

  # docs/health.md. The worker of the ECS executor is a task that ends: nobody asks for its health.
  commands = {
    "api-server"    = ["api-server"]
    "dag-processor" = ["dag-processor"]
    "scheduler"     = ["scheduler"]
    "triggerer"     = ["triggerer"]
    "worker"        = local.celery ? ["celery", "worker"] : ["version"]
  }
  stop_timeouts = { "scheduler" = 60, "worker" = 120 }

  # Host → container, below the api-server's name.
  api_url = "http://api-server.${local.namespace}:${local.port}"

  sizes = merge({
    "api-server"    = { cpu = 1024, memory = 3072 }
    "dag-processor" = { cpu = 1024, memory = 2048 }
    "scheduler"     = { cpu = 1024, memory = 2048 }
    "triggerer"     = { cpu = 512, memory = 2048 }
    "worker"        = { cpu = 1024, memory = 2048 }
  }, var.sizes)

  containers = {
    for task in local.tasks : task => merge(
      {
        name                   = task
        image                  = var.image
        command                = local.commands[task]
        essential              = true
        readonlyRootFilesystem = true
        stopTimeout            = lookup(local.stop_timeouts, task, 30)
        environment            = [for key, value in local.environment[task] : { name = key, value = value }]
        secrets                = [for key, value in local.secrets[task] : { name = key, valueFrom = value }]
        portMappings           = task == "api-server" ? [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }] : []
        linuxParameters = {
          capabilities = { drop = ["ALL"] }
          tmpfs        = [for path, megabytes in local.memory : { containerPath = path, size = megabytes }]
        }
        logConfiguration = {
          logDriver = "awslogs"
          options = {
            awslogs-group         = var.log_groups[task].name
            awslogs-region        = var.region
            awslogs-stream-prefix = task
          }
        }
      },
      contains(local.services, task) ? {
        healthCheck = {
          command     = ["CMD", "airlock-health", task]
          interval    = 10
          timeout     = 10
          retries     = 3
          startPeriod = 120
        }
      } : {},
    )
  }
}

resource "aws_ecs_task_definition" "this" {
  for_each = local.tasks

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = local.sizes[each.key].cpu
  memory                   = local.sizes[each.key].memory
  execution_role_arn       = aws_iam_role.execution[each.key].arn
  task_role_arn            = aws_iam_role.task[each.key].arn
  container_definitions    = jsonencode([local.containers[each.key]])

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }
}
