interface Env {
  DO: DurableObjectNamespace;
}

interface Result {
  success: boolean;
}

const TICKETS = 2;

export class SafeDO implements DurableObject {
  private state: DurableObjectState;

  constructor(state: DurableObjectState, env: Env) {
    this.state = state;
  }

  async fetch(request: Request): Promise<Response> {
    try {
      // DO logic
      const sold = (await this.state.storage.get<number>('sold')) || 0;
      if (sold === TICKETS) {
        throw new Error('Sold out');
      }
      await this.state.storage.put('sold', sold + 1);

      return Response.json({ success: true });
    } catch (error) {
      console.error('DO error:', error);
      
      if (error instanceof Error) {
        return Response.json(
          { error: error.message },
          { status: 500 }
        );
      }
      
      return Response.json(
        { error: 'Internal error' },
        { status: 500 }
      );
    }
  }
}

// Caller-side error handling
async function callDO(env: Env, name: string): Promise<Result> {
  const id = env.DO.idFromName(name);
  const stub = env.DO.get(id);
  
  try {
    const response = await stub.fetch(new Request('http://do/action'));
    
    if (!response.ok) {
      const error = await response.json<{ error: string }>();
      throw new Error(error.error);
    }
    
    return response.json();
  } catch (error) {
    // Network error or DO unavailable
    console.error('DO call failed:', error);
    throw error;
  }
}

// One box office per path.
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    try {
      return Response.json(await callDO(env, new URL(request.url).pathname));
    } catch (error) {
      return Response.json({ error: (error as Error).message }, { status: 502 });
    }
  },
};
