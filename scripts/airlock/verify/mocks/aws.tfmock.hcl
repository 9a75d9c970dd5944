# Defaults for mocked runs of Terraform: values of the form that the AWS provider validates, no more.
#
# What has no default gets random letters, which keep two resources apart: so there are no ids here where no form is
# asked for. What does need a form holds the word `mock`, in whose place `airlock verify` puts a word for each resource.

# the network

mock_resource "aws_vpc" {
  defaults = {
    arn             = "arn:aws:ec2:eu-west-1:123456789012:vpc/mock"
    ipv6_cidr_block = "2001:db8:0:100::/56"
    owner_id        = "123456789012"
  }
}

mock_resource "aws_default_vpc" {
  defaults = {
    arn        = "arn:aws:ec2:eu-west-1:123456789012:vpc/mock"
    cidr_block = "172.31.0.0/16"
    owner_id   = "123456789012"
  }
}

mock_resource "aws_subnet" {
  defaults = {
    arn                  = "arn:aws:ec2:eu-west-1:123456789012:subnet/mock"
    availability_zone_id = "euw1-az1"
    owner_id             = "123456789012"
  }
}

mock_resource "aws_eip" {
  defaults = {
    arn       = "arn:aws:ec2:eu-west-1:123456789012:elastic-ip/mock"
    public_ip = "203.0.113.10"
  }
}

mock_resource "aws_nat_gateway" {
  defaults = {
    public_ip  = "203.0.113.10"
    private_ip = "10.0.0.10"
  }
}

mock_resource "aws_internet_gateway" {
  defaults = {
    arn = "arn:aws:ec2:eu-west-1:123456789012:internet-gateway/mock"
  }
}

mock_resource "aws_network_interface" {
  defaults = {
    arn = "arn:aws:ec2:eu-west-1:123456789012:network-interface/mock"
  }
}

mock_resource "aws_instance" {
  defaults = {
    arn        = "arn:aws:ec2:eu-west-1:123456789012:instance/mock"
    private_ip = "10.0.0.11"
  }
}

mock_resource "aws_launch_template" {
  defaults = {
    arn             = "arn:aws:ec2:eu-west-1:123456789012:launch-template/mock"
    latest_version  = 1
    default_version = 1
  }
}

mock_resource "aws_security_group" {
  defaults = {
    arn = "arn:aws:ec2:eu-west-1:123456789012:security-group/mock"
  }
}

mock_resource "aws_ec2_managed_prefix_list" {
  defaults = {
    arn = "arn:aws:ec2:eu-west-1:123456789012:prefix-list/mock"
  }
}

mock_resource "aws_ec2_transit_gateway" {
  defaults = {
    arn = "arn:aws:ec2:eu-west-1:123456789012:transit-gateway/mock"
  }
}

mock_resource "aws_networkmanager_core_network" {
  defaults = {
    arn = "arn:aws:networkmanager::123456789012:core-network/mock"
  }
}

mock_resource "aws_vpc_endpoint" {
  defaults = {
    arn            = "arn:aws:ec2:eu-west-1:123456789012:vpc-endpoint/mock"
    prefix_list_id = "pl-mock"
    state          = "available"
    owner_id       = "123456789012"
    dns_entry      = [{ dns_name = "vpce-mock.vpce.amazonaws.com", hosted_zone_id = "ZMOCK" }]
  }
}

mock_resource "aws_vpc_endpoint_service" {
  defaults = {
    arn          = "arn:aws:ec2:eu-west-1:123456789012:vpc-endpoint-service/mock"
    service_name = "com.amazonaws.vpce.eu-west-1.mock"
  }
}

mock_resource "aws_flow_log" {
  defaults = {
    arn = "arn:aws:ec2:eu-west-1:123456789012:vpc-flow-log/mock"
  }
}

mock_resource "aws_lb" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/mock/50dc6c495c0c9188"
    arn_suffix = "app/mock/50dc6c495c0c9188"
    dns_name   = "mock.eu-west-1.elb.amazonaws.com"
    zone_id    = "ZMOCK"
  }
}

mock_resource "aws_alb" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/mock/50dc6c495c0c9188"
    arn_suffix = "app/mock/50dc6c495c0c9188"
    dns_name   = "mock.eu-west-1.elb.amazonaws.com"
    zone_id    = "ZMOCK"
  }
}

