//! SpiderMonkey made safe: contexts, values, modules, promises and limits.
