"""AWS services beside those that a deployment of Airflow needs itself: what operators, sensors and hooks talk to.

Names are those of AWS's list of services with VPC endpoints
(https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html); hosts are those that
botocore looks up, which a test compares.
"""

from __future__ import annotations

from airlock_spec.endpoint import Endpoint, Need


def _serving(
    service: str, *clients: str, host: str = "", gateway: bool = False, only_in: str = ""
) -> Endpoint:
    """Make an endpoint whose host and client are named like its service, but for what is given."""
    return Endpoint(
        service,
        host or f"{service}.{{region}}.amazonaws.com",
        (Need.OPERATORS,),
        gateway=gateway,
        clients=clients or (service,),
        only_in=only_in,
    )


SERVICES = (
    # what the operators, sensors, transfers and triggers of Airflow's amazon provider use
    # Of MWAA's hosts, calls of an environment's Airflow go to this one, which is all that the provider does.
    _serving("airflow.env", "mwaa", host="env.airflow.{region}.amazonaws.com"),
    _serving("airflow-serverless", "mwaa-serverless"),
    _serving("aoss", "opensearchserverless"),
    _serving("athena"),
    _serving("bedrock"),
    _serving("bedrock-agent"),
    _serving("bedrock-agent-runtime"),
    _serving("bedrock-agentcore"),
    _serving("bedrock-agentcore-control"),
    _serving("bedrock-runtime"),
    _serving("cloudformation"),
    _serving("comprehend"),
    _serving("databrew"),
    _serving("datasync"),
    _serving("datazone", host="datazone.{region}.api.aws"),
    _serving("dms"),
    _serving("dynamodb", gateway=True),
    _serving("ec2"),
    _serving("eks"),
    _serving("elasticache"),
    _serving("elasticmapreduce", "emr"),
    _serving("email", "ses", "sesv2"),
    _serving("emr-containers"),
    _serving("emr-serverless"),
    _serving("events"),
    _serving("glue"),
    _serving("iam", host="iam.amazonaws.com", only_in="us-east-1"),
    _serving("kafka"),
    _serving("kinesis-firehose", "firehose", host="firehose.{region}.amazonaws.com"),
    _serving("kinesis-streams", "kinesis", host="kinesis.{region}.amazonaws.com"),
    _serving("kinesisanalytics", "kinesisanalyticsv2", "kinesisanalytics"),
    _serving("neptune-graph"),
    _serving("rds", "rds", "neptune", "docdb"),  # one API serves the three
    _serving("redshift"),
    _serving("redshift-data"),
    _serving("redshift-serverless"),
    _serving("s3tables"),
    _serving("s3vectors"),
    _serving("sagemaker.api", "sagemaker", host="api.sagemaker.{region}.amazonaws.com"),
    _serving("sagemaker.runtime", "sagemaker-runtime", host="runtime.sagemaker.{region}.amazonaws.com"),
    _serving("sns"),
    _serving("states", "stepfunctions"),
    _serving("verifiedpermissions"),
    # what code of tasks calls by boto3 beside them
    _serving("access-analyzer", "accessanalyzer"),
    _serving("account", host="account.us-east-1.amazonaws.com"),
    _serving("acm"),
    _serving("acm-pca"),
    _serving("apigateway"),
    _serving("application-autoscaling"),
    _serving("appconfig"),
    _serving("appconfigdata"),
    _serving("aps", "amp"),
    _serving("autoscaling"),
    _serving("backup"),
    _serving("ce", host="ce.us-east-1.amazonaws.com"),
    _serving("cloudcontrolapi", "cloudcontrol"),
    _serving("cloudtrail"),
    _serving("codeartifact.api", "codeartifact", host="codeartifact.{region}.amazonaws.com"),
    _serving("codebuild"),
    _serving("codecommit"),
    _serving("codedeploy"),
    _serving("codepipeline"),
    _serving("comprehendmedical"),
    _serving("config"),
    _serving("dataexchange"),
    _serving("dynamodb-streams", "dynamodbstreams", host="streams.dynamodb.{region}.amazonaws.com"),
    _serving("elasticloadbalancing", "elb", "elbv2"),
    _serving("fsx"),
    _serving("guardduty"),
    _serving("healthlake"),
    _serving("kendra"),
    _serving("lakeformation"),
    _serving("macie2"),
    _serving("mediaconvert"),
    _serving("memory-db", "memorydb"),
    _serving("mq"),
    _serving("organizations", host="organizations.us-east-1.amazonaws.com"),
    _serving("osis"),
    _serving("personalize"),
    _serving("personalize-events"),
    _serving("personalize-runtime"),
    _serving("pipes"),
    _serving("polly"),
    _serving("pricing.api", "pricing", host="api.pricing.{region}.amazonaws.com"),
    _serving("ram"),
    _serving("rds-data"),
    _serving("rekognition"),
    _serving("resource-groups"),
    _serving("route53", host="route53.amazonaws.com", only_in="us-east-1"),
    _serving(
        "sagemaker.featurestore-runtime",
        "sagemaker-featurestore-runtime",
        host="featurestore-runtime.sagemaker.{region}.amazonaws.com",
    ),
    _serving("sagemaker.metrics", "sagemaker-metrics", host="metrics.sagemaker.{region}.amazonaws.com"),
    _serving("scheduler"),
    _serving("schemas"),
    _serving("securityhub"),
    _serving("servicecatalog"),
    _serving("servicediscovery"),
    _serving("servicequotas", "service-quotas"),
    _serving("swf"),
    _serving("synthetics"),
    _serving("tagging", "resourcegroupstaggingapi"),
    _serving("textract"),
    _serving("transcribe"),
    _serving("transfer"),
    _serving("translate"),
    _serving("wafv2"),
    _serving("xray"),
)

# Client of boto3 → why it has no endpoint. They are services of their own name: nothing else can be said of them.
WITHOUT = {
    "appflow": "it is not in AWS's list",
    "chime": "it is not in AWS's list, and no longer offered",
    "glacier": "it is not in AWS's list; storage classes of S3 are reached through S3's",
    "quicksight": "the one in AWS's list, quicksight-website, serves its pages, not its API",
}
