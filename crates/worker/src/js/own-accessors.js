/**
 * Attributes as properties of each object instead of its prototype, for programs of dates before 2022-01-31.
 *
 * Nothing here runs for newer programs but one comparison per object.
 *
 * @module
 */

/** @type {Map<object, PropertyDescriptorMap> | undefined} by prototype */
let moved;

/**
 * Takes the accessors from the prototypes of the classes and of what they are derived from.
 *
 * @param {Function[]} classes whose constructors call `takeAccessors`
 */
export function moveAccessors(classes) {
  moved ??= new Map();
  for (const Class of classes) {
    for (let at = Class.prototype; at !== Object.prototype && !moved.has(at); at = Object.getPrototypeOf(at)) {
      /** @type {PropertyDescriptorMap} */
      const own = {};
      for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
        if (descriptor.get === undefined) continue;
        own[name] = { ...descriptor, enumerable: true };
        delete at[name];
      }
      moved.set(at, own);
    }
  }
}

/**
 * Gives a new object the accessors that its prototypes lost.
 *
 * @param {object} object
 */
export function takeAccessors(object) {
  if (moved === undefined) return;
  for (let at = Object.getPrototypeOf(object); at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    const own = moved.get(at);
    if (own !== undefined) Object.defineProperties(object, own);
  }
}
