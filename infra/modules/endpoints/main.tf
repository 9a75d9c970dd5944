# Which VPC endpoints a deployment needs, from what it uses: the table of airlock check's audit and of airlock verify
# (table.json). It makes nothing; the module network makes what this names.

# The table is written by: python -m airlock_spec.endpoint_table > infra/modules/endpoints/table.json
locals {
  table          = jsondecode(file("${path.module}/table.json"))
  known_needs    = keys(local.table.needs)
  known_services = keys(local.table.endpoints)

  # What is unknown is refused by the variables' validations, and left out here so that those are what is read.
  wanted = toset(concat(
    flatten([for need in var.needs : try(local.table.needs[need].endpoints, [])]),
    [for service in var.services : service if contains(local.known_services, service)],
  ))

  # Global services have their endpoint in one region: service → that one.
  elsewhere = { for service, one in local.table.endpoints : service => one.only_in if !contains(["", var.region], one.only_in) }

  china = startswith(var.region, "cn-")
  names = {
    for service in local.wanted : service => (
      local.table.endpoints[service].only_in != "" ? "com.amazonaws.${service}" :
      "${local.china && local.table.endpoints[service].named_cn ? "cn." : ""}com.amazonaws.${var.region}.${service}"
    )
  }
}
