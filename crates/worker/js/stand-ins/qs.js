// The package `url` calls qs with options of its own; node:url used node:querystring.
import { parse as parseQuery, stringify as stringifyQuery } from "stated:node/querystring";

export const parse = (text) => parseQuery(text);
export const stringify = (query) => stringifyQuery(query);
