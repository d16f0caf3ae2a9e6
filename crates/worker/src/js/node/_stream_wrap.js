/**
 * `node:_stream_wrap`, to be imported only.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

export default unimplementedIn("_stream_wrap")("StreamWrap");
