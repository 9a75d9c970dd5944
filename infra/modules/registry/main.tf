# The repository of images, as `airlock push --create` makes it, but for one setting: this provider (5.100) knows no
# exclusions from immutability. So tags are immutable throughout until `airlock push --create` excludes deployed-* and
# sha256-*, which move; that is left to it.

resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.kms_key_arn
  }

  image_scanning_configuration {
    scan_on_push = true
  }

  lifecycle {
    ignore_changes = [image_tag_mutability]
  }
}

# The words and numbers of `airlock push --create` itself: a test compares them.
resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    rules = [
      for index, rule in local.kept : {
        rulePriority = index + 1
        description  = "airlock: keep ${rule.description}"
        selection = {
          tagStatus      = "tagged"
          tagPatternList = [rule.pattern]
          countType      = "imageCountMoreThan"
          countNumber    = rule.count
        }
        action = { type = "expire" }
      }
    ]
  })
}

locals {
  # The first two rules hold back from the third what has such a tag: 9999 images are never reached.
  kept = [
    { pattern = "deployed-*", count = 9999, description = "what a service runs, and what it ran before" },
    { pattern = "sha256-*", count = 9999, description = "signatures: without its image one is of no use, and of no size" },
    { pattern = "*", count = var.keep * 10, description = "the newest ${var.keep} images, each with up to nine signatures" },
  ]
}
