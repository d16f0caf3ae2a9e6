export { nextTick } from "stated:node-support/next-tick";
// A program has no terminal to pipe into.
export const stdout = undefined;
export const stderr = undefined;
