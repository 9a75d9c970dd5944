"""What runs: images, tasks, services, secrets, and the roles of them."""

from __future__ import annotations

from seeded.fault import Edit, Fault

_DEFINITIONS = "modules/services/definitions.tf"
_SERVICES = "modules/services/main.tf"
_ROLES = "modules/services/roles.tf"
_PERMISSIONS = "modules/services/permissions.tf"
_RELEASE = "modules/release/main.tf"
_GITHUB = {"github_repository": '"example/airflow"'}
_IMAGE = r"image                  = var\.image"


def _grant(statement: str) -> Edit:
    return Edit(_PERMISSIONS, r"  read_dags = \[\n", f"  read_dags = [\n    {statement},\n")


FAULTS = (
    Fault(
        "tasks with public addresses",
        ("AL713",),
        edits=(Edit(_SERVICES, r"assign_public_ip = false", "assign_public_ip = true"),),
    ),
    Fault(
        "an image by tag",
        ("AL843",),
        edits=(Edit(_DEFINITIONS, _IMAGE, 'image                  = "${split("@", var.image)[0]}:latest"'),),
    ),
    Fault(
        "an image of a public registry",
        ("AL844",),
        edits=(
            Edit(
                _DEFINITIONS,
                _IMAGE,
                'image                  = "docker.io/apache/airflow@${split("@", var.image)[1]}"',
            ),
        ),
    ),
    Fault(
        "tasks with a writable root file system",
        ("AL853",),
        edits=(Edit(_DEFINITIONS, r"readonlyRootFilesystem = true", "readonlyRootFilesystem = false"),),
    ),
    Fault(
        "tasks as root",
        ("AL854",),
        edits=(Edit(_DEFINITIONS, r"essential              = true", 'essential = true\n        user = "0"'),),
    ),
    Fault(
        "containers without logs",
        ("AL855",),
        edits=(
            Edit(_DEFINITIONS, r"        logConfiguration = \{.*?\n        \}\n      \},\n", "      },\n"),
        ),
    ),
    Fault(
        "services that do not go back",
        ("AL861",),
        edits=(Edit(_SERVICES, r"rollback = true", "rollback = false"),),
    ),
    Fault(
        "services without health checks",
        ("AL862",),
        edits=(Edit(_DEFINITIONS, r"contains\(local\.services, task\) \?", "false ?"),),
    ),
    Fault(
        "health checks that start Airflow",
        ("AL863",),
        edits=(
            Edit(
                _DEFINITIONS,
                r'\["CMD", "airlock-health", task\]',
                '["CMD-SHELL", "airflow jobs check --local"]',
            ),
        ),
    ),
    Fault(
        "sessions that nothing encrypts",
        ("AL864",),
        edits=(Edit(_SERVICES, r"      kms_key_id = var\.kms_key_arn\n", ""),),
        variables={"exec": "true"},
    ),
    Fault(
        "a password in the clear",
        ("AL871",),
        edits=(
            Edit(
                _DEFINITIONS,
                r"\[for key, value in local\.environment\[task\] : \{ name = key, value = value \}\]",
                "concat([for key, value in local.environment[task] : { name = key, value = value }], "
                '[{ name = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", '
                'value = "postgresql://airflow:hunter2@db/airflow" }])',
            ),
        ),
    ),
    # roles
    Fault(
        "task roles that any account may take",
        ("AL881",),
        edits=(
            Edit(
                _ROLES,
                r'Principal = \{ Service = "ecs-tasks\.amazonaws\.com" \}',
                'Principal = { AWS = "*" }',
            ),
            Edit(
                _ROLES,
                r"        Condition = \{\n          StringEquals = \{ \"aws:SourceAccount\".*?\n        \}\n",
                "",
            ),
        ),
    ),
    Fault(
        "a release job of any repository",
        ("AL882",),
        edits=(
            Edit(
                _RELEASE,
                r"        Condition = \{\n          StringEquals = \{.*?\n        \}\n",
                '        Condition = {\n          StringEquals = { "${local.issuer}:aud" = "sts.amazonaws.com" }\n'
                '          StringLike = { "${local.issuer}:sub" = "repo:*" }\n        }\n',
            ),
        ),
        variables=_GITHUB,
    ),
    Fault(
        "a role with every action",
        ("AL883",),
        edits=(_grant('{ Sid = "Fault", Effect = "Allow", Action = ["*"], Resource = ["*"] }'),),
    ),
    Fault(
        "a role with every action of a service",
        ("AL883",),
        edits=(_grant('{ Sid = "Fault", Effect = "Allow", Action = ["s3:*"], Resource = ["*"] }'),),
    ),
    Fault(
        "a role over every secret",
        ("AL884",),
        edits=(
            _grant(
                '{ Sid = "Fault", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = ["*"] }'
            ),
        ),
    ),
    Fault(
        "a role that may do all but one thing",
        ("AL885",),
        edits=(
            Edit(
                _ROLES,
                r"Statement = local\.running\[each\.key\] \}",
                "Statement = concat(local.running[each.key], "
                '[{ Sid = "Fault", Effect = "Allow", NotAction = "iam:*", Resource = "*" }]) }',
            ),
        ),
    ),
    Fault(
        "a role that passes any role",
        ("AL886",),
        edits=(
            Edit(
                _PERMISSIONS,
                r'\[aws_iam_role\.execution\["worker"\]\.arn, aws_iam_role\.task\["worker"\]\.arn\]',
                '["*"]',
            ),
        ),
    ),
    Fault(
        "a role with a broad policy of AWS's",
        ("AL887",),
        added="""
resource "aws_iam_role_policy_attachment" "fault" {
  role       = aws_iam_role.task["worker"].name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
""",
        into="modules/services",
    ),
    Fault(
        "one role to start tasks and to run them",
        ("AL889",),
        edits=(
            Edit(
                _DEFINITIONS,
                r"task_role_arn\s+= aws_iam_role\.task\[each\.key\]\.arn",
                "task_role_arn = aws_iam_role.execution[each.key].arn",
            ),
        ),
    ),
    Fault(
        "an execution role that may not pull",
        ("AL891",),
        edits=(Edit(_ROLES, r'"ecr:BatchGetImage", ', ""),),
    ),
)
