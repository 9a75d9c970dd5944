# Two roles a task: ECS starts it by one (image, logs, the secrets that it names), its code runs as the other.

locals {
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Tasks"
        Effect    = "Allow"
        Principal = { Service = "ecs-tasks.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.account_id }
          ArnLike      = { "aws:SourceArn" = "arn:${var.partition}:ecs:${var.region}:${var.account_id}:*" }
        }
      },
    ]
  })

  # "secret:password::" names one key of the secret.
  secret_arns = {
    for task in local.tasks : task => distinct([for value in values(local.secrets[task]) : trimsuffix(value, ":password::")])
  }

  starting = {
    for task in local.tasks : task => concat(
      [
        { Sid = "Token", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = "*" }, # it knows no resource
        {
          Sid      = "Image"
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = [var.repository_arn]
        },
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["${var.log_groups[task].arn}:*"]
        },
      ],
      [for statement in [
        { Sid = "Secrets", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = local.secret_arns[task] },
        {
          Sid       = "Key"
          Effect    = "Allow"
          Action    = ["kms:Decrypt"]
          Resource  = [var.kms_key_arn]
          Condition = { StringEquals = { "kms:ViaService" = ["secretsmanager.${var.region}.amazonaws.com"] } }
        },
      ] : statement if length(local.secret_arns[task]) > 0],
    )
  }
}

resource "aws_iam_role" "execution" {
  for_each = local.tasks

  name               = "${var.name}-${each.key}-execution"
  description        = "Starts tasks of ${var.name}-${each.key}"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "execution" {
  for_each = local.tasks

  name   = "start"
  role   = aws_iam_role.execution[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.starting[each.key] })
}

resource "aws_iam_role" "task" {
  for_each = local.tasks

  name               = "${var.name}-${each.key}"
  description        = "What the code of ${var.name}-${each.key} may do"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "task" {
  for_each = local.tasks

  name   = "run"
  role   = aws_iam_role.task[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.running[each.key] })
}

# What DAGs do beside Airflow: their tasks in workers, and in the triggerer while they are deferred.
resource "aws_iam_role_policy" "dags" {
  for_each = var.dags_policy == "" ? toset([]) : toset(["triggerer", "worker"])

  name   = "dags"
  role   = aws_iam_role.task[each.key].name
  policy = var.dags_policy
}