mock_resource "aws_lb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mock/73e2d6bc24d8a067"
    arn_suffix = "targetgroup/mock/73e2d6bc24d8a067"
  }
}

mock_resource "aws_alb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mock/73e2d6bc24d8a067"
    arn_suffix = "targetgroup/mock/73e2d6bc24d8a067"
  }
}

mock_resource "aws_lb_listener" {
  defaults = {
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2"
  }
}

mock_resource "aws_alb_listener" {
  defaults = {
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2"
  }
}

mock_resource "aws_lb_listener_rule" {
  defaults = {
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/mock/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
  }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:eu-west-1:123456789012:certificate/mock"
  }
}

mock_resource "aws_route53_zone" {
  defaults = {
    arn     = "arn:aws:route53:::hostedzone/ZMOCK"
    zone_id = "ZMOCK"
  }
}

mock_resource "aws_service_discovery_private_dns_namespace" {
  defaults = {
    arn         = "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/mock"
    hosted_zone = "ZMOCK"
  }
}

mock_resource "aws_service_discovery_http_namespace" {
  defaults = {
    arn = "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/mock"
  }
}

mock_resource "aws_service_discovery_service" {
  defaults = {
    arn = "arn:aws:servicediscovery:eu-west-1:123456789012:service/mock"
  }
}

mock_resource "aws_wafv2_web_acl" {
  defaults = {
    arn = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/mock/mock"
  }
}

# identities

mock_resource "aws_iam_role" {
  defaults = {
    arn       = "arn:aws:iam::123456789012:role/mock"
    unique_id = "AROAMOCK"
  }
}

mock_resource "aws_iam_policy" {
  defaults = {
    arn       = "arn:aws:iam::123456789012:policy/mock"
    policy_id = "ANPAMOCK"
  }
}

mock_resource "aws_iam_instance_profile" {
  defaults = {
    arn = "arn:aws:iam::123456789012:instance-profile/mock"
  }
}

mock_resource "aws_iam_user" {
  defaults = {
    arn       = "arn:aws:iam::123456789012:user/mock"
    unique_id = "AIDAMOCK"
  }
}

mock_resource "aws_iam_group" {
  defaults = {
    arn       = "arn:aws:iam::123456789012:group/mock"
    unique_id = "AGPAMOCK"
  }
}

mock_resource "aws_iam_service_linked_role" {
  defaults = {
    arn = "arn:aws:iam::123456789012:role/aws-service-role/mock"
  }
}

mock_resource "aws_iam_openid_connect_provider" {
  defaults = {
    arn = "arn:aws:iam::123456789012:oidc-provider/mock"
  }
}

mock_resource "aws_accessanalyzer_analyzer" {
  defaults = {
    arn = "arn:aws:access-analyzer:eu-west-1:123456789012:analyzer/mock"
  }
}

# keys and what is kept

mock_resource "aws_kms_key" {
  defaults = {
    arn = "arn:aws:kms:eu-west-1:123456789012:key/mock"
  }
}

mock_resource "aws_kms_external_key" {
  defaults = {
    arn = "arn:aws:kms:eu-west-1:123456789012:key/mock"
  }
}

mock_resource "aws_kms_replica_key" {
  defaults = {
    arn = "arn:aws:kms:eu-west-1:123456789012:key/mock"
  }
}

mock_resource "aws_kms_alias" {
  defaults = {
    arn            = "arn:aws:kms:eu-west-1:123456789012:alias/mock"
    target_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/mock"
  }
}

mock_resource "aws_s3_bucket" {
  defaults = {
    arn                         = "arn:aws:s3:::mock"
    bucket_domain_name          = "mock.s3.amazonaws.com"
    bucket_regional_domain_name = "mock.s3.eu-west-1.amazonaws.com"
    hosted_zone_id              = "ZMOCK"
    region                      = "eu-west-1"
  }
}

mock_resource "aws_s3_access_point" {
  defaults = {
    arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/mock"
  }
}

mock_resource "aws_ecr_repository" {
  defaults = {
    arn            = "arn:aws:ecr:eu-west-1:123456789012:repository/mock"
    registry_id    = "123456789012"
    repository_url = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mock"
  }
}

mock_resource "aws_efs_file_system" {
  defaults = {
    arn      = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/mock"
    dns_name = "mock.efs.eu-west-1.amazonaws.com"
  }
}

