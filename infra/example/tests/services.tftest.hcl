# What runs, and as whom: with either executor, and what a deployment is refused for.

mock_provider "aws" {
  source = "../../scripts/airlock/verify/mocks"
}

run "ecs_executor" {
  assert {
    condition     = toset(keys(module.services.definitions)) == toset(["api-server", "dag-processor", "scheduler", "triggerer", "worker"])
    error_message = "The executor's workers have a task definition."
  }

  assert {
    condition     = !contains(module.services.service_names, "airflow-worker") && length(module.broker) == 0
    error_message = "The ECS executor has neither a service of workers nor a broker."
  }

  assert {
    condition     = contains(keys(module.endpoints.interface), "ecs") && !contains(keys(module.endpoints.interface), "ssmmessages")
    error_message = "The scheduler starts tasks by the endpoint ecs; nobody opens sessions."
  }

  assert {
    condition     = length(jsondecode(module.services.definitions["worker"])[0].secrets) == 0
    error_message = "A worker of the ECS executor holds no secret."
  }

  assert {
    condition     = alltrue([for group in keys(module.database.client_security_group_ids) : group != "worker"])
    error_message = "A worker of the ECS executor does not reach the database."
  }

  assert {
    condition     = jsondecode(module.services.definitions["scheduler"])[0].image == var.image
    error_message = "Containers run the image by its digest."
  }

  assert {
    condition = alltrue(flatten([
      for definition in values(module.services.definitions) : [
        for container in jsondecode(definition) : container.readonlyRootFilesystem && container.logConfiguration.logDriver == "awslogs"
      ]
    ]))
    error_message = "Root file systems are read-only, and logs go to CloudWatch."
  }

  assert {
    condition = alltrue([
      for service in ["api-server", "dag-processor", "scheduler", "triggerer"] :
      jsondecode(module.services.definitions[service])[0].healthCheck.command == ["CMD", "airlock-health", service]
    ])
    error_message = "Each service has the image's own health check."
  }

  assert {
    condition = alltrue(flatten([
      for statement in flatten([for policy in concat(values(module.services.policies), values(module.release[0].policies)) : jsondecode(policy).Statement]) : [
        for action in flatten([statement.Action]) : !strcontains(action, "*")
      ]
    ]))
    error_message = "No role has a * in an action."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(module.services.policies["scheduler"]).Statement :
      length(statement.Resource) == 2 && statement.Condition.StringEquals["iam:PassedToService"] == "ecs-tasks.amazonaws.com" if statement.Action == ["iam:PassRole"]
    ])
    error_message = "The scheduler passes the worker's two roles to ECS alone."
  }

  assert {
    condition = toset([
      for statement in flatten([for policy in values(module.services.policies) : jsondecode(policy).Statement]) : statement.Sid if statement.Resource == "*"
    ]) == toset(["Token"])
    error_message = "Only the token of ECR, which knows no resource, is of all resources."
  }

  assert {
    condition     = toset(keys(module.secrets.arns)) == toset(["admin-password", "api-secret-key", "fernet-key", "jwt-key"])
    error_message = "There are the secrets that services name, and no others."
  }
}

run "celery_executor" {
  variables {
    executor = "CeleryExecutor"
    exec     = true
  }

  assert {
    condition     = contains(module.services.service_names, "airflow-worker") && length(module.broker) == 1
    error_message = "Celery has a service of workers, and a broker."
  }

  assert {
    condition     = !contains(keys(module.endpoints.interface), "ecs") && !contains(keys(module.endpoints.interface), "sqs")
    error_message = "Celery over Valkey needs neither ecs nor sqs."
  }

  assert {
    condition     = length(setsubtract(["kms", "ssmmessages"], keys(module.endpoints.interface))) == 0
    error_message = "Sessions of ECS Exec need ssmmessages, and kms for their key."
  }

  assert {
    condition     = jsondecode(module.services.definitions["worker"])[0].command == ["celery", "worker"] && jsondecode(module.services.definitions["worker"])[0].healthCheck.command == ["CMD", "airlock-health", "worker"]
    error_message = "A worker is Celery's, and is asked for its health."
  }

  assert {
    condition     = contains([for secret in jsondecode(module.services.definitions["worker"])[0].secrets : secret.name], "AIRFLOW__CELERY__BROKER_URL")
    error_message = "Workers have the broker from its secret."
  }

  assert {
    condition     = !strcontains(jsonencode(module.services.policies), "ecs:RunTask")
    error_message = "With Celery nobody starts tasks."
  }

  assert {
    condition     = startswith(module.broker[0].open_command, "aws elasticache modify-user --region eu-west-1 --user-id airflow ")
    error_message = "The broker's user is opened by one command."
  }
}

run "a_tag_is_refused" {
  command = plan

  variables {
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/airflow:latest"
  }

  expect_failures = [var.image]
}

run "anybodys_repository_is_refused" {
  command = plan

  variables {
    github_repository = "example/*"
  }

  expect_failures = [var.github_repository]
}

run "without_a_repository_no_role_releases" {
  variables {
    github_repository = ""
  }

  assert {
    condition     = length(module.release) == 0
    error_message = "Without a repository there is no role for it."
  }
}
