interface Env {
  DO: DurableObjectNamespace;
}

/** Answers its own id and how often it was called. */
export class Item implements DurableObject {
  private state: DurableObjectState;

  constructor(state: DurableObjectState, env: Env) {
    this.state = state;
  }

  async fetch(request: Request): Promise<Response> {
    const calls = ((await this.state.storage.get<number>('calls')) || 0) + 1;
    await this.state.storage.put('calls', calls);
    const { id } = this.state;
    return Response.json({ id: id.toString(), name: id.name ?? null, calls });
  }
}

// /user · /rooms/<room> · /new · /saved/<id> · /eu
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, strategy, argument] = new URL(request.url).pathname.split('/');

    try {
      const id = makeId(env, strategy, argument);
      return await env.DO.get(id).fetch(request);
    } catch (error) {
      return Response.json({ error: String(error) }, { status: 400 });
    }
  },
};

function makeId(env: Env, strategy: string, argument: string): DurableObjectId {
  switch (strategy) {
    // Name-based ID (deterministic)
    // Same name always gives same DO instance
    case 'user':
      return env.DO.idFromName('user-123');
    case 'rooms':
      return env.DO.idFromName(`room:${argument}`);

    // Random ID (unique per call)
    case 'new':
      return env.DO.newUniqueId();

    // From string (restore existing)
    case 'saved':
      return env.DO.idFromString(argument);

    // Restricted to a jurisdiction (only where the platform has jurisdictions)
    case 'eu':
      return env.DO.newUniqueId({ jurisdiction: 'eu' });

    default:
      throw new Error(`unknown strategy: ${strategy}`);
  }
}
