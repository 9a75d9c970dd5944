# Exactly what docs/release.md, docs/deploy.md and docs/dag-releases.md list.

locals {
  push = concat(
    [
      { Sid = "Token", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = "*" }, # it knows no resource
      {
        Sid    = "OneRepository"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:BatchGetRepositoryScanningConfiguration",
          "ecr:CompleteLayerUpload",
          "ecr:DescribeImageScanFindings",
          "ecr:DescribeRepositories",
          "ecr:GetDownloadUrlForLayer",
          "ecr:GetLifecyclePolicy",
          "ecr:InitiateLayerUpload",
          "ecr:PutImage",
          "ecr:StartImageScan",
          "ecr:UploadLayerPart",
        ]
        Resource = [var.repository_arn]
      },
    ],
    length(var.signing_key_arns) == 0 ? [] : [
      { Sid = "SigningKeys", Effect = "Allow", Action = ["kms:GetPublicKey", "kms:Sign"], Resource = var.signing_key_arns },
    ],
  )

  deploy = [
    {
      Sid      = "TaskDefinitions"
      Effect   = "Allow"
      Action   = ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"] # they know no resource
      Resource = "*"
    },
    {
      Sid      = "Services"
      Effect   = "Allow"
      Action   = ["ecs:DescribeServices", "ecs:UpdateService"]
      Resource = [for service in var.service_names : "arn:${var.partition}:ecs:${local.account}:service/${var.cluster_name}/${service}"]
    },
    {
      Sid       = "Migration"
      Effect    = "Allow"
      Action    = ["ecs:RunTask"]
      Resource  = ["arn:${var.partition}:ecs:${local.account}:task-definition/${var.migration_family}:*"]
      Condition = { ArnEquals = { "ecs:cluster" = var.cluster_arn } }
    },
    {
      Sid      = "Tasks"
      Effect   = "Allow"
      Action   = ["ecs:DescribeTasks", "ecs:StopTask"]
      Resource = ["arn:${var.partition}:ecs:${local.account}:task/${var.cluster_name}/*"]
    },
    {
      Sid       = "ListTasks"
      Effect    = "Allow"
      Action    = ["ecs:ListTasks"]
      Resource  = "*"
      Condition = { ArnEquals = { "ecs:cluster" = var.cluster_arn } }
    },
    {
      Sid       = "Tags"
      Effect    = "Allow"
      Action    = ["ecs:TagResource"]
      Resource  = "*"
      Condition = { StringEquals = { "ecs:CreateAction" = ["RegisterTaskDefinition", "RunTask"] } }
    },
    {
      Sid       = "RolesOfTheTasks"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = var.role_arns
      Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
    },
  ]

  sync = [
    { Sid = "Publish", Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = ["${var.dag_bucket_arn}/${var.dag_prefix}/*"] },
    { Sid = "List", Effect = "Allow", Action = ["s3:ListBucket"], Resource = [var.dag_bucket_arn] },
    {
      Sid       = "Key"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = [var.kms_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = ["s3.${var.region}.amazonaws.com"] } }
    },
  ]
}
