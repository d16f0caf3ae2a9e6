import { DurableObject } from "cloudflare:workers";

/** Counts the writes of one address in windows of a minute. */
export class RateLimiter extends DurableObject {
    static readonly LIMIT = 20;
    static readonly WINDOW_MS = 60_000;

    private windowStart = 0;
    private count = 0;

    /** The number of milliseconds to wait, 0 if the call may go on. */
    async check(): Promise<number> {
        const now = Date.now();
        if (now - this.windowStart >= RateLimiter.WINDOW_MS) {
            this.windowStart = now;
            this.count = 0;
        }
        if (this.count >= RateLimiter.LIMIT) {
            return this.windowStart + RateLimiter.WINDOW_MS - now;
        }
        this.count += 1;
        return 0;
    }
}
