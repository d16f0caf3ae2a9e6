export * from "stated:node/string_decoder";
export { default } from "stated:node/string_decoder";
