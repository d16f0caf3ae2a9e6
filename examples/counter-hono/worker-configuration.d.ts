interface CloudflareBindings {
  COUNTER: DurableObjectNamespace<import("./src/counter").Counter>;
  RATE_LIMITER: DurableObjectNamespace<import("./src/rate-limiter").RateLimiter>;
}
