#!/bin/sh
set -e
servo -c /servo/servo.yaml validate
servo run --check || [ $? -eq 1 ]
exec poetry run servo "$@"
