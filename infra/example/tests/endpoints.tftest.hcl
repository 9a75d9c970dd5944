# The names of endpoints, and what is refused.
mock_provider "aws" {}

run "a_name_has_the_region" {
  command = plan

  module {
    source = "../modules/endpoints"
  }

  variables {
    region = "eu-west-1"
    needs  = ["fargate"]
  }

  assert {
    condition = output.interface == {
      "ecr.api" = "com.amazonaws.eu-west-1.ecr.api"
      "ecr.dkr" = "com.amazonaws.eu-west-1.ecr.dkr"
      "logs"    = "com.amazonaws.eu-west-1.logs"
    }
    error_message = "Interface endpoints: ${jsonencode(output.interface)}."
  }

  assert {
    condition     = output.gateway == { "s3" = "com.amazonaws.eu-west-1.s3" } && output.partition == "aws"
    error_message = "Gateway endpoints: ${jsonencode(output.gateway)}."
  }
}

run "in_china_some_names_begin_otherwise" {
  command = plan

  module {
    source = "../modules/endpoints"
  }

  variables {
    region = "cn-north-1"
    needs  = ["fargate", "secrets_manager"]
  }

  assert {
    condition     = output.interface["ecr.api"] == "cn.com.amazonaws.cn-north-1.ecr.api" && output.interface["secretsmanager"] == "com.amazonaws.cn-north-1.secretsmanager"
    error_message = "Interface endpoints: ${jsonencode(output.interface)}."
  }

  assert {
    condition     = output.partition == "aws-cn"
    error_message = "ARNs in China begin arn:aws-cn."
  }
}

run "a_global_service_has_its_endpoint_where_it_is" {
  command = plan

  module {
    source = "../modules/endpoints"
  }

  variables {
    region   = "us-east-1"
    needs    = []
    services = ["iam"]
  }

  assert {
    condition     = output.interface == { "iam" = "com.amazonaws.iam" }
    error_message = "Interface endpoints: ${jsonencode(output.interface)}."
  }
}

run "a_global_service_is_refused_elsewhere" {
  command = plan

  module {
    source = "../modules/endpoints"
  }

  variables {
    region   = "eu-west-1"
    needs    = []
    services = ["iam"]
  }

  expect_failures = [var.services]
}

run "an_unknown_service_is_refused" {
  command = plan

  module {
    source = "../modules/endpoints"
  }

  variables {
    region   = "eu-west-1"
    needs    = []
    services = ["gleu"]
  }

  expect_failures = [var.services]
}

run "an_unknown_need_is_refused" {
  command = plan

  module {
    source = "../modules/endpoints"
  }

  variables {
    region = "eu-west-1"
    needs  = ["lunch"]
  }

  expect_failures = [var.needs]
}
