// No objects: what a request costs by itself, and a body on its way through.
export default {
  async fetch(request) {
    if (request.method === "POST") return new Response(request.body)
    return new Response("hello")
  },
}
