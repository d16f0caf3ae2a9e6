/**
 * `node:sys`: the old name of `node:util`.
 *
 * @module
 */

export * from "stated:node/util";
export { default } from "stated:node/util";
