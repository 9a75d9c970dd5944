"""What is kept: unencrypted, by a key of somebody else's, or open."""

from __future__ import annotations

from seeded.fault import Edit, Fault

_KEY = "modules/encryption/main.tf"
_BUCKETS = "modules/storage/main.tf"
_FILES = "modules/storage/file_system.tf"
_DATABASE = "modules/database/main.tf"
_BROKER = "modules/broker/main.tf"
_REGISTRY = "modules/registry/main.tf"
_CELERY = {"executor": '"CeleryExecutor"'}
_EFS = {"file_system": "true"}

FAULTS = (
    # at rest
    Fault(
        "buckets encrypted by S3's own key",
        ("AL802",),
        edits=(
            Edit(
                _BUCKETS,
                r'sse_algorithm +\s*= "aws:kms"',
                'sse_algorithm = "AES256"',
            ),
            Edit(_BUCKETS, r"\n +kms_master_key_id = var\.kms_key_arn", ""),
        ),
    ),
    Fault(
        "buckets encrypted by AWS's key for S3",
        ("AL802",),
        edits=(Edit(_BUCKETS, r"\n +kms_master_key_id = var\.kms_key_arn", ""),),
    ),
    Fault(
        "a repository encrypted by ECR's own key",
        ("AL802",),
        edits=(
            Edit(
                _REGISTRY,
                r'encryption_type = "KMS"\n +kms_key\s+= var\.kms_key_arn',
                'encryption_type = "AES256"',
            ),
        ),
    ),
    Fault(
        "a database that is not encrypted",
        ("AL801",),
        edits=(
            Edit(
                _DATABASE,
                r"storage_encrypted\s+= true",
                "storage_encrypted = false",
            ),
        ),
    ),
    Fault(
        "a file system that is not encrypted",
        ("AL801",),
        edits=(
            Edit(_FILES, r"encrypted\s+= true\n", "encrypted = false\n"),
            Edit(_FILES, r"  kms_key_id\s+= var\.kms_key_arn\n", ""),
        ),
        variables=_EFS,
    ),
    Fault(
        "a broker that is not encrypted",
        ("AL801", "AL836"),
        edits=(
            Edit(_BROKER, r"at_rest_encryption_enabled = true", "at_rest_encryption_enabled = false"),
            Edit(_BROKER, r"\n  kms_key_id\s+= var\.kms_key_arn", ""),
            Edit(_BROKER, r"transit_encryption_enabled = true", "transit_encryption_enabled = false"),
            Edit(
                _BROKER,
                r"\n  transit_encryption_mode\s+= \"required\"",
                "",
            ),
        ),
        variables=_CELERY,
    ),
    Fault(
        "log groups without the key",
        ("AL802",),
        edits=(Edit("modules/logs/main.tf", r"\n  kms_key_id[^\n]*", ""),),
    ),
    Fault(
        "flow logs without the key",
        ("AL802",),
        edits=(Edit("modules/network/flow_logs.tf", r"\n  kms_key_id[^\n]*", ""),),
    ),
    Fault(
        "secrets encrypted by AWS's key",
        ("AL802",),
        edits=(Edit("modules/secrets/main.tf", r"\n  kms_key_id[^\n]*", ""),),
    ),
    Fault(
        "a bucket encrypted by a key of another account",
        ("AL803",),
        edits=(
            Edit(
                _BUCKETS,
                r"kms_master_key_id = var\.kms_key_arn",
                'kms_master_key_id = "arn:aws:kms:eu-west-1:999999999999:key/fault"',
            ),
        ),
    ),
    # the key
    Fault(
        "a key that is never rotated",
        ("AL804",),
        edits=(
            Edit(
                _KEY,
                r"enable_key_rotation\s+= true",
                "enable_key_rotation = false",
            ),
        ),
    ),
    Fault(
        "a key that anybody may use",
        ("AL805",),
        edits=(
            Edit(
                _KEY,
                r'(Sid       = "UseThroughServices".*?)Principal = \{ AWS = local\.account \}(.*?)'
                r"\n        Condition = \{ StringEquals = local\.via \}",
                r'\1Principal = { AWS = "*" }\2',
            ),
        ),
    ),
    Fault(
        "a key's policy that allows the whole account everything",
        ("AL806",),
        edits=(
            Edit(
                _KEY,
                r"Principal = \{ AWS = sort\(var\.administrators\) \}\n        Action    = local\.administration",
                'Principal = { AWS = local.account }\n        Action    = "kms:*"',
            ),
        ),
    ),
    Fault(
        "a key's policy that shuts CloudWatch Logs out",
        ("AL807",),
        edits=(Edit(_KEY, r'Service = "logs\.', 'Service = "events.'),),
    ),
    # buckets, files, database, registry
    Fault(
        "buckets without versions",
        ("AL814",),
        edits=(Edit(_BUCKETS, r'status = "Enabled"', 'status = "Suspended"'),),
    ),
    Fault(
        "buckets whose public access is not blocked",
        ("AL815",),
        edits=(Edit(_BUCKETS, r"block_public_policy\s+= true", "block_public_policy = false"),),
    ),
    Fault(
        "buckets that are reached over plain HTTP",
        ("AL816",),
        edits=(Edit(_BUCKETS, r'"aws:SecureTransport" = "false"', '"aws:SecureTransport" = "true"'),),
    ),
    Fault(
        "buckets whose objects are reached over plain HTTP",
        ("AL816",),
        edits=(
            Edit(
                _BUCKETS,
                r'\[local\.bucket_arns\[each\.key\], "\$\{local\.bucket_arns\[each\.key\]\}/\*"\]',
                "[local.bucket_arns[each.key]]",
            ),
        ),
    ),
    Fault(
        "buckets that anybody may read",
        ("AL811",),
        edits=(
            Edit(
                _BUCKETS,
                r"    Statement = \[\n",
                '    Statement = [\n      { Sid = "Fault", Effect = "Allow", Principal = "*", Action = "s3:GetObject", '
                'Resource = "${local.bucket_arns[each.key]}/*" },\n',
            ),
        ),
    ),
    Fault(
        "a bucket that another account may read",
        ("AL812",),
        edits=(
            Edit(
                _BUCKETS,
                r"    Statement = \[\n",
                '    Statement = [\n      { Sid = "Fault", Effect = "Allow", '
                'Principal = { AWS = "arn:aws:iam::999999999999:root" }, Action = "s3:GetObject", '
                'Resource = "${local.bucket_arns[each.key]}/*" },\n',
            ),
        ),
    ),
    Fault(
        "a file system that is mounted without TLS",
        ("AL821",),
        edits=(
            Edit(
                _FILES,
                r"      \{\n        Sid       = \"TlsAlone\".*?\n      \},\n",
                "",
            ),
        ),
        variables=_EFS,
    ),
    Fault(
        "a file system that anybody may mount",
        ("AL822",),
        edits=(
            Edit(_FILES, r"Principal = \{ AWS = var\.client_role_arns \}", 'Principal = { AWS = "*" }'),
            Edit(
                _FILES,
                r"        Condition = \{\n          Bool\s+= \{.*?\n        \}\n",
                "",
            ),
        ),
        variables=_EFS,
    ),
    Fault(
        "an access point as root",
        ("AL824",),
        edits=(Edit(_FILES, r"uid = 50000, gid = 0", "uid = 0, gid = 0"),),
        variables=_EFS,
    ),
    Fault(
        "a database with a public address",
        ("AL831",),
        edits=(Edit(_DATABASE, r"publicly_accessible\s+= false", "publicly_accessible = true"),),
    ),
    Fault(
        "a database that takes connections without TLS",
        ("AL832",),
        edits=(
            Edit(
                _DATABASE,
                r'name  = "rds\.force_ssl"\n    value = "1"',
                'name  = "rds.force_ssl"\n    value = "0"',
            ),
        ),
    ),
    Fault(
        "a database without backups",
        ("AL834",),
        edits=(
            Edit(_DATABASE, r"backup_retention_period\s+= var\.backup_days", "backup_retention_period = 0"),
        ),
    ),
    Fault(
        "mutable tags",
        ("AL841",),
        edits=(Edit(_REGISTRY, r'image_tag_mutability = "IMMUTABLE"', 'image_tag_mutability = "MUTABLE"'),),
    ),
    Fault(
        "images that nobody scans",
        ("AL842",),
        edits=(Edit(_REGISTRY, r"scan_on_push = true", "scan_on_push = false"),),
    ),
)