mock_resource "aws_efs_access_point" {
  defaults = {
    arn             = "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/mock"
    file_system_arn = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/mock"
  }
}

mock_resource "aws_efs_mount_target" {
  defaults = {
    file_system_arn = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/mock"
    ip_address      = "10.0.0.12"
  }
}

mock_resource "aws_backup_vault" {
  defaults = {
    arn = "arn:aws:backup:eu-west-1:123456789012:backup-vault:mock"
  }
}

mock_resource "aws_db_instance" {
  defaults = {
    arn                = "arn:aws:rds:eu-west-1:123456789012:db:mock"
    address            = "mock.abcdefghijkl.eu-west-1.rds.amazonaws.com"
    endpoint           = "mock.abcdefghijkl.eu-west-1.rds.amazonaws.com:5432"
    hosted_zone_id     = "ZMOCK"
    port               = 5432
    master_user_secret = [{ kms_key_id = "arn:aws:kms:eu-west-1:123456789012:key/mock", secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!mock-AbCdEf", secret_status = "active" }]
  }
}

mock_resource "aws_rds_cluster" {
  defaults = {
    arn                = "arn:aws:rds:eu-west-1:123456789012:cluster:mock"
    endpoint           = "mock.cluster-abcdefghijkl.eu-west-1.rds.amazonaws.com"
    reader_endpoint    = "mock.cluster-ro-abcdefghijkl.eu-west-1.rds.amazonaws.com"
    hosted_zone_id     = "ZMOCK"
    port               = 5432
    master_user_secret = [{ kms_key_id = "arn:aws:kms:eu-west-1:123456789012:key/mock", secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!mock-AbCdEf", secret_status = "active" }]
  }
}

mock_resource "aws_rds_cluster_instance" {
  defaults = {
    arn      = "arn:aws:rds:eu-west-1:123456789012:db:mock"
    endpoint = "mock.abcdefghijkl.eu-west-1.rds.amazonaws.com"
  }
}

mock_resource "aws_db_proxy" {
  defaults = {
    arn      = "arn:aws:rds:eu-west-1:123456789012:db-proxy:mock"
    endpoint = "mock.proxy-abcdefghijkl.eu-west-1.rds.amazonaws.com"
  }
}

mock_resource "aws_elasticache_replication_group" {
  defaults = {
    arn                            = "arn:aws:elasticache:eu-west-1:123456789012:replicationgroup:mock"
    primary_endpoint_address       = "master.mock.abcdef.euw1.cache.amazonaws.com"
    reader_endpoint_address        = "replica.mock.abcdef.euw1.cache.amazonaws.com"
    configuration_endpoint_address = "clustercfg.mock.abcdef.euw1.cache.amazonaws.com"
  }
}

mock_resource "aws_elasticache_cluster" {
  defaults = {
    arn             = "arn:aws:elasticache:eu-west-1:123456789012:cluster:mock"
    cluster_address = "mock.abcdef.euw1.cache.amazonaws.com"
    cache_nodes     = [{ address = "mock.abcdef.0001.euw1.cache.amazonaws.com", availability_zone = "eu-west-1a", id = "0001", outpost_arn = "", port = 6379 }]
  }
}

mock_resource "aws_elasticache_serverless_cache" {
  defaults = {
    arn             = "arn:aws:elasticache:eu-west-1:123456789012:serverlesscache:mock"
    endpoint        = [{ address = "mock.serverless.euw1.cache.amazonaws.com", port = 6379 }]
    reader_endpoint = [{ address = "mock.serverless.euw1.cache.amazonaws.com", port = 6380 }]
  }
}

mock_resource "aws_elasticache_user" {
  defaults = {
    arn = "arn:aws:elasticache:eu-west-1:123456789012:user:mock"
  }
}

mock_resource "aws_elasticache_user_group" {
  defaults = {
    arn = "arn:aws:elasticache:eu-west-1:123456789012:usergroup:mock"
  }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    sqs_managed_sse_enabled = true
    arn                     = "arn:aws:sqs:eu-west-1:123456789012:mock"
    url                     = "https://sqs.eu-west-1.amazonaws.com/123456789012/mock"
  }
}

mock_resource "aws_sns_topic" {
  defaults = {
    arn = "arn:aws:sns:eu-west-1:123456789012:mock"
  }
}

mock_resource "aws_mq_broker" {
  defaults = {
    arn       = "arn:aws:mq:eu-west-1:123456789012:broker:mock:mock"
    instances = [{ console_url = "https://mock.mq.eu-west-1.amazonaws.com", endpoints = ["amqps://mock.mq.eu-west-1.amazonaws.com:5671"], ip_address = "10.0.0.13" }]
  }
}

mock_resource "aws_dynamodb_table" {
  defaults = {
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/mock"
  }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = {
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mock-AbCdEf"
  }
}

mock_resource "aws_secretsmanager_secret_version" {
  defaults = {
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mock-AbCdEf"
  }
}

mock_resource "aws_ssm_parameter" {
  defaults = {
    arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/mock"
  }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:mock"
  }
}

mock_resource "aws_cloudwatch_metric_alarm" {
  defaults = {
    arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:mock"
  }
}

mock_resource "aws_kinesis_firehose_delivery_stream" {
  defaults = {
    arn = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/mock"
  }
}

# what runs

mock_resource "aws_ecs_cluster" {
  defaults = {
    arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/mock"
  }
}

mock_resource "aws_ecs_capacity_provider" {
  defaults = {
    arn = "arn:aws:ecs:eu-west-1:123456789012:capacity-provider/mock"
  }
}

mock_resource "aws_ecs_task_definition" {
  defaults = {
    arn                  = "arn:aws:ecs:eu-west-1:123456789012:task-definition/mock:1"
    arn_without_revision = "arn:aws:ecs:eu-west-1:123456789012:task-definition/mock"
    revision             = 1
  }
}

mock_resource "aws_appautoscaling_target" {
  defaults = {
    arn = "arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/mock"
  }
}

mock_resource "aws_autoscaling_group" {
  defaults = {
    arn = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:mock:autoScalingGroupName/mock"
  }
}

mock_resource "aws_lambda_function" {
  defaults = {
    arn           = "arn:aws:lambda:eu-west-1:123456789012:function:mock"
    invoke_arn    = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:mock/invocations"
    qualified_arn = "arn:aws:lambda:eu-west-1:123456789012:function:mock:1"
    version       = "1"
  }
}

mock_resource "aws_batch_compute_environment" {
  defaults = {
    arn = "arn:aws:batch:eu-west-1:123456789012:compute-environment/mock"
  }
}

mock_resource "aws_batch_job_queue" {
  defaults = {
    arn = "arn:aws:batch:eu-west-1:123456789012:job-queue/mock"
  }
}

mock_resource "aws_cloudwatch_event_rule" {
  defaults = {
    arn = "arn:aws:events:eu-west-1:123456789012:rule/mock"
  }
}

mock_resource "aws_sfn_state_machine" {
  defaults = {
    arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:mock"
  }
}

# where we are

mock_data "aws_availability_zones" {
  defaults = {
    names    = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    zone_ids = ["euw1-az1", "euw1-az2", "euw1-az3"]
  }
}

mock_data "aws_region" {
  defaults = {
    id          = "eu-west-1"
    name        = "eu-west-1"
    description = "Europe (Ireland)"
    endpoint    = "ec2.eu-west-1.amazonaws.com"
  }
}

mock_data "aws_partition" {
  defaults = {
    id                 = "aws"
    partition          = "aws"
    dns_suffix         = "amazonaws.com"
    reverse_dns_prefix = "com.amazonaws"
  }
}

mock_data "aws_caller_identity" {
  defaults = {
    id         = "123456789012"
    account_id = "123456789012"
    arn        = "arn:aws:iam::123456789012:user/mock"
    user_id    = "AIDAMOCK"
  }
}

mock_data "aws_service_principal" {
  defaults = {
    name   = "mock.amazonaws.com"
    suffix = "amazonaws.com"
  }
}

mock_data "aws_iam_session_context" {
  defaults = {
    issuer_arn  = "arn:aws:iam::123456789012:role/mock"
    issuer_name = "mock"
    issuer_id   = "AROAMOCK"
  }
}

# what is there already

mock_data "aws_iam_policy_document" {
  defaults = {
    json          = "{\"Version\":\"2012-10-17\",\"Id\":\"mock\",\"Statement\":[]}"
    minified_json = "{\"Version\":\"2012-10-17\",\"Id\":\"mock\",\"Statement\":[]}"
  }
}

mock_data "aws_prefix_list" {
  defaults = {
    id          = "pl-mock"
    cidr_blocks = ["198.51.100.0/24"]
  }
}

mock_data "aws_ec2_managed_prefix_list" {
  defaults = {
    id  = "pl-mock"
    arn = "arn:aws:ec2:eu-west-1:123456789012:prefix-list/mock"
  }
}

mock_data "aws_vpc_endpoint_service" {
  defaults = {
    service_name = "com.amazonaws.eu-west-1.mock"
    arn          = "arn:aws:ec2:eu-west-1:123456789012:vpc-endpoint-service/mock"
  }
}

mock_data "aws_vpc_endpoint" {
  defaults = {
    id             = "vpce-mock"
    prefix_list_id = "pl-mock"
  }
}

mock_data "aws_vpc" {
  defaults = {
    id         = "vpc-mock"
    arn        = "arn:aws:ec2:eu-west-1:123456789012:vpc/mock"
    cidr_block = "10.0.0.0/16"
  }
}

mock_data "aws_subnets" {
  defaults = {
    ids = ["subnet-mock1", "subnet-mock2"]
  }
}

mock_data "aws_subnet" {
  defaults = {
    arn        = "arn:aws:ec2:eu-west-1:123456789012:subnet/mock"
    cidr_block = "10.0.0.0/24"
  }
}

mock_data "aws_route_tables" {
  defaults = {
    ids = ["rtb-mock"]
  }
}

mock_data "aws_ami" {
  defaults = {
    id  = "ami-0123456789abcdef0"
    arn = "arn:aws:ec2:eu-west-1::image/ami-0123456789abcdef0"
  }
}

mock_data "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::123456789012:role/mock"
  }
}

