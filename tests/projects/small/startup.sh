#!/bin/sh
export ENVIRONMENT_STAGE="development"
