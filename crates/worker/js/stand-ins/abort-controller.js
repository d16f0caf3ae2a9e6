export { AbortController, AbortSignal } from "stated:abort";
