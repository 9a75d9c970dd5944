# What the code of each service may do, and no more; docs/dag-bundle.md has what a reader of releases needs.

locals {
  read_dags = [
    { Sid = "ReadReleases", Effect = "Allow", Action = ["s3:GetObject"], Resource = ["${var.dag_bucket.arn}/${var.dag_prefix}/*"] },
    # Whole: without it S3 calls what is absent forbidden, and a condition on the prefix is like none.
    { Sid = "ListReleases", Effect = "Allow", Action = ["s3:ListBucket"], Resource = [var.dag_bucket.arn] },
    {
      Sid      = "Receipts"
      Effect   = "Allow"
      Action   = ["s3:PutObject"]
      Resource = [for folder in ["claims", "receipts"] : "${var.dag_bucket.arn}/${var.dag_prefix}/${folder}/*"]
    },
  ]

  read_logs = [
    { Sid = "ReadLogs", Effect = "Allow", Action = ["s3:GetObject"], Resource = ["${var.log_bucket.arn}/tasks/*"] },
    { Sid = "ListLogs", Effect = "Allow", Action = ["s3:ListBucket"], Resource = [var.log_bucket.arn] },
  ]

  write_logs = [
    { Sid = "WriteLogs", Effect = "Allow", Action = ["s3:PutObject"], Resource = ["${var.log_bucket.arn}/tasks/*"] },
  ]

  # Connections and variables of DAGs, where the image's secrets backend looks for them.
  read_secrets = [
    {
      Sid    = "Connections"
      Effect = "Allow"
      Action = ["secretsmanager:GetSecretValue"]
      Resource = [
        for kind in ["config", "connections", "variables"] :
        "arn:${var.partition}:secretsmanager:${var.region}:${var.account_id}:secret:airflow/${kind}/*"
      ]
    },
  ]

  # By way of the services alone: no task calls KMS itself, so that no endpoint for it is needed.
  key = [
    {
      Sid      = "Key"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = [var.kms_key_arn]
      Condition = {
        StringEquals = { "kms:ViaService" = [for service in ["s3", "secretsmanager"] : "${service}.${var.region}.amazonaws.com"] }
      }
    },
  ]

  # AwsEcsExecutor: it starts workers, one definition in one cluster, as their two roles, and asks how they are.
  run_workers = [
    {
      Sid       = "RunWorkers"
      Effect    = "Allow"
      Action    = ["ecs:RunTask"]
      Resource  = ["${aws_ecs_task_definition.this["worker"].arn_without_revision}:*"]
      Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.this.arn } }
    },
    {
      Sid      = "Workers"
      Effect   = "Allow"
      Action   = ["ecs:DescribeTasks", "ecs:StopTask"]
      Resource = ["arn:${var.partition}:ecs:${var.region}:${var.account_id}:task/${var.name}/*"]
    },
    {
      Sid       = "RolesOfWorkers"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = [aws_iam_role.execution["worker"].arn, aws_iam_role.task["worker"].arn]
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    },
  ]

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
  sessions = [for statement in [
    {
      Sid    = "Sessions"
      Effect = "Allow"
      Action = [ # they know no resource
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ]
      Resource = "*"
    },
    { Sid = "SessionsKey", Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.kms_key_arn] },
    { Sid = "SessionsLogGroups", Effect = "Allow", Action = ["logs:DescribeLogGroups"], Resource = "*" },
    {
      Sid      = "SessionsLog"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      Resource = ["${var.log_groups["exec"].arn}:*"]
    },
  ] : statement if var.exec]

  running = {
    "api-server"    = concat(local.read_logs, local.read_secrets, local.key, local.sessions)
    "dag-processor" = concat(local.read_dags, local.read_secrets, local.key, local.sessions)
    "scheduler"     = concat([for statement in local.run_workers : statement if !local.celery], [for statement in concat(local.read_secrets, local.key) : statement if local.celery], local.sessions)
    "triggerer"     = concat(local.read_logs, local.write_logs, local.read_secrets, local.key, local.sessions)
    "worker"        = concat(local.read_dags, local.read_logs, local.write_logs, local.read_secrets, local.key, local.sessions)
  }
}
