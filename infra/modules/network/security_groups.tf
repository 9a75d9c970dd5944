# One group a service and one for the endpoints; all rules name a group or a prefix list, none a range of addresses.
resource "aws_security_group" "endpoints" {
  name        = "${var.name}-endpoints"
  description = "Interface endpoints: HTTPS from each service, and nothing out"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-endpoints" }
}

resource "aws_security_group" "service" {
  for_each = var.services

  name        = "${var.name}-${each.key}"
  description = "Tasks of ${each.key}"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = aws_security_group.service

  security_group_id            = aws_security_group.endpoints.id
  referenced_security_group_id = each.value.id
  description                  = "HTTPS from ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  for_each = aws_security_group.service

  security_group_id            = each.value.id
  referenced_security_group_id = aws_security_group.endpoints.id
  description                  = "HTTPS to the interface endpoints"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

# A gateway endpoint has no security group: the way there is the prefix list of its addresses.
resource "aws_vpc_security_group_egress_rule" "gateway" {
  for_each = { for pair in setproduct(var.services, keys(var.gateway_endpoints)) : "${pair[0]}-${pair[1]}" => pair }

  security_group_id = aws_security_group.service[each.value[0]].id
  prefix_list_id    = aws_vpc_endpoint.gateway[each.value[1]].prefix_list_id
  description       = "HTTPS to the gateway endpoint of ${each.value[1]}"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
