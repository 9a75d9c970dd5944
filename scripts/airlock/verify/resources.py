"""Which actions know no resource, so that `Resource: "*"` is all that a policy can say; and what else is everything.

From AWS's service authorization reference, for what deployments of Airflow call:
https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from airlock.verify import grants

if TYPE_CHECKING:
    from airlock.verify.policy import Statement

WITHOUT = (
    *(
        "access-analyzer:list*",
        "access-analyzer:validatepolicy",
        "acm:listcertificates",
        "application-autoscaling:*",
    ),
    *(
        "athena:listdatacatalogs",
        "athena:listengineversions",
        "athena:listworkgroups",
        "autoscaling:describe*",
    ),
    *("batch:describe*", "batch:listjobs", "cloudformation:validatetemplate", "cloudtrail:lookupevents"),
    *("cloudwatch:describe*", "cloudwatch:getmetricdata", "cloudwatch:getmetricstatistics"),
    *("cloudwatch:getmetricwidgetimage", "cloudwatch:listmetrics", "cloudwatch:putmetricdata"),
    *(
        "ec2:describe*",
        "ec2messages:*",
        "ecr:describeregistry",
        "ecr:getauthorizationtoken",
        "ecr:getregistry*",
    ),
    *("ecr-public:getauthorizationtoken", "ecs:createcluster", "ecs:deregistertaskdefinition"),
    *("ecs:describetaskdefinition", "ecs:discoverpollendpoint", "ecs:list*", "ecs:registertaskdefinition"),
    *(
        "elasticfilesystem:describeaccountpreferences",
        "elasticloadbalancing:describe*",
        "elasticmapreduce:list*",
    ),
    *(
        "glue:getdatabases",
        "health:describe*",
        "iam:getaccountsummary",
        "iam:listaccountaliases",
        "iam:listpolicies",
    ),
    *("iam:listroles", "kms:createkey", "kms:generaterandom", "kms:listaliases", "kms:listkeys"),
    *("lambda:getaccountsettings", "lambda:listfunctions", "lambda:listlayers", "logs:createlogdelivery"),
    *("logs:deletelogdelivery", "logs:describe*", "logs:getlogdelivery", "logs:getqueryresults"),
    *("logs:listlogdeliveries", "logs:putresourcepolicy", "logs:stopquery", "logs:updatelogdelivery"),
    *(
        "organizations:describe*",
        "organizations:list*",
        "pricing:*",
        "rds:describe*",
        "redshift-data:describe*",
    ),
    *(
        "redshift-data:getstatementresult",
        "redshift-data:list*",
        "resource-groups:list*",
        "s3:getaccountpublic*",
    ),
    *("s3:listaccesspoints", "s3:listallmybuckets", "sagemaker:list*", "secretsmanager:batchgetsecretvalue"),
    *(
        "secretsmanager:getrandompassword",
        "secretsmanager:listsecrets",
        "servicediscovery:discoverinstances*",
    ),
    *("servicediscovery:list*", "sns:listtopics", "sqs:listqueues", "ssm:describeparameters"),
    *(
        "ssm:updateinstanceinformation",
        "ssmmessages:*",
        "states:liststatemachines",
        "sts:decodeauthorizationmessage",
    ),
    *("sts:getcalleridentity", "tag:get*", "xray:get*", "xray:putt*"),
)
# Conditions that name resources where the resource itself cannot.
_KEYS = (
    *("aws:resourcetag/", "aws:requesttag/", "cloudwatch:namespace", "ec2:createaction", "ec2:resourcetag/"),
    *("ec2:subnet", "ec2:vpc", "ecs:cluster", "ecs:createaction", "ecs:service", "ecs:task-definition"),
    *("ecs:resourcetag/", "elasticfilesystem:accesspointarn", "iam:awsservicename", "iam:resourcetag/"),
    *("kms:encryptioncontext:", "kms:resourcealiases", "secretsmanager:resourcetag/", "ssm:resourcetag/"),
)
_ALL_OF_A_TYPE = re.compile(r"^(?:[a-z-]+[:/])?\*(?:[:/]\*)?$")
_RESOURCE_OF_ARN = 5


def needless(statement: Statement) -> list[str]:
    """Return the actions of a statement that take resources; one with a wildcard does unless it is all without."""
    return [one for one in statement.actions if not any(fnmatchcase(one.lower(), of) for of in WITHOUT)]


def everything(resource: str) -> bool:
    """Tell whether a resource is everything there is."""
    return not resource.strip("*") or not resource.removeprefix("arn:").strip("*:")


def all_of_a_type(resource: str) -> bool:
    """Tell whether a resource is all of one type or service of an account: `…:secret:*`, `arn:aws:s3:::*`."""
    parts = resource.split(":", _RESOURCE_OF_ARN)
    return len(parts) > _RESOURCE_OF_ARN and bool(_ALL_OF_A_TYPE.match(parts[_RESOURCE_OF_ARN]))


def named_by_condition(statement: Statement) -> bool:
    """Tell whether a condition says which resources a statement is about."""
    return grants.narrowed(statement, _KEYS)