mock_data "aws_iam_policy" {
  defaults = {
    arn = "arn:aws:iam::123456789012:policy/mock"
  }
}

mock_data "aws_iam_openid_connect_provider" {
  defaults = {
    arn = "arn:aws:iam::123456789012:oidc-provider/mock"
  }
}

mock_data "aws_kms_key" {
  defaults = {
    arn = "arn:aws:kms:eu-west-1:123456789012:key/mock"
  }
}

mock_data "aws_kms_alias" {
  defaults = {
    arn            = "arn:aws:kms:eu-west-1:123456789012:alias/mock"
    target_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/mock"
  }
}

mock_data "aws_s3_bucket" {
  defaults = {
    arn                = "arn:aws:s3:::mock"
    bucket_domain_name = "mock.s3.amazonaws.com"
  }
}

mock_data "aws_ecr_repository" {
  defaults = {
    arn            = "arn:aws:ecr:eu-west-1:123456789012:repository/mock"
    repository_url = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mock"
  }
}

mock_data "aws_ecr_image" {
  defaults = {
    image_digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
    image_uri    = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mock@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  }
}

mock_data "aws_efs_file_system" {
  defaults = {
    arn = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/mock"
  }
}

mock_data "aws_secretsmanager_secret" {
  defaults = {
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mock-AbCdEf"
  }
}

