/**
 * The boundary between the JavaScript library in this folder and the host (crates/worker/src/ops).
 *
 * Rules that hold for every operation:
 * - Numbers called `…Id` name things the host keeps in a table; 0 is never a valid one. A body, socket
 *   or cursor id belongs to the I/O context that was current when it was made and dies with it.
 * - A context is one stateless event or one live Durable Object. `contextId` 0 is the global scope.
 * - Bytes are `Uint8Array`s; the host copies what it is given and hands out fresh arrays.
 * - Headers are flat: `[name, value, name, value, …]`, names in lower case, values as ByteStrings
 *   (every code unit at most 0xFF). A repeated field is repeated.
 * - An operation that fails throws the final JavaScript error, class and message included; an
 *   asynchronous one rejects with it. Promises settle through the input gate of the context that
 *   made the call, and what leaves the context waits for its output gate.
 */

/** Bytes, or the id and the length of a host body. */
export type CachedBody = Uint8Array | [number, number];

/** `null` = no body; bytes = all of it; number = id of a host body, which moves with the call. */
export type WireBody = null | Uint8Array | number;

/** `[status, statusText, headers, body, url, redirected, socketId (0 = none)]` */
export type WireResponse = [number, string, string[], WireBody, string, boolean, number];

/**
 * A message of RPC that arrived: the bytes of a value (serialize.js) and what it refers to by position, as pairs of kind and
 * number: 0 = a target and 1 = a service or object, with a capability id; 2 = a host body, with its id.
 */
export type WireMessage = [bytes: Uint8Array, capabilities: number[]];

/** A value of storage: a primitive, or the bytes that the library makes it from. */
export type StoredValue = string | number | boolean | null | Uint8Array;

/** `ctx.props`: JSON, a value that may refer to services, or none. */
export type WireProps = string | WireMessage | undefined;

/** Why a stream of `node:zlib` cannot go on. */
export type ZlibFailure = [message: string, code: string, errno: number];

/** null, number, string or bytes, as SQLite stores them. */
export type SqlValue = null | number | string | ArrayBuffer;

/** What the parser waits for: `[kind of token, registration or key of an end tag]`, `[6, key of a content]`; or the next piece. */
export type RewriterStep = [kind: number, key: number] | undefined;

export interface Ops {
  // --- values -----------------------------------------------------------------------------------
  /** The internal class, seen through no Proxy: one of the strings below, "Proxy" for a Proxy, "" for a primitive. */
  classOf(value: unknown): "Object" | "Array" | "Number" | "String" | "Boolean" | "RegExp" | "ArrayBuffer"
    | "SharedArrayBuffer" | "Date" | "Set" | "Map" | "Promise" | "MapIterator" | "SetIterator" | "Arguments"
    | "Error" | "BigInt" | "Function" | "Proxy" | "Other" | "";
  /** `[0]` pending, `[1, value]` fulfilled, `[2, reason]` rejected. */
  promiseState(promise: Promise<unknown>): [number, unknown?];
  /** `[target, handler]` of a Proxy, for printing; undefined for anything else. */
  proxyParts(value: unknown): [unknown, unknown] | undefined;
  /** The most bytes that the heap may hold. */
  heapBytesMax(): number;

  // --- text -------------------------------------------------------------------------------------
  /** Lone surrogates become U+FFFD. */
  utf8Encode(text: string): Uint8Array;
  /** Writes into `target`; returns `[code units read, bytes written]`. */
  utf8EncodeInto(text: string, target: Uint8Array): [number, number];
  /** The canonical lower-case name of an encoding label, or undefined (the replacement encoding counts as unknown). */
  encodingName(label: string): string | undefined;
  /** Decodes a whole buffer. `name` from encodingName. Throws TypeError when `fatal` and malformed. */
  textDecode(name: string, bytes: Uint8Array, fatal: boolean, ignoreBom: boolean): string;
  /** A streaming decoder; freed by the call to decoderPush with `last`. */
  decoderOpen(name: string, fatal: boolean, ignoreBom: boolean): number;
  decoderPush(decoderId: number, bytes: Uint8Array, last: boolean): string;
  /** Forgiving base64 over byte strings; undefined when the input is malformed. */
  base64Decode(text: string): string | undefined;
  /** Of a byte string; undefined when a code unit is above 0xFF. */
  base64Encode(text: string): string | undefined;

  // --- URL --------------------------------------------------------------------------------------
  /**
   * WHATWG parse. Null = failure. Otherwise `[href, protocolEnd, usernameEnd, hostStart, hostEnd, port,
   * pathnameStart, searchStart, hashStart]`, offsets into href in ada's url_aggregator meaning;
   * port, searchStart and hashStart are -1 when absent.
   */
  urlParse(input: string, base: string | undefined): [string, ...number[]] | null;
  /** Runs one setter of the URL standard on an href; null when the setter leaves it unchanged or fails. */
  urlSet(href: string, part: "href" | "protocol" | "username" | "password" | "host" | "hostname" | "port"
    | "pathname" | "search" | "hash", value: string): [string, ...number[]] | null;

