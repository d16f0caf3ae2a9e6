const card = (name: string) => `
    <section data-name="${name}">
      <h2>${name}</h2>
      <button data-step="decrement">-</button>
      <output>…</output>
      <button data-step="increment">+</button>
    </section>`;

/** Two cards, each with the value of one Durable Object and two buttons. */
export const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Counters</title>
    <style>
      body { font-family: system-ui; display: flex; gap: 2rem; padding: 2rem }
      section { border: 1px solid #ccc; border-radius: .5rem; padding: 1rem 2rem; text-align: center }
      output { display: inline-block; min-width: 4rem; font-size: 1.5rem }
    </style>
  </head>
  <body>${card("card-1")}${card("card-2")}
    <script>
      for (const section of document.querySelectorAll("section")) {
        const name = section.dataset.name;
        const show = async (response) => {
          const body = await response.json();
          section.querySelector("output").value = body.value ?? body.error;
        };
        fetch("/" + name + "/value").then(show);
        for (const button of section.querySelectorAll("button")) {
          button.onclick = () => fetch("/" + name + "/" + button.dataset.step, { method: "POST" }).then(show);
        }
      }
    </script>
  </body>
</html>
`;
