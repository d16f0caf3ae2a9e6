// What path-unified asks of the global `process`.
export const process = { platform: "linux", env: {}, cwd: () => "/bundle" };
