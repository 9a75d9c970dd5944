# What Airflow is told beside the image's own settings (docs/runtime.md has what each component wants).

locals {
  database_url = "postgresql+psycopg2://${var.database.username}@${var.database.host}:${var.database.port}/${var.database.name}"

  bundles = jsonencode([{
    name      = "dags"
    classpath = "airlock_plugins.bundle.ReleaseBundle"
    kwargs    = { location = "s3://${var.dag_bucket.name}/${var.dag_prefix}" }
  }])

  common = merge({
    AIRFLOW__CORE__EXECUTOR                        = local.celery ? "CeleryExecutor" : "airflow.providers.amazon.aws.executors.ecs.ecs_executor.AwsEcsExecutor"
    AIRFLOW__CORE__AUTH_MANAGER                    = var.auth_manager
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL        = "${local.api_url}/execution/"
    AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST = local.bundles
    AIRFLOW__LOGGING__REMOTE_LOGGING               = "True"
    AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER       = "s3://${var.log_bucket.name}/tasks"
    AWS_DEFAULT_REGION                             = var.region
    AWS_REGION                                     = var.region
  }, var.environment)

  # The password comes beside the URL, from the secret that RDS keeps: libpq and asyncpg take both from here.
  with_database = merge({
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN = local.database_url
    PGSSLMODE                           = var.database_tls
  }, var.database_tls == "require" ? {} : { PGSSLROOTCERT = "/etc/ssl/certs/ca-certificates.crt" })
  password = { PGPASSWORD = "${var.database.secret_arn}:password::" }

  # Variable → secret. A worker of the ECS executor speaks to the api-server alone, with a token that comes with its
  # task: it holds none.
  fernet  = { AIRFLOW__CORE__FERNET_KEY = "fernet-key" }
  jwt     = { AIRFLOW__API_AUTH__JWT_SECRET = "jwt-key" }
  session = { AIRFLOW__API__SECRET_KEY = "api-secret-key" }
  broker  = local.celery ? { AIRFLOW__CELERY__BROKER_URL = "broker-url" } : {}

  named = {
    "api-server"    = merge(local.fernet, local.jwt, local.session, { _AIRFLOW_WWW_USER_PASSWORD = "admin-password" })
    "dag-processor" = local.fernet
    "scheduler"     = merge(local.fernet, local.jwt, local.broker)
    "triggerer"     = merge(local.fernet, local.session)
    "worker"        = local.celery ? merge(local.fernet, local.session, local.broker) : {}
  }

  # Who connects to the database has its password, too.
  connected = setsubtract(local.tasks, local.celery ? [] : ["worker"])
  secrets = {
    for task in local.tasks : task => merge(
      { for variable, name in local.named[task] : variable => var.secret_arns[name] },
      contains(local.connected, task) ? local.password : {},
    )
  }

  environment = {
    # The first task makes tables and user; later ones find them. A deployment has migrated before it comes to this.
    "api-server"    = merge(local.common, local.with_database, { _AIRFLOW_DB_MIGRATE = "true", _AIRFLOW_WWW_USER_CREATE = "true" })
    "dag-processor" = merge(local.common, local.with_database)
    "scheduler"     = merge(local.common, local.with_database, local.celery ? {} : local.ecs_executor)
    "triggerer"     = merge(local.common, local.with_database)
    "worker"        = merge(local.common, local.celery ? local.with_database : {})
  }

  # A family without a revision: the newest one runs.
  ecs_executor = {
    AIRFLOW__AWS_ECS_EXECUTOR__CONN_ID          = "aws_default"
    AIRFLOW__AWS_ECS_EXECUTOR__REGION_NAME      = var.region
    AIRFLOW__AWS_ECS_EXECUTOR__CLUSTER          = var.name
    AIRFLOW__AWS_ECS_EXECUTOR__TASK_DEFINITION  = "${var.name}-worker"
    AIRFLOW__AWS_ECS_EXECUTOR__CONTAINER_NAME   = "worker"
    AIRFLOW__AWS_ECS_EXECUTOR__LAUNCH_TYPE      = "FARGATE"
    AIRFLOW__AWS_ECS_EXECUTOR__PLATFORM_VERSION = var.platform_version
    AIRFLOW__AWS_ECS_EXECUTOR__SUBNETS          = join(",", var.subnet_ids)
    AIRFLOW__AWS_ECS_EXECUTOR__SECURITY_GROUPS  = var.security_group_ids["worker"]
    AIRFLOW__AWS_ECS_EXECUTOR__ASSIGN_PUBLIC_IP = "False"
  }
}
