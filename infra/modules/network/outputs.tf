output "vpc_id" {
  description = "The VPC's id."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "The private subnets, in the order of the zones."
  value       = local.subnet_ids
}

output "subnets" {
  description = "The private subnets: zone → id."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }
}

output "route_table_ids" {
  description = "The route tables that hold for the subnets."
  value       = [aws_route_table.private.id]
}

output "security_group_ids" {
  description = "The services' security groups: service → id."
  value       = { for service, group in aws_security_group.service : service => group.id }
}

output "endpoints_security_group_id" {
  description = "The security group of all interface endpoints."
  value       = aws_security_group.endpoints.id
}

output "s3_prefix_list_id" {
  description = "The prefix list of S3's addresses, which rules to the gateway endpoint name."
  value       = aws_vpc_endpoint.gateway["s3"].prefix_list_id
}

output "endpoint_ids" {
  description = "All endpoints: service → id."
  value       = { for service, endpoint in merge(aws_vpc_endpoint.interface, aws_vpc_endpoint.gateway) : service => endpoint.id }
}