mock_data "aws_secretsmanager_secret_version" {
  defaults = {
    arn           = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mock-AbCdEf"
    secret_string = "{}"
  }
}

mock_data "aws_ssm_parameter" {
  defaults = {
    arn   = "arn:aws:ssm:eu-west-1:123456789012:parameter/mock"
    value = "mock"
  }
}

mock_data "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:mock"
  }
}

mock_data "aws_sqs_queue" {
  defaults = {
    arn = "arn:aws:sqs:eu-west-1:123456789012:mock"
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/mock"
  }
}

mock_data "aws_sns_topic" {
  defaults = {
    arn = "arn:aws:sns:eu-west-1:123456789012:mock"
  }
}

mock_data "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:eu-west-1:123456789012:certificate/mock"
  }
}

mock_data "aws_route53_zone" {
  defaults = {
    arn     = "arn:aws:route53:::hostedzone/ZMOCK"
    zone_id = "ZMOCK"
  }
}

mock_data "aws_lb" {
  defaults = {
    arn      = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/mock/50dc6c495c0c9188"
    dns_name = "mock.eu-west-1.elb.amazonaws.com"
  }
}

mock_data "aws_ecs_cluster" {
  defaults = {
    arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/mock"
  }
}

mock_data "aws_ecs_task_definition" {
  defaults = {
    arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/mock:1"
  }
}

mock_data "aws_lambda_function" {
  defaults = {
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:mock"
  }
}
