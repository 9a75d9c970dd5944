mock_provider "aws" {
  source = "../../scripts/airlock/verify/mocks"
}

run "plan" {
  command = apply
}
