#!/bin/sh
# Copies the npm packages pinned in package-lock.json into src/js/vendor, with their licences.
#
# The streams module takes AbortController, DOMException and queueMicrotask from the global scope. It is evaluated before
# our globals exist, and programs may replace them later; the lines put in front give it ours. workers-streams.mjs gives
# its errors the texts that Workers have, and hides its state. Nothing else is changed.
#
# The packages behind `node:` modules are CommonJS. Each becomes one ES module whose default export is the package's value,
# and the packages it depends on become imports of our own modules (stand-ins/).
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund
vendor=../src/js/vendor
package=node_modules/web-streams-polyfill
mkdir -p "$vendor" "$vendor/node"
{
  echo 'import { AbortController } from "stated:abort";'
  echo 'import { DOMException } from "stated:dom-exception";'
  echo 'const globalThis = { DOMException }, queueMicrotask = undefined;'
  node workers-streams.mjs < "$package/dist/ponyfill.mjs"
} > "$vendor/web-streams-polyfill.js"
cp "$package/LICENSE" "$vendor/web-streams-polyfill.LICENSE"

# vendor_node <package> <entry> <licence file>...: the licences are those of all that the bundle contains. What stands in
# `inject` supplies globals.
inject=
vendor_node() {
  package=$1
  entry=$2
  shift 2
  node_modules/.bin/esbuild "node_modules/$package/$entry" --bundle --format=esm --platform=neutral --target=es2022 \
    --main-fields=module,main --minify-whitespace --minify-syntax --legal-comments=inline --log-level=warning \
    --external:stated:* --banner:js='// @ts-nocheck' --define:window=undefined --define:window.process=undefined \
    --alias:abort-controller=./stand-ins/abort-controller.js --alias:buffer=./stand-ins/buffer.js \
    --alias:events=./stand-ins/events.js --alias:process=./stand-ins/process.js \
    --alias:punycode=./stand-ins/punycode.js --alias:qs=./stand-ins/qs.js \
    --alias:safe-buffer=./stand-ins/buffer.js --alias:string_decoder=./stand-ins/string_decoder.js $inject --outfile="$vendor/node/$package.js"
  for licence in "$@"; do cat "node_modules/$licence"; done > "$vendor/node/$package.LICENSE"
}
inject=--inject:./stand-ins/path-process.js
vendor_node path-unified src/index.js ../licences/path-unified
inject=
vendor_node punycode punycode.es6.js punycode/LICENSE-MIT.txt
vendor_node readable-stream lib/stream.js readable-stream/LICENSE
sed -i -f readable-stream.sed "$vendor/node/readable-stream.js"

# URLPattern parses with `new URL`; it gets ours for the same reason.
package=node_modules/urlpattern-polyfill
{
  echo 'import { URL } from "stated:url";'
  cat "$package/dist/urlpattern.js"
} > "$vendor/urlpattern-polyfill.js"
cp "$package/LICENSE" "$vendor/urlpattern-polyfill.LICENSE"
