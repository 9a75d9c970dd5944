# The network has no way out, and endpoints let nobody else through.
mock_provider "aws" {
  source = "../../scripts/airlock/verify/mocks"
}

variables {
  name                = "airflow"
  interface_endpoints = { ecs = "com.amazonaws.eu-west-1.ecs", logs = "com.amazonaws.eu-west-1.logs" }
  gateway_endpoints   = { s3 = "com.amazonaws.eu-west-1.s3" }
  services            = ["scheduler", "worker"]
  bucket_arns         = ["arn:aws:s3:::airflow-dags-123456789012"]
  kms_key_arn         = "arn:aws:kms:eu-west-1:123456789012:key/mock"
  log_group_prefix    = "/airflow"
}

run "there_is_no_way_out" {
  module {
    source = "../modules/network"
  }

  assert {
    condition     = length(aws_default_route_table.this.route) == 0 && try(length(aws_route_table.private.route), 0) == 0
    error_message = "No route table has a route of its own."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : !subnet.map_public_ip_on_launch])
    error_message = "No subnet gives public addresses."
  }

  assert {
    condition     = toset([for one in aws_route_table_association.private : one.subnet_id]) == toset(values(output.subnets))
    error_message = "Every subnet has the table without a route."
  }

  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "The security group that the VPC comes with lets nothing through."
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow_logs.kms_key_id == var.kms_key_arn
    error_message = "All traffic is logged, encrypted."
  }
}

run "endpoints_are_in_every_zone_under_the_services_names" {
  module {
    source = "../modules/network"
  }

  assert {
    condition     = alltrue([for one in aws_vpc_endpoint.interface : one.private_dns_enabled && one.subnet_ids == toset(output.subnet_ids)])
    error_message = "An endpoint without private names, or in a zone too few."
  }

  assert {
    condition     = alltrue([for one in aws_vpc_endpoint.gateway : one.route_table_ids == toset(output.route_table_ids)])
    error_message = "A gateway endpoint is a route of the subnets' table."
  }

  assert {
    condition = alltrue([
      for one in concat(values(aws_vpc_endpoint.interface), values(aws_vpc_endpoint.gateway)) : alltrue([
        for statement in jsondecode(one.policy).Statement :
        statement.Sid == "LayersOfEcr" || try(statement.Condition.StringEquals["aws:PrincipalAccount"], "") == var.account_id
      ])
    ])
    error_message = "An endpoint lets another account through."
  }

  assert {
    condition = toset(flatten(jsondecode(aws_vpc_endpoint.gateway["s3"].policy).Statement[*].Resource)) == toset([
      "arn:aws:s3:::airflow-dags-123456789012",
      "arn:aws:s3:::airflow-dags-123456789012/*",
      "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*",
    ])
    error_message = "The gateway of S3 admits our buckets and ECR's layers."
  }
}

run "rules_name_groups_and_prefix_lists" {
  module {
    source = "../modules/network"
  }

  assert {
    condition = alltrue([
      for rule in concat(
        values(aws_vpc_security_group_ingress_rule.endpoints),
        values(aws_vpc_security_group_egress_rule.endpoints),
        values(aws_vpc_security_group_egress_rule.gateway),
      ) : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.from_port == 443 && rule.to_port == 443
    ])
    error_message = "A rule of a range, or of more than HTTPS."
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_egress_rule.gateway : rule.security_group_id]) == toset(values(output.security_group_ids))
    error_message = "Every service may reach S3: a gateway endpoint has no group."
  }
}

run "one_zone_is_refused" {
  command = plan

  module {
    source = "../modules/network"
  }

  variables {
    availability_zones = ["eu-west-1a"]
  }

  expect_failures = [var.availability_zones]
}

run "a_zone_of_another_region_is_refused" {
  command = plan

  module {
    source = "../modules/network"
  }

  variables {
    availability_zones = ["eu-west-1a", "eu-central-1b"]
  }

  expect_failures = [var.availability_zones]
}

run "a_bucket_by_a_pattern_is_refused" {
  command = plan

  module {
    source = "../modules/network"
  }

  variables {
    bucket_arns = ["arn:aws:s3:::*"]
  }

  expect_failures = [var.bucket_arns]
}

run "a_network_that_cannot_pull_is_refused" {
  command = plan

  module {
    source = "../modules/network"
  }

  variables {
    gateway_endpoints = {}
  }

  expect_failures = [var.gateway_endpoints]
}
