export * from "stated:node/punycode";
export { default } from "stated:node/punycode";
