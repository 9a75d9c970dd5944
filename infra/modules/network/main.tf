# A VPC without a way out: private subnets, no internet gateway, no default route; AWS's services are reached by
# endpoints, which let through to this account alone. Security groups name each other, never a range of addresses.

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true # without it no endpoint has private names

  tags = { Name = var.name }
}

resource "aws_subnet" "private" {
  for_each = { for index, zone in var.availability_zones : zone => cidrsubnet(var.cidr, 4, index) }

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-${each.key}" }
}

# No route but the VPC's own and the gateway endpoints', which those write themselves.
resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-private" }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
}

# What a VPC comes with is adopted, and holds nothing: whatever is put into it is removed by the next apply.
resource "aws_default_route_table" "this" {
  default_route_table_id = aws_vpc.this.default_route_table_id
  route                  = []

  tags = { Name = "${var.name}-default" }
}

resource "aws_default_security_group" "this" {
  vpc_id  = aws_vpc.this.id
  ingress = []
  egress  = []

  tags = { Name = "${var.name}-default" }
}
