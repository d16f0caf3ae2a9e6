/**
 * The asynchronous functions of the global `WebAssembly`.
 *
 * The engine's own hand their work to other threads and need an event loop of its kind to come back. Modules come by
 * import here, finished, so there is nothing to do in the background: the functions are written over the constructors,
 * which also decide whether code may be made from bytes now.
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/webassembly/
 *
 * @module
 */

/**
 * Replaces the asynchronous functions.
 *
 * @param {any} target the realm's `WebAssembly`
 */
export function replaceAsynchronous(target) {
  const { CompileError, Instance, Module } = target;
  /**
   * A module of bytes. Its error names the function that the program called.
   *
   * @param {ArrayBuffer | ArrayBufferView} bytes
   * @param {string} name
   */
  const compiled = (bytes, name) => {
    try {
      return new Module(bytes);
    } catch (/** @type {any} */ error) {
      if (error instanceof CompileError) error.message = error.message.replace("WebAssembly.Module()", `WebAssembly.${name}()`);
      throw error;
    }
  };
  const functions = {
    /** @param {ArrayBuffer | ArrayBufferView} bytes */
    async compile(bytes) {
      return compiled(bytes, "compile");
    },
    /**
     * @param {any} source a module, or bytes
     * @param {object} [imports]
     */
    async instantiate(source, imports = undefined) {
      if (source instanceof Module) return new Instance(source, imports);
      const module = compiled(source, "instantiate");
      return { module, instance: new Instance(module, imports) };
    },
  };
  for (const [name, value] of Object.entries(functions)) {
    Object.defineProperty(value, "length", { value: 1, configurable: true });
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  }
  for (const name of ["compileStreaming", "instantiateStreaming"]) delete target[name];
}
