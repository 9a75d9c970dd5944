output "bucket_names" {
  description = "The buckets' names: dags and logs."
  value       = { for use, bucket in aws_s3_bucket.this : use => bucket.id }
}

output "bucket_arns" {
  description = "The buckets' ARNs, known before they are made: dags and logs."
  value       = local.bucket_arns
}

output "file_system_id" {
  description = "The file system's id; null where there is none."
  value       = one([for file_system in aws_efs_file_system.this : file_system.id])
}

output "file_system_arn" {
  description = "The file system's ARN; null where there is none."
  value       = one([for file_system in aws_efs_file_system.this : file_system.arn])
}

output "access_point_ids" {
  description = "The file system's access points: dags and logs; empty where there is none."
  value       = { for use, point in aws_efs_access_point.this : use => point.id }
}

output "access_point_arns" {
  description = "The access points' ARNs, which roles name."
  value       = { for use, point in aws_efs_access_point.this : use => point.arn }
}
