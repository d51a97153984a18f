#!/bin/sh
# Installs the sdk somewhere, builds the template against it as its reader would, and lets the host look at the result.
#
#     build_template.sh CMAKE BUILD_DIR TEMPLATE_DIR HOST_PROGRAM
set -eu
cmake=$1 build=$2 template=$3 host=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$cmake" --install "$build" --component sdk --prefix "$work/prefix" >"$work/log"
"$cmake" -S "$template" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" >>"$work/log" || { cat "$work/log"; exit 1; }
"$cmake" --build "$work/build" >>"$work/log" || { cat "$work/log"; exit 1; }
"$host" --plugin "$work/build/my-storage.so" --describe | grep '"id":"my-storage"'
test "$(nm -D --defined-only "$work/build/my-storage.so" | wc -l)" = 1
