/**
 * The events that handlers of the service-worker syntax are given. Programs here are modules and get none, but libraries ask
 * whether something is one.
 *
 * @module
 */

import { ExtendableEvent } from "stated:event";
import { defineInterface, illegalConstructor } from "stated:webidl";

/** A request. */
export class FetchEvent extends ExtendableEvent {
  constructor() {
    super("fetch");
    throw illegalConstructor();
  }

  respondWith() {
    throw illegalConstructor();
  }

  passThroughOnException() {
    throw illegalConstructor();
  }
}

/** An occurrence of a cron trigger. */
export class ScheduledEvent extends ExtendableEvent {
  constructor() {
    super("scheduled");
    throw illegalConstructor();
  }

  noRetry() {
    throw illegalConstructor();
  }
}

/** What other Workers have logged. */
export class TailEvent extends ExtendableEvent {
  constructor() {
    super("tail");
    throw illegalConstructor();
  }
}

for (const Class of [FetchEvent, ScheduledEvent, TailEvent]) defineInterface(Class);
