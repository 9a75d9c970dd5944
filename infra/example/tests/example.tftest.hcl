# What follows from what a deployment is, on mocked runs: without AWS, and without a network.
mock_provider "aws" {
  source = "../../scripts/airlock/verify/mocks"
}

run "all_of_it_can_be_applied" {
  variables {
    executor    = "CeleryExecutor"
    exec        = true
    file_system = true
  }

  assert {
    condition     = length(distinct(module.network.subnet_ids)) == length(var.availability_zones)
    error_message = "Each zone has a subnet of its own."
  }
}

run "the_ecs_executor_needs_the_endpoint_of_ecs" {
  command = plan

  assert {
    condition     = toset(keys(module.network.endpoint_ids)) == toset(["ecr.api", "ecr.dkr", "ecs", "logs", "s3", "secretsmanager"])
    error_message = "Endpoints: ${join(", ", keys(module.network.endpoint_ids))}."
  }

  assert {
    condition     = toset(keys(module.network.security_group_ids)) == local.services
    error_message = "Groups: ${join(", ", keys(module.network.security_group_ids))}."
  }
}

run "celery_needs_none_of_ecs" {
  command = plan

  variables {
    executor = "CeleryExecutor"
  }

  assert {
    condition     = !contains(keys(module.network.endpoint_ids), "ecs")
    error_message = "Without the ECS executor nobody calls ECS."
  }
}

run "ecs_exec_needs_its_channel_and_the_key" {
  command = plan

  variables {
    exec = true
  }

  assert {
    condition     = length(setsubtract(["kms", "ssmmessages"], keys(module.network.endpoint_ids))) == 0
    error_message = "Endpoints: ${join(", ", keys(module.network.endpoint_ids))}."
  }
}

run "what_dags_talk_to_has_an_endpoint" {
  command = plan

  variables {
    further_endpoints = ["glue", "dynamodb"]
  }

  assert {
    condition     = module.endpoints.interface["glue"] == "com.amazonaws.eu-west-1.glue" && contains(keys(module.endpoints.gateway), "dynamodb")
    error_message = "Operators of Glue and DynamoDB hang without an endpoint."
  }
}

run "an_unknown_executor_is_refused" {
  command = plan

  variables {
    executor = "KubernetesExecutor"
  }

  expect_failures = [var.executor]
}
