/**
 * The classes of the global object, which programs look for to know what they run in.
 *
 * @module
 */

import { EventTarget } from "stated:event";
import { defineInterface, illegalConstructor } from "stated:webidl";

/** What the global object of any worker is. */
export class WorkerGlobalScope extends EventTarget {
  constructor() {
    super();
    throw illegalConstructor();
  }
}

/** What the global object is. */
export class ServiceWorkerGlobalScope extends WorkerGlobalScope {}

defineInterface(WorkerGlobalScope);
defineInterface(ServiceWorkerGlobalScope);
