interface Env {
  DO: DurableObjectNamespace;
}

interface User {
  name: string;
}

/** Runs each group of storage operations on itself and answers what they gave. */
export class Storage implements DurableObject {
  private state: DurableObjectState;

  constructor(state: DurableObjectState, env: Env) {
    this.state = state;
  }

  async fetch(request: Request): Promise<Response> {
    switch (new URL(request.url).pathname) {
      case '/basic':
        return Response.json(await this.basic());
      case '/transaction':
        return Response.json(await this.transaction());
      default:
        return new Response('Not found', { status: 404 });
    }
  }

  private async basic() {
    // Put single value
    await this.state.storage.put('key1', 'one');

    // Put multiple values (atomic)
    await this.state.storage.put({
      user: { name: 'Ann' },
      'user:settings': { theme: 'dark' },
      lastUpdated: 1,
    });

    // Get single value
    const value = await this.state.storage.get<User>('user');

    // Get multiple values
    const values = await this.state.storage.get<string>(['key1', 'key2', 'key3']);
    // Returns Map<string, string>

    // List keys
    const entries = await this.state.storage.list();
    const prefixed = await this.state.storage.list({ prefix: 'user:' });

    // Delete
    const deletedOne = await this.state.storage.delete('key1');
    const deletedMany = await this.state.storage.delete(['user', 'key2']);

    // Delete all
    await this.state.storage.deleteAll();
    const left = await this.state.storage.list();

    return {
      value,
      values: [...values],
      entries: [...entries.keys()],
      prefixed: [...prefixed],
      deletedOne,
      deletedMany,
      left: left.size,
    };
  }

  private async transaction() {
    await this.state.storage.put('balance', 100);

    const withdraw = (amount: number) =>
      // Atomic transaction
      this.state.storage.transaction(async (txn) => {
        const balance = await txn.get<number>('balance') || 0;
        await txn.put('lastAttempt', amount);
  
        if (balance < amount) {
          throw new Error('Insufficient funds');
        }
  
        await txn.put('balance', balance - amount);
      });

    await withdraw(30);
    const refusal = await withdraw(200).then(() => null, (error) => error.message);

    return {
      balance: await this.state.storage.get('balance'),
      lastAttempt: await this.state.storage.get('lastAttempt'),
      refusal,
    };
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return env.DO.get(env.DO.idFromName('demo')).fetch(request);
  },
};
