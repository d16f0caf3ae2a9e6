//! From a TypeScript project and its packages to one JavaScript module.
