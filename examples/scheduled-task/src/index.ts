interface Env {
  TASKS: DurableObjectNamespace;
}

export class ScheduledTask implements DurableObject {
  private state: DurableObjectState;

  constructor(state: DurableObjectState, env: Env) {
    this.state = state;
  }

  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    
    if (url.pathname === '/schedule') {
      // Schedule alarm for 1 hour from now
      const scheduledTime = Date.now() + 60 * 60 * 1000;
      await this.state.storage.setAlarm(scheduledTime);
      
      return Response.json({ scheduledTime });
    }
    
    if (url.pathname === '/cancel') {
      await this.state.storage.deleteAlarm();
      return Response.json({ cancelled: true });
    }
    
    return new Response('Not found', { status: 404 });
  }

  // Called when alarm fires
  async alarm(): Promise<void> {
    console.log('Alarm fired!');
    
    // Do scheduled work...
    const task = await this.state.storage.get('pendingTask');
    if (task) {
      // Process task
      await this.state.storage.delete('pendingTask');
    }
    
    // Optionally schedule next alarm
    // await this.state.storage.setAlarm(Date.now() + 24 * 60 * 60 * 1000);
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return env.TASKS.get(env.TASKS.idFromName('cleanup')).fetch(request);
  },
};
