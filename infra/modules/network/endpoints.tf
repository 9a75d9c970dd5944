resource "aws_vpc_endpoint" "interface" {
  for_each = var.interface_endpoints

  vpc_id              = aws_vpc.this.id
  service_name        = each.value
  vpc_endpoint_type   = "Interface"
  subnet_ids          = local.subnet_ids
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
  policy              = jsonencode(local.own_account)

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_endpoint" "gateway" {
  for_each = var.gateway_endpoints

  vpc_id            = aws_vpc.this.id
  service_name      = each.value
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id]
  policy            = each.key == "s3" ? jsonencode(local.own_buckets) : jsonencode(local.own_account)

  tags = { Name = "${var.name}-${each.key}" }
}

locals {
  subnet_ids = [for zone in var.availability_zones : aws_subnet.private[zone].id]

  # Who is of another account does not pass, nor what is in one. Not all services say whose a resource is: IfExists.
  own_account = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OwnAccount"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "*"
      Resource  = "*"
      Condition = {
        StringEquals         = { "aws:PrincipalAccount" = var.account_id }
        StringEqualsIfExists = { "aws:ResourceAccount" = var.account_id }
      }
    }]
  }

  own_buckets = {
    Version = "2012-10-17"
    Statement = concat(
      length(var.bucket_arns) == 0 ? [] : [
        {
          Sid       = "OwnBuckets"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action = [
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:GetBucketLocation",
            "s3:GetObject",
            "s3:GetObjectTagging",
            "s3:GetObjectVersion",
            "s3:ListBucket",
            "s3:ListBucketMultipartUploads",
            "s3:ListBucketVersions",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
            "s3:PutObjectTagging",
          ]
          Resource  = flatten([for arn in var.bucket_arns : [arn, "${arn}/*"]])
          Condition = { StringEquals = { "aws:PrincipalAccount" = var.account_id } }
        },
      ],
      [
        {
          # ECR signs the addresses of layers itself: whose request it is cannot be asked.
          # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
          Sid       = "LayersOfEcr"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = ["s3:GetObject"]
          Resource  = ["arn:${var.partition}:s3:::prod-${var.region}-starport-layer-bucket/*"]
        },
      ],
    )
  }
}
