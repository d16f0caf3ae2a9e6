export * from "stated:node/events";
export { default } from "stated:node/events";
