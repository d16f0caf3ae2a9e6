#!/bin/sh
# Copies the npm packages pinned in package-lock.json into src/js/vendor, with their licences.
#
# The streams module takes AbortController, DOMException and queueMicrotask from the global scope. It is evaluated before
# our globals exist, and programs may replace them later; the lines put in front give it ours. Nothing else is changed.
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund
vendor=../src/js/vendor
package=node_modules/web-streams-polyfill
mkdir -p "$vendor"
{
  echo 'import { AbortController } from "stated:abort";'
  echo 'import { DOMException } from "stated:dom-exception";'
  echo 'const globalThis = { DOMException }, queueMicrotask = undefined;'
  cat "$package/dist/ponyfill.mjs"
} > "$vendor/web-streams-polyfill.js"
cp "$package/LICENSE" "$vendor/web-streams-polyfill.LICENSE"
