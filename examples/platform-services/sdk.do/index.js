/** Names things: `$.Order.created` is `"Order.created"`. */
export const $ = new Proxy({}, {
  get: (_, subject) => new Proxy({}, {
    get: (_, predicate) =>
      predicate === Symbol.toPrimitive || predicate === "toString"
        ? () => subject
        : `${subject}.${predicate}`,
  }),
});

/** A database in which everybody exists. */
export const db = {
  async get(type, id) {
    console.log(`db.get ${type} ${id}`);
    return { id, name: `${type} ${id}` };
  },
};

/** An event bus that only logs. */
export async function send(event, data) {
  console.log(`send ${event} ${JSON.stringify(data)}`);
}

/** A model that repeats. */
export const ai = {
  async generate(message, { context }) {
    return `${context.history.length}: ${message}`;
  },
};
