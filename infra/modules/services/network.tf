# Between services, by reference: whom each group admits, and the way out of the other side.

locals {
  # To → from → port. Tasks speak to the execution API; the api-server reads the logs of tasks that still run.
  # The dag-processor and the triggerer have that API in their own process, the scheduler needs none.
  between = merge(
    { "api-server-from-worker" = { to = "api-server", from = "worker", port = local.port, what = "the execution API" } },
    { "triggerer-from-api-server" = { to = "triggerer", from = "api-server", port = 8794, what = "logs of triggers that run" } },
    local.celery ? { "worker-from-api-server" = { to = "worker", from = "api-server", port = 8793, what = "logs of tasks that run" } } : {},
  )
}

resource "aws_vpc_security_group_ingress_rule" "between" {
  for_each = local.between

  security_group_id            = var.security_group_ids[each.value.to]
  description                  = "${each.value.what}, from ${each.value.from}"
  referenced_security_group_id = var.security_group_ids[each.value.from]
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "between" {
  for_each = local.between

  security_group_id            = var.security_group_ids[each.value.from]
  description                  = "${each.value.what}, of ${each.value.to}"
  referenced_security_group_id = var.security_group_ids[each.value.to]
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

# People come from where the network lets them in: the security group of a VPN's endpoint, or a prefix list.
resource "aws_vpc_security_group_ingress_rule" "people" {
  for_each = var.ui_security_group_ids

  security_group_id            = var.security_group_ids["api-server"]
  description                  = "the UI, from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_vpc_security_group_ingress_rule" "people_of_lists" {
  for_each = var.ui_prefix_list_ids

  security_group_id = var.security_group_ids["api-server"]
  description       = "the UI, from ${each.key}"
  prefix_list_id    = each.value
  ip_protocol       = "tcp"
  from_port         = local.port
  to_port           = local.port
}
