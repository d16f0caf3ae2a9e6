export * from "stated:node/buffer";
export { default } from "stated:node/buffer";
