#!/bin/bash
# Compares everything and prints the Markdown tables. See README.md.
set -euo pipefail
cd "$(dirname "$0")"
go run ./codecs
echo
go run ./codecs -encoders
echo
go run ./wims
echo
go run ./remote
