output "cluster_name" {
  description = "The cluster's name."
  value       = aws_ecs_cluster.this.name
}

output "cluster_arn" {
  description = "The cluster's ARN."
  value       = aws_ecs_cluster.this.arn
}

output "service_names" {
  description = "The services in the order in which airlock deploy is to update them."
  value       = [for service in concat(["api-server"], sort(setsubtract(local.services, ["api-server"]))) : "${var.name}-${service}"]
}

output "families" {
  description = "Task → family of its task definitions."
  value       = { for task in local.tasks : task => "${var.name}-${task}" }
}

output "role_arns" {
  description = "The roles that tasks have, of both kinds: whoever deploys passes them."
  value       = sort(concat([for role in aws_iam_role.execution : role.arn], [for role in aws_iam_role.task : role.arn]))
}

output "readers" {
  description = "Secret → ARNs of the roles that read it, as the module secrets wants them."
  value = {
    for name in keys(var.secret_arns) : name => [
      for task in local.tasks : aws_iam_role.execution[task].arn if contains(values(local.named[task]), name)
    ]
  }
}

output "api_url" {
  description = "Where the api-server is, within the VPC."
  value       = local.api_url
}

output "task_role_arns" {
  description = "The roles that programs in tasks have, by task."
  value       = { for task, role in aws_iam_role.task : task => role.arn }
}

output "definitions" {
  description = "Task → its containers, as JSON."
  value       = { for task, definition in aws_ecs_task_definition.this : task => definition.container_definitions }
}

output "policies" {
  description = "Role → what it may, as JSON: SERVICE of a task's code, SERVICE-execution of who starts it."
  value = merge(
    { for task, policy in aws_iam_role_policy.task : task => policy.policy },
    { for task, policy in aws_iam_role_policy.execution : "${task}-execution" => policy.policy },
  )
}
