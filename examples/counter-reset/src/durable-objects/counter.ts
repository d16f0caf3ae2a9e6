import type { Env } from '../index';

export class Counter implements DurableObject {
  private state: DurableObjectState;

  constructor(state: DurableObjectState, env: Env) {
    this.state = state;
  }

  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    
    switch (url.pathname) {
      case '/increment': {
        let count = (await this.state.storage.get<number>('count')) || 0;
        count++;
        await this.state.storage.put('count', count);
        return new Response(JSON.stringify({ count }));
      }
      
      case '/get': {
        const count = (await this.state.storage.get<number>('count')) || 0;
        return new Response(JSON.stringify({ count }));
      }
      
      case '/reset': {
        await this.state.storage.delete('count');
        return new Response(JSON.stringify({ count: 0 }));
      }
      
      default:
        return new Response('Not found', { status: 404 });
    }
  }
}