  // --- crypto and time --------------------------------------------------------------------------
  randomFill(bytes: Uint8Array): void;
  randomUuid(): string;
  /** `name` is one of "SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5". */
  digest(name: string, bytes: Uint8Array): Uint8Array;
  /** A digest by pieces, with the same names. It is forgotten by digestFinish, or with its context. */
  digestOpen(name: string): number;
  digestPush(digestId: number, bytes: Uint8Array): void;
  digestFinish(digestId: number): Uint8Array;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds since the process started, with a fraction. */
  monotonicNow(): number;
  /** Fires `timerFired(id)` through the input gate. `delayMs` is already clamped. Throws the quota error. */
  timerStart(delayMs: number, repeat: boolean): number;
  /** Unknown ids are ignored. */
  timerStop(timerId: number): void;

  // --- modules ----------------------------------------------------------------------------------
  /** The namespace of a `node:` module, evaluated at first use. Throws TypeError when the program has none of that name. */
  builtInModule(specifier: string): any;
  // "stated:bundle-files" is the program: `default` is a list of `[path, text | null, base64 | null]`.

  // --- Web Crypto ---------------------------------------------------------------------------------
  // Keys as crates/crypto describes them: a secret is its bytes; EC keys a scalar and an uncompressed point; Ed25519 and
  // X25519 keys 32 bytes; RSA keys a PKCS #8 or SubjectPublicKeyInfo document made by these operations. What the
  // algorithm refuses throws the DOMException of the standard: DataError, OperationError or NotSupportedError.
  hmacSign(hash: string, key: Uint8Array, message: Uint8Array): Uint8Array;
  hmacVerify(hash: string, key: Uint8Array, code: Uint8Array, message: Uint8Array): boolean;
  /** `iv` is the counter of CTR; `bits` the length of its counting part, or of the tag of GCM; KW needs neither. */
  aesEncrypt(mode: string, key: Uint8Array, iv: Uint8Array, bits: number, extra: Uint8Array, message: Uint8Array): Uint8Array;
  aesDecrypt(mode: string, key: Uint8Array, iv: Uint8Array, bits: number, extra: Uint8Array, message: Uint8Array): Uint8Array;
  /** `[scalar, point]` */
  ecGenerate(curve: string): [Uint8Array, Uint8Array];
  /** `[scalar, point]` of the private formats, `[point]` of the public ones. */
  ecImport(curve: string, format: "scalar" | "pkcs8" | "sec1" | "point" | "spki", key: Uint8Array): Uint8Array[];
  ecExport(curve: string, format: "pkcs8" | "sec1" | "spki", key: Uint8Array): Uint8Array;
  ecdsaSign(curve: string, hash: string, scalar: Uint8Array, message: Uint8Array): Uint8Array;
  ecdsaVerify(curve: string, hash: string, point: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean;
  ecdhAgree(curve: string, scalar: Uint8Array, point: Uint8Array): Uint8Array;
  okpGenerate(): Uint8Array;
  okpPublic(kind: string, key: Uint8Array): Uint8Array;
  okpImport(kind: string, format: "pkcs8" | "spki", document: Uint8Array): Uint8Array;
  okpExport(kind: string, format: "pkcs8" | "spki", key: Uint8Array): Uint8Array;
  ed25519Sign(key: Uint8Array, message: Uint8Array): Uint8Array;
  ed25519Verify(key: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean;
  x25519Agree(key: Uint8Array, publicKey: Uint8Array): Uint8Array;
  /** Runs on a thread of its own. */
  rsaGenerate(modulusBits: number, exponent: Uint8Array): Promise<Uint8Array>;
  rsaImport(format: "pkcs8" | "spki", document: Uint8Array): Uint8Array;
  /** n, e; or n, e, d, p, q, dp, dq, qi. */
  rsaFromNumbers(numbers: Uint8Array[]): Uint8Array;
  rsaNumbers(format: "pkcs8" | "spki", key: Uint8Array): Uint8Array[];
  rsaPublic(key: Uint8Array): Uint8Array;
  rsaSign(scheme: "pkcs1" | "pss" | "pss-any", hash: string, saltBytes: number, key: Uint8Array, message: Uint8Array): Uint8Array;
  rsaVerify(scheme: "pkcs1" | "pss" | "pss-any", hash: string, saltBytes: number, key: Uint8Array, signature: Uint8Array,
    message: Uint8Array): boolean;
  rsaEncrypt(hash: string, label: Uint8Array, key: Uint8Array, message: Uint8Array): Uint8Array;
  rsaDecrypt(hash: string, label: Uint8Array, key: Uint8Array, message: Uint8Array): Uint8Array;
  hkdf(hash: string, secret: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number): Uint8Array;
  /** Many rounds run on a thread of their own, except in global scope. */
  pbkdf2(hash: string, password: Uint8Array, salt: Uint8Array, rounds: number, bytes: number): Uint8Array | Promise<Uint8Array>;

  // --- Node's crypto ----------------------------------------------------------------------------
  // All of it at once. Hashes have the names of crates/crypto; `shake` SHAKE128 or SHAKE256.
  shake(name: string, message: Uint8Array, bytes: number): Uint8Array;
  pbkdf2Now(hash: string, password: Uint8Array, salt: Uint8Array, rounds: number, bytes: number): Uint8Array;
  scrypt(password: Uint8Array, salt: Uint8Array, cost: number, blockSize: number, parallelization: number, bytes: number): Uint8Array;
  /** Whole blocks, without padding; ECB without an iv. */
  cipherBlocks(family: "aes" | "des", encrypt: boolean, key: Uint8Array, iv: Uint8Array | undefined, blocks: Uint8Array): Uint8Array;
  cipherStream(mode: "ctr" | "gcm" | "ofb" | "chacha20", key: Uint8Array, iv: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array;
  gcmCounter(key: Uint8Array, iv: Uint8Array): Uint8Array;
  gcmTag(key: Uint8Array, counter: Uint8Array, extra: Uint8Array, ciphertext: Uint8Array): Uint8Array;
  poly1305Tag(key: Uint8Array, nonce: Uint8Array, extra: Uint8Array, ciphertext: Uint8Array): Uint8Array;
  /** `rsa`, `ed25519`, `x25519` or the name of a curve. */
  keyAlgorithm(format: string, document: Uint8Array): string;
  /** PKCS #8 to EncryptedPrivateKeyInfo and back. cipher: aes-128-cbc, aes-192-cbc, aes-256-cbc or des-ede3-cbc */
  keyEncrypt(document: Uint8Array, passphrase: Uint8Array, cipher: string): Uint8Array;
  keyDecrypt(document: Uint8Array, passphrase: Uint8Array): Uint8Array;
  ecCompress(curve: string, point: Uint8Array): Uint8Array;
  ecdsaEncode(curve: string, to: "der" | "ieee-p1363", signature: Uint8Array): Uint8Array;
  rsaConvert(which: "from-pkcs1-private" | "from-pkcs1-public" | "to-pkcs1-private" | "to-pkcs1-public", document: Uint8Array): Uint8Array;
  rsaGenerateNow(modulusBits: number, exponent: Uint8Array): Uint8Array;
  /** Padding of PKCS #1 v1.5: encrypt, decrypt, sign, recover; none: public, private. */
  rsaApply(operation: "encrypt" | "decrypt" | "sign" | "recover" | "public" | "private", key: Uint8Array, message: Uint8Array): Uint8Array;
  modPower(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Uint8Array;
  primeNew(bits: number, safe: boolean): Uint8Array;
  primeCheck(candidate: Uint8Array): boolean;
  /** Its fields as JSON (ops/node_crypto.rs), and the SubjectPublicKeyInfo of its key. */
  certificateRead(der: Uint8Array): [string, Uint8Array];
  certificateSignedBy(der: Uint8Array, publicKey: Uint8Array): boolean;
  /** The challenge, the SubjectPublicKeyInfo, and whether that key signed the document. */
  spkacRead(der: Uint8Array): [string, Uint8Array, boolean];

  // --- diagnostics ------------------------------------------------------------------------------
  /** One finished console line. level: 0 debug, 1 log, 2 info, 3 warn, 4 error. */
  log(level: number, text: string): void;
  /** An exception nobody caught, as text with the stack (mapped to sources by the host). */
  reportUncaught(text: string): void;

  // --- contexts ---------------------------------------------------------------------------------
  contextId(): number;
  /** The library keeps something for the running context: `endContext` is called when it ends. */
  contextKept(): void;
  /** Throws the "different request" / "different Durable Object" error unless `contextId` is current. */
  checkContext(contextId: number, ioType: string): void;
  /** The async-context value of the running code (AsyncLocalStorage); undefined at first. */
  asyncFrame(): unknown;
  /** Calls `fn(...args)` with the async-context value `frame`, and restores the former one. */
  withAsyncFrame(frame: unknown, fn: Function, ...args: unknown[]): unknown;
  /** While begun tasks are not ended, the context stays alive (waitUntil, pumps). */
  taskBegin(contextId: number): void;
  taskEnd(contextId: number, failed: boolean): void;

  /** `controller.noRetry()` of the scheduled event whose context it is. */
  scheduledNoRetry(contextId: number): void;
  /** Counts one use of a key; whether it was within `limit` uses per `period` seconds. */
  rateLimit(namespace: string, key: string, limit: number, period: number): boolean;

  // --- answers to the calls below ---------------------------------------------------------------
  /** The body is encoded as a Content-Encoding of the headers says, unless `encoded` says that it is already. */
  respond(callId: number, status: number, statusText: string, headers: string[], body: WireBody, socketId: number,
    encoded: boolean): void;
  /** The result of an RPC call. The capabilities leave the context with it. */
  respondValue(callId: number, bytes: Uint8Array, capabilities: number[]): void;
  /** The call is done and has no result (alarm, socket event). */
  respondDone(callId: number): void;
  /**
   * The handler threw. `text` is `String(error)` as the caller's side decodes it (reference 2.7), `stack` is for the log.
   * `flags`: bit 0 retryable, bit 1 overloaded, bit 2 remote (already crossed), bit 3 durableObjectReset.
   * `value` is what was thrown in serialized form (flag enhanced_error_serialization), for `makeError` at the caller.
   */
  respondError(callId: number, text: string, stack: string, flags: number, value?: Uint8Array): void;

  /** Has `fn` called when the caller of a fetch leaves before it has the whole response. True if it has left already. */
  watchCaller(callId: number, fn: () => void): boolean;

  // --- bodies -----------------------------------------------------------------------------------
  /** The next chunk, or undefined at the end. One read at a time. */
  bodyRead(bodyId: number): Promise<Uint8Array | undefined>;
  /** All that is left. */
  bodyReadAll(bodyId: number): Promise<Uint8Array>;
  bodyCancel(bodyId: number): void;
  /** A body that JavaScript fills; pass the id as a WireBody, then write. `length` -1 = unknown. */
  bodyNew(length: number): number;
  /** Resolves when the reader has room again; resolves to false when the reader is gone. */
  bodyWrite(bodyId: number, bytes: Uint8Array): Promise<boolean>;
  bodyClose(bodyId: number): void;
  bodyAbort(bodyId: number, message: string): void;
  /** Both ends of a copy of a host body: two new ids; the old one is spent. */
  bodyTee(bodyId: number): [number, number];
  /** Makes reads of a response's body give it as it came: without it, they decode what Content-Encoding says. */
  bodyKeepEncoded(bodyId: number): void;

  // --- compression --------------------------------------------------------------------------------
  /**
   * A stream of one of the three formats. A `lenient` one ends where its data does: early, or before what follows it. It is
   * forgotten by codecClose, or with its context.
   */
  codecOpen(format: string, compress: boolean, lenient: boolean): number;
  codecPush(codecId: number, bytes: Uint8Array): void;
  /** The next piece of output, or undefined: more input is needed, or it is the end. Throws TypeError. */
  codecPull(codecId: number): Uint8Array | undefined;
  /** Nothing more will be pushed. */
  codecFinish(codecId: number): void;
  codecClose(codecId: number): void;

  /**
   * A stream of `node:zlib`. `mode` is one of `zlib.constants`: 1 to 7 for zlibOpen, 8 to 11 for zlibOpenWith, whose
   * `parameters` are flat. What went wrong is given, not thrown: text, code and number as Node has them. A stream is forgotten
   * by zlibClose, or with its context.
   */
  zlibOpen(mode: number, windowBits: number, level: number, memLevel: number, strategy: number,
    dictionary: Uint8Array | undefined): number | ZlibFailure;
  zlibOpenWith(mode: number, parameters: number[], size: number | undefined, dictionary: Uint8Array | undefined): number | ZlibFailure;
  /**
   * Takes in what is left of the input, or a new one, and gives output: the bytes, whether there may be more at once, and how
   * much input is left. At most `bytesMax` bytes, of which the host gives no more than 1 MiB.
   */
  zlibWrite(zlibId: number, flush: number, input: Uint8Array | undefined, bytesMax: number):
    [Uint8Array, boolean, number] | [undefined, false, 0, ...ZlibFailure];
  zlibReset(zlibId: number): undefined | ZlibFailure;
  /** Of deflate alone: changes level and strategy. */
  zlibParams(zlibId: number, level: number, strategy: number): undefined | ZlibFailure;
  zlibClose(zlibId: number): void;
  crc32(bytes: Uint8Array, value: number): number;
  // --- HTMLRewriter -----------------------------------------------------------------------------
  /** Throws a TypeError for what is no selector, or too long. */
  rewriterSelector(selector: string): void;
  /**
   * Begins a document. For each registration its selector, or "" for the document's handlers, and the kinds of token that it
   * wants, a bit for each kind (html-rewriter/tokens.js). It is forgotten by rewriterClose, or with its context.
   */
  rewriterOpen(encoding: string, selectors: string[], kinds: Uint8Array, esiIsVoid: boolean): number;
  /** A piece of the document. All that follow throw a TypeError when it cannot be parsed. */
  rewriterWrite(documentId: number, bytes: Uint8Array): RewriterStep;
  /** The end of the document. */
  rewriterEnd(documentId: number): RewriterStep;
  /** A handler is done, or a content. */
  rewriterResume(documentId: number): RewriterStep;
  /** Reads or changes the token whose handler runs; throws TypeError when none does. */
  rewriterAct(documentId: number, command: string, a?: string | number, b?: string | boolean): any;
  /** A piece of the content that is asked for. */
  rewriterPour(documentId: number, bytes: Uint8Array): void;
  /** What has come out since the last time. */
  rewriterTake(documentId: number): Uint8Array;
  rewriterClose(documentId: number): void;

  // --- caches -------------------------------------------------------------------------------------
  /** `[status, statusText, headers, body, storedMs, expiresMs]` of a kept response. Expired ones are given, too. */
  cacheGet(cache: string, key: string): Promise<[number, string, string[], CachedBody, number, number] | undefined>;
  /** The id of a body with `count` bytes from `first` on of a large one; undefined if another response is kept by now. */
  cacheRange(cache: string, key: string, storedMs: number, first: number, count: number): Promise<number | undefined>;
  /** Resolves to whether it is kept: it may be too large, or the disk full. */
  cachePut(cache: string, key: string, status: number, statusText: string, headers: string[], body: WireBody,
    storedMs: number, expiresMs: number): Promise<boolean>;
  /** Resolves to whether there was one. */
  cacheDelete(cache: string, key: string): Promise<boolean>;

  // --- outgoing fetch ---------------------------------------------------------------------------
  /** A number with which fetchAbort cancels the fetch. */
  fetchToken(): number;
  fetchStart(token: number, method: string, url: string, headers: string[], body: WireBody,
    redirect: "follow" | "error" | "manual" | "verbatim"): Promise<WireResponse>;
  fetchAbort(token: number): void;

  /** The addresses of a host, one in a line, as the system resolves it. */
  dnsLookup(host: string): Promise<Uint8Array>;
  /** The addresses of the system's name servers, one in a line. */
  dnsServers(): string;
  /** Sends a DNS message to a server ("address" or "address:port") and waits for its answer for so long. */
  dnsQuery(server: string, message: Uint8Array, waitMs: number): Promise<Uint8Array>;

  // --- Durable Object namespaces and stubs --------------------------------------------------------
  /** `namespace` is the index given by the binding. Ids are 64 lower-case hexadecimal digits. */
  idFromName(namespace: number, name: string): string;
  idRandom(namespace: number): string;
  /** Throws the two errors of reference 1.3. */
  idParse(namespace: number, text: string): string;
  /**
   * Calls of one context to one object are delivered in call order. `generation` is the number that came back with a
   * stub's first result, and before that the stub's own, negative; a stub of a broken generation rejects with the break's error.
   */
  stubFetch(namespace: number, id: string, name: string | undefined, generation: number, token: number, method: string,
    url: string, headers: string[], body: WireBody, cf: string | undefined): Promise<[number, WireResponse]>;
  /** `args` undefined = read the property. The capabilities leave the context with the call. */
  stubCall(namespace: number, id: string, name: string | undefined, generation: number, path: string[],
    args: Uint8Array | undefined, capabilities: number[]): Promise<[number, WireMessage]>;
  /**
   * The same for a stateless entrypoint: `service` is the index given by a binding, or the name of an entrypoint of this very
   * program; `props` are those of a caller that has its own.
   */
  serviceFetch(service: number | string, props: WireMessage | undefined, token: number, method: string, url: string,
    headers: string[], body: WireBody, cf: string | undefined): Promise<WireResponse>;
  serviceCall(service: number | string, props: WireMessage | undefined, path: string[], args: Uint8Array | undefined,
    capabilities: number[]): Promise<WireMessage>;
  /** Runs `scheduled` and waits for what it gave to `waitUntil`: `[outcome, noRetry]`. A time of -1 means now. */
  serviceScheduled(service: number | string, props: WireMessage | undefined, scheduledTimeMs: number,
    cron: string): Promise<[string, boolean]>;

  // --- capabilities: what messages refer to -------------------------------------------------------
  /** The first reference to a target of the current context; `releaseTarget` tells when the last is gone. */
  capabilityOfTarget(target: number): number;
  capabilityOfObject(namespace: number, id: string, name: string | undefined, generation: number): number;
  capabilityOfService(service: number | string, props: WireMessage | undefined): number;
  /** Takes the host body over. */
  capabilityOfBody(bodyId: number): number;
  capabilityDup(capability: number): number;
  /** False once it was dropped, or sent without a duplicate, and when its context has ended. */
  capabilityIsHeld(capability: number): boolean;
  capabilityDrop(capability: number): void;
  /** Calls of one context to one target start in call order. */
  capabilityCall(capability: number, path: string[], args: Uint8Array | undefined, capabilities: number[]): Promise<WireMessage>;
  capabilityFetch(capability: number, token: number, method: string, url: string, headers: string[], body: WireBody, cf: string | undefined): Promise<WireResponse>;
  /** Where a service or object is, in names; undefined if its service does not let stubs of it be stored. */
  capabilityAddress(capability: number): [service: string, entrypoint: string, props: any]
    | [service: string, className: string, id: string, name: string | undefined] | undefined;
  /** What is there: an entrypoint by service and name, with props, or an object by service, class, id and name if known. 0 if it is gone. */
  capabilityAt(names: string[], props: WireMessage | undefined): number;
  /** Calls `[restore]` of a class with params in the format of storage. */
  capabilityRestore(capability: number, params: Uint8Array): Promise<WireMessage>;

  // --- facets; contextId is the parent's, and every operation checks the name ----------------------
  facetCheck(contextId: number, name: string): void;
  /** The generation of the facet that runs or is ready to; 0 when it must be started. */
  facetGeneration(contextId: number, name: string): number;
  /**
   * Makes a facet ready and returns the generation for its stubs; it is constructed at its first event. `program` is the
   * number of a dynamic worker, or 0. `id` is what its `ctx.id` shows: an id with perhaps a name, or any text.
   */
  facetStart(contextId: number, name: string, program: number, className: string, props: WireMessage | undefined, id: string,
    idName: string | undefined, idIsText: boolean): number;
  facetCall(contextId: number, name: string, generation: number, path: string[], args: Uint8Array | undefined,
    capabilities: number[]): Promise<WireMessage>;
  facetFetch(contextId: number, name: string, generation: number, token: number, method: string, url: string,
    headers: string[], body: WireBody, cf: string | undefined): Promise<WireResponse>;
  /** Text, flags and value of the reason as for respondError. */
  facetAbort(contextId: number, name: string, text: string, flags: number, value: Uint8Array | undefined): void;
  facetDelete(contextId: number, name: string): void;
  facetClone(contextId: number, source: string, target: string): void;

  // --- dynamic workers ------------------------------------------------------------------------------
  /**
   * Evaluates a worker; resolves to its number. `config` is `{compatibilityDate, compatibilityFlags}` as JSON, `modules`
   * flat: name, kind ("js", "text", "data" or "wasm"), content. `env` is `[env, globalOutbound]`; `network` says whether
   * `fetch()` reaches the outside.
   */
  dynamicLoad(config: string, main: string, modules: (string | Uint8Array)[], env: WireMessage, network: boolean): Promise<number>;
  /** Whether a worker is still loaded; it counts as used. */
  dynamicIsLoaded(program: number): boolean;
  dynamicCall(program: number, entrypoint: string, props: WireMessage | undefined, path: string[], args: Uint8Array | undefined,
    capabilities: number[]): Promise<WireMessage>;
  dynamicFetch(program: number, entrypoint: string, props: WireMessage | undefined, token: number, method: string, url: string,
    headers: string[], body: WireBody, cf: string | undefined): Promise<WireResponse>;
  /** In a dynamic worker: what the message of its `env` refers to, by position. */
  envCall(position: number, path: string[], args: Uint8Array | undefined, capabilities: number[]): Promise<WireMessage>;
  envFetch(position: number, token: number, method: string, url: string, headers: string[], body: WireBody, cf: string | undefined): Promise<WireResponse>;
  capabilityOfEnv(position: number): number;

  // --- a Durable Object's own storage; contextId is the object's ---------------------------------
  kvGet(contextId: number, key: string): StoredValue | undefined;
  /** `[key, value, …]`, existing keys only, sorted, without duplicates. */
  kvGetMany(contextId: number, keys: string[]): StoredValue[];
  kvPut(contextId: number, key: string, value: Uint8Array, unconfirmed: boolean): void;
  /** Atomic. `[key, bytes, …]` */
  kvPutMany(contextId: number, entries: (string | Uint8Array)[], unconfirmed: boolean): void;
  kvDelete(contextId: number, key: string, unconfirmed: boolean): boolean;
  kvDeleteMany(contextId: number, keys: string[], unconfirmed: boolean): number;
  /** `[key, value, …]` in order. All bounds optional; limit at least 1. */
  kvList(contextId: number, start: string | undefined, startAfter: string | undefined, end: string | undefined,
    prefix: string | undefined, reverse: boolean, limit: number | undefined): StoredValue[];
  /** A lazy listing; the next listing of this object, of either kind, invalidates it. */
  kvIterate(contextId: number, start: string | undefined, startAfter: string | undefined, end: string | undefined,
    prefix: string | undefined, reverse: boolean, limit: number | undefined): number;
  kvNext(contextId: number, iteratorId: number): [string, StoredValue] | undefined;
  deleteAll(contextId: number, alsoAlarm: boolean): void;
  /** Resolves when all writes made so far are on disk. */
  sync(contextId: number): Promise<void>;
  /** A savepoint; nests. Returns the new depth. */
  savepointBegin(contextId: number): number;
  savepointEnd(contextId: number, commit: boolean): void;
  sqlExec(contextId: number, query: string, bindings: SqlValue[]): number;
  /** One row as an array of values, undefined at the end. */
  sqlNext(contextId: number, cursorId: number): SqlValue[] | undefined;
  /** All remaining rows. */
  sqlRest(contextId: number, cursorId: number): SqlValue[][];
  sqlColumns(contextId: number, cursorId: number): string[];
  /** `[rowsRead, rowsWritten]` */
  sqlCounters(contextId: number, cursorId: number): [number, number];
  /** Forgets a cursor. The one operation here that any context may call; ignored when the object is gone. */
  sqlClose(contextId: number, cursorId: number): void;
  sqlDatabaseSize(contextId: number): number;
  /** Runs every complete statement: `[remainder, rowsRead, rowsWritten, statementCount]`. */
  sqlIngest(contextId: number, script: string): [string, number, number, number];
  /** Whether the cursor's statement came out of the statement cache. */
  sqlReused(contextId: number, cursorId: number): boolean;
  sqlSetMaxPageCount(contextId: number, pages: number): void;
  alarmGet(contextId: number): number | null;
  /** Milliseconds since the epoch, an integer above 0. */
  alarmSet(contextId: number, atMs: number, unconfirmed: boolean): void;
  alarmDelete(contextId: number, unconfirmed: boolean): void;
  bookmarkCurrent(contextId: number): string;
  /** The bookmark of the state at a time, in milliseconds since the epoch. */
  bookmarkForTime(contextId: number, ms: number): string;
  /** Has the next start of the object restore a bookmark; the bookmark of the state just before that. */
  bookmarkRestore(contextId: number, bookmark: string): string;
  /**
   * Asks for a critical section. Later, in a turn of its own, the host calls `runSection(sectionId, token)`; the library
   * runs the callback there and ends the section with sectionEnd. `kind` 0 = blockConcurrencyWhile (a failure breaks the
   * object with the given error text), 1 = transaction (a failure does not). Throws at nesting depth 65.
   */
  sectionRequest(contextId: number, kind: number, token: number): void;
  sectionEnd(contextId: number, sectionId: number, errorText?: string, flags?: number, value?: Uint8Array): void;
  /** ctx.abort(): ends the running JavaScript; never returns. */
  abortObject(contextId: number, reason: string, retryAlarm: boolean): never;

  /** ctx.abort() of a stateless event: ends the running JavaScript; text, flags and value as for respondError. */
  abortEvent(contextId: number, text: string, flags: number, value: Uint8Array | undefined): never;

  // --- TCP connections ------------------------------------------------------------------------------
  /** `[connectionId, incomingBodyId, outgoingBodyId]`. Closing the outgoing body ends that direction; aborting it cuts the connection. */
  tcpConnect(host: string, port: number, secure: boolean): Promise<[number, number, number]>;
  /** Starts TLS when all that was written has been sent, and closes the outgoing body. The same three of what it becomes. */
  tcpStartTls(connectionId: number, outgoingBodyId: number, expectedName: string | undefined): Promise<[number, number, number]>;
  /** Nothing more is read: the connection ends when its outgoing body has. */
  tcpForget(connectionId: number): void;

  // --- WebSockets ---------------------------------------------------------------------------------
  /** The two connected ends of a WebSocketPair. */
  socketPair(): [number, number];
  /** Events of this end now arrive by `socketEvent`, in order, until its close. */
  socketAccept(socketId: number): void;
  /** Queued behind the output gate; silently ignored when the peer is gone. */
  socketSend(socketId: number, data: string | Uint8Array): void;
  /** `code` -1 = an empty Close frame. */
  socketClose(socketId: number, code: number, reason: string): void;
  /** `[socketId, protocol, extensions]` */
  socketConnect(url: string, protocols: string[]): Promise<[number, string, string]>;
  /** Hands the end over to the object's hibernation manager; its events arrive by `socketHandler`. */
  socketHibernate(contextId: number, socketId: number, tags: string[]): void;
  /** Ids of the object's hibernatable sockets: newest first without tag, in order of acceptance with one. */
  /** Flat: id, ready state. */
  socketList(contextId: number, tag: string | undefined): number[];
  /** How many `socketList` gives without a tag. */
  socketCount(contextId: number): number;
  socketTags(socketId: number): string[];
  /** `[readyState, url, protocol, extensions]` of an end, for wrapping one that outlived its JavaScript object. */
  socketReadyState(socketId: number): number;
  /** `[protocol, extensions]` */
  socketNegotiated(socketId: number): [string, string];
  socketAttachment(socketId: number): Uint8Array | undefined;
  socketSetAttachment(socketId: number, bytes: Uint8Array): void;
  socketSetAutoResponse(contextId: number, request: string | undefined, response: string | undefined): void;
  socketAutoResponse(contextId: number): [string, string] | undefined;
  /** Milliseconds since the epoch, or undefined. */
  socketAutoResponseTime(socketId: number): number | undefined;
  socketSetEventTimeout(contextId: number, ms: number | undefined): void;
  socketEventTimeout(contextId: number): number | undefined;
}

/** The operations, as the host provides them in every realm. */
export const ops: Ops;

/** What `init` receives, as JSON. */
export interface InitConfig {
  serviceName: string;
  compatibilityDate: string;
  /** Every flag in force, by name, dates already applied (reference 11.5). */
  flags: string[];
  /** Every other flag, by name; absent is the same as empty. */
  otherFlags?: string[];
  bindings: Array<
    | { type: "text"; name: string; value: string }
    | { type: "json"; name: string; value: unknown }
    | { type: "namespace"; name: string; namespace: number; className: string; sqlite: boolean }
    | { type: "service"; name: string; service: number; entrypoint: string | null }
    | { type: "workerLoader"; name: string }
    | { type: "versionMetadata"; name: string }
    | { type: "rateLimit"; name: string; namespaceId: string; limit: number; period: number }
    | { type: "unsupported"; name: string; kind: string }
  >;
  /** Classes of this program that have a namespace: class name to namespace index and storage kind. */
  classes: Record<string, { namespace: number; sqlite: boolean }>;
}

/** What the host calls. `main.js` exports exactly these. */
export interface Main {
  /** Once per realm, before the program's modules are evaluated: defines the globals and `env`. The version is for bindings:
   *  an id, and when it was made, in milliseconds since the epoch. */
  init(configJson: string, versionId: string, versionMs: number): void;
  /** In a dynamic worker, after `init`: the bytes of `[env, globalOutbound]`. */
  setEnv(bytes: Uint8Array): void;
  /** Once, with the program's module namespace object. Returns JSON: `[{name, kind, handlers}]`, kind one of
   *  "durable-object", "legacy-class", "entrypoint", "object", "other"; handlers the method names found. */
  start(exports: object): string;
  /** Runs a handler of a stateless entrypoint ("default" or an export's name). Answers with respond / respondError. */
  fetchEntrypoint(callId: number, contextId: number, entrypoint: string, props: WireProps, method: string, url: string,
    headers: string[], body: WireBody, cf: string | undefined): void;
  callEntrypoint(callId: number, contextId: number, entrypoint: string, props: WireProps, path: string[],
    args: Uint8Array | undefined, capabilities: number[]): void;
  /** Calls `[restore]` of an entrypoint's class, or of an object. Answers as a call does. */
  restoreEntrypoint(callId: number, contextId: number, entrypoint: string, props: WireProps, params: Uint8Array): void;
  restoreObject(callId: number, contextId: number, params: Uint8Array): void;
  /** Runs the `scheduled` handler of a stateless entrypoint. Answers with respondDone / respondError. */
  scheduledEntrypoint(callId: number, contextId: number, entrypoint: string, props: WireProps, scheduledTimeMs: number,
    cron: string): void;
  /** Constructs the instance of an object. `kind` says what `id` is: 0 the object's, 1 an id and 2 a text that a facet shows; a
   *  facet's class may have props. Throws what the constructor throws. */
  createObject(contextId: number, className: string, namespace: number, id: string, name: string | undefined,
    props: WireMessage | undefined, kind: number): void;
  /** Forgets the instance and all that belongs to it. */
  dropObject(contextId: number): void;
  /** Ends a stateless context: disposes what it left behind. */
  endContext(contextId: number): void;
  fetchObject(callId: number, contextId: number, method: string, url: string, headers: string[], body: WireBody, cf: string | undefined): void;
  callObject(callId: number, contextId: number, path: string[], args: Uint8Array | undefined, capabilities: number[]): void;
  /** Calls a target that the context has exported, or reads a member of it. */
  callTarget(callId: number, contextId: number, target: number, path: string[], args: Uint8Array | undefined,
    capabilities: number[]): void;
  /** Nobody refers to the target any more: runs its disposer. */
  releaseTarget(contextId: number, target: number): void;
  alarmObject(callId: number, contextId: number, scheduledTimeMs: number, retryCount: number): void;
  /** A hibernatable socket's event, for the class's handler. kind 0 message (a: string | Uint8Array), 1 close (a: code,
   *  b: reason, c: wasClean), 2 error (a: message). Answers with respondDone / respondError. */
  socketHandler(callId: number, contextId: number, socketId: number, kind: number, a: unknown, b: unknown, c: unknown): void;
  /** The same kinds for an end accepted with accept(); dispatches DOM events; no answer. */
  socketEvent(socketId: number, kind: number, a: unknown, b: unknown, c: unknown): void;
  timerFired(timerId: number): void;
  runSection(sectionId: number, token: number): void;
  /** Makes the error object the host throws or rejects with. `className` is an ECMAScript error class or
   *  "DOMException:<name>"; flags as in respondError; objectId is "" when unknown. A remote one is decoded from
   *  `message` as reference 2.7 says when className is "", or from the `value` of respondError when there is one. */
  makeError(className: string, message: string, flags: number, objectId: string, value?: Uint8Array): Error;
  /** `[text for the caller (reference 2.7), text with stack for the log, flags]` of anything thrown. */
  describeError(error: unknown): [string, string, number];
  /** The same of an error that breaks its object, and its `value` as in respondError. */
  describeBreak(error: unknown): [string, string, number, Uint8Array | undefined];
  /** A promise that nobody handles at the end of a turn; dispatches "unhandledrejection". True when that was prevented, which
   *  keeps the reason out of the log. */
  rejectionUnhandled(promise: Promise<unknown>, reason: unknown): boolean;
  /** A promise that got a handler after a turn had ended without one; dispatches "rejectionhandled" if the former was told. */
  rejectionHandled(promise: Promise<unknown>, reason: unknown): boolean;
}
