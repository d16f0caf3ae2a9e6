/** HTMLRewriter. Reference: section 11.4 and https://developers.cloudflare.com/workers/runtime-apis/html-rewriter/. */

import { caseObject, caseWorker, inObject, inWorker, refuses } from "../harness.js";

const here = (body) => inWorker((_, t) => body(t));

const html = { headers: { "Content-Type": "text/html" } };

/** What becomes of a text that is rewritten as `set` says. */
const rewritten = async (source, set, init = html) => {
  const rewriter = new HTMLRewriter();
  set(rewriter);
  return rewriter.transform(new Response(source, init)).text();
};

/** The same for one handler of elements. */
const onElement = (source, selector, element) => rewritten(source, (rewriter) => rewriter.on(selector, { element }));

/** A body that arrives in these pieces. */
const pieces = (...texts) => {
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  (async () => {
    for (const text of texts) await writer.write(typeof text === "string" ? new TextEncoder().encode(text) : text);
    await writer.close();
  })().catch(() => {});
  return readable;
};

/** A stream that a program made, which gives these pieces. */
const streamOf = (...texts) => new ReadableStream({
  start(controller) {
    for (const text of texts) controller.enqueue(typeof text === "string" ? new TextEncoder().encode(text) : text);
    controller.close();
  },
});

const cases = {
  "11.4 the class": here((t) => {
    const rewriter = new HTMLRewriter();
    t.write("tag", Object.prototype.toString.call(rewriter), HTMLRewriter.length, HTMLRewriter.name);
    t.write("members", Object.getOwnPropertyNames(HTMLRewriter.prototype).sort());
    t.write("chained", rewriter.on("a", {}) === rewriter, rewriter.onDocument({}) === rewriter);
    t.write("lengths", rewriter.on.length, rewriter.onDocument.length, rewriter.transform.length);
  }),

  "11.4 arguments that are refused": here(async (t) => {
    const rewriter = new HTMLRewriter();
    await t.attempt("on nothing", () => rewriter.on());
    await t.attempt("on a selector only", () => rewriter.on("a"));
    await t.attempt("on a text", () => rewriter.on("a", "text"));
    await t.attempt("on null", () => rewriter.on("a", null));
    await t.attempt("a handler that is no function", () => rewriter.on("a", { element: 7 }));
    await t.attempt("a handler that is null", () => rewriter.on("a", { element: null }));
    await t.attempt("document nothing", () => rewriter.onDocument());
    await t.attempt("document handler that is no function", () => rewriter.onDocument({ end: "x" }));
    await t.attempt("transform nothing", () => rewriter.transform());
    await t.attempt("transform a text", () => rewriter.transform("<a>"));
    await t.attempt("transform a request", () => rewriter.transform(new Request("http://host/")));
  }),

  "11.4 selectors": here(async (t) => {
    const source = `<div id="i" class="c d"><p lang="en-US" data-x="yes">1</p><p>2</p><span><p data-x="YES">3</p></span><p>4</p></div>`;
    for (const selector of ["*", "p", "P", "#i", ".c", ".c.d", "div p", "div > p", "p:nth-child(2)", "p:first-child", "p:nth-of-type(2)",
      "p:first-of-type", "p:not([data-x])", "[data-x]", "[data-x=yes]", "[data-x='yes' i]", "[data-x=yes s]", "[lang|=en]", "[class~=d]",
      "[lang^=en]", "[lang$=US]", "[lang*='-']", "p, span", "  p  "]) {
      await t.attempt(selector, () => onElement(source, selector, (element) => element.before("!")));
    }
  }),

  "11.4 selectors that are refused": here(async (t) => {
    const rewriter = new HTMLRewriter();
    for (const selector of ["", " ", ">", "div >", "p + p", "p ~ p", "p::before", "p:hover", "p:nth-last-child(1)", "p:not(:not(a))", "p:not()", "[",
      "[=x]", "a|b", "*|*", ".1", "#", "p:has(a)", "a,,b", "a b,", "[a=b c]", "p:empty"]) {
      await t.attempt(JSON.stringify(selector), () => rewriter.on(selector, {}) === rewriter);
    }
  }),

  "11.4 the name of an element": here(async (t) => {
    await t.attempt("read", () => onElement("<DiV></DiV>", "div", (element) => t.write("name", element.tagName)));
    await t.attempt("changed", () => onElement("<div a=1>x</div>", "div", (element) => {
      element.tagName = "Span";
      t.write("name", element.tagName);
    }));
    await t.attempt("changed without an end", () => onElement("<br/>", "br", (element) => { element.tagName = "hr"; }));
    for (const name of ["", "1a", "a b", "a>b", "a/b", "é", "a\u00e9"]) {
      await t.attempt(JSON.stringify(name), () => onElement("<div></div>", "div", (element) => { element.tagName = name; }));
    }
  }),

  "11.4 the namespace of an element": here(async (t) => {
    await rewritten("<div><svg><a/></svg><math><mi></mi></math></div>", (rewriter) => rewriter.on("*", {
      element: ({ tagName, namespaceURI }) => t.write(tagName, namespaceURI),
    }));
  }),

  "11.4 attributes are listed": here(async (t) => {
    await onElement(`<a HREF="/x?a&amp;b" Title='q' empty flag=un data-é="ü" href=again>`, "a", (element) => {
      t.write("spread", [...element.attributes]);
      const iterator = element.attributes;
      t.write("tag", Object.prototype.toString.call(iterator), typeof iterator.next, iterator[Symbol.iterator]() === iterator);
      t.write("next", iterator.next(), iterator.next());
      t.write("same", element.attributes === element.attributes);
    });
    await onElement("<a>", "a", (element) => t.write("none", [...element.attributes], element.attributes.next()));
  }),

  "11.4 attributes that change while they are listed": here(async (t) => {
    await t.attempt("text", () => onElement("<a b=1 c=2 d=3>", "a", (element) => {
      for (const [name, value] of element.attributes) {
        t.write("at", name, value);
        if (name === "b") element.removeAttribute("c");
        if (name === "d") element.setAttribute("z", "26");
      }
    }));
  }),

  "11.4 an iterator of attributes after a change": here(async (t) => {
    for (const [name, change] of Object.entries({
      "the same value": (element) => element.setAttribute("a", "1"),
      "nothing removed": (element) => element.removeAttribute("none"),
      "another member": (element) => element.before("x"),
    })) {
      await onElement("<p a=1 b=2>", "p", async (element) => {
        const iterator = element.attributes;
        iterator.next();
        change(element);
        await t.attempt(name, () => iterator.next());
      });
    }
    await onElement("<p a=1>", "p", async (element) => {
      const iterator = element.attributes;
      iterator.next();
      t.write("at the end", iterator.next(), iterator.next());
      element.setAttribute("c", "");
      await t.attempt("after the end", () => iterator.next());
    });
  }),

  "11.4 attributes are read": here(async (t) => {
    await onElement(`<a Href="/x" empty quoted='"'>`, "a", (element) => {
      t.write("get", element.getAttribute("href"), element.getAttribute("HREF"), element.getAttribute("empty"), element.getAttribute("none"));
      t.write("has", element.hasAttribute("Href"), element.hasAttribute("none"), element.hasAttribute(""));
      t.write("quoted", element.getAttribute("quoted"));
      t.write("converted", element.getAttribute({ toString: () => "href" }));
    });
    await onElement("<a>", "a", async (element) => {
      await t.attempt("get nothing", () => element.getAttribute());
      await t.attempt("has nothing", () => element.hasAttribute());
      await t.attempt("set nothing", () => element.setAttribute());
      await t.attempt("set a name only", () => element.setAttribute("x"));
      await t.attempt("remove nothing", () => element.removeAttribute());
    });
  }),

  "11.4 attributes are written": here(async (t) => {
    await t.attempt("set", () => onElement(`<a href=1 b>`, "a", (element) => {
      const same = element.setAttribute("HREF", `two "quoted" & <b> 'single'`) === element;
      element.setAttribute("New", 7).setAttribute("u", undefined).setAttribute("é", "ü");
      t.write("same", same, element.getAttribute("href"), element.getAttribute("new"));
    }));
    await t.attempt("removed", () => onElement(`<a href=1 b c>`, "a", (element) => {
      t.write("same", element.removeAttribute("HREF") === element, element.removeAttribute("none") === element);
    }));
    for (const name of ["", "a b", "a=b", "a>b", "a/b", "a\nb", "a\"b"]) {
      await t.attempt(JSON.stringify(name), () => onElement("<a>", "a", (element) => element.setAttribute(name, "x")));
    }
  }),

  "11.4 content around an element": here(async (t) => {
    await t.attempt("order", () => onElement("<p>x</p>", "p", (element) => {
      const same = [element.before("[b1]"), element.before("[b2]"), element.after("[a1]"), element.after("[a2]"), element.prepend("[p1]"),
        element.prepend("[p2]"), element.append("[e1]"), element.append("[e2]")];
      t.write("same", same.every((result) => result === element));
    }));
    await t.attempt("escaped", () => onElement("<p>x</p>", "p", (element) => element.before("<i> & \"q\" 'a'").append("<b>", { html: false })));
    await t.attempt("html", () => onElement("<p>x</p>", "p", (element) => element.before("<i>", { html: true }).append("<b>", { html: 1 })));
    await t.attempt("options that are null", () => onElement("<p>x</p>", "p", (element) => element.before("<i>", null).after("<b>", undefined)));
    await t.attempt("options without html", () => onElement("<p>x</p>", "p", (element) => element.before("<i>", {})));
    await t.attempt("options that are a text", () => onElement("<p>x</p>", "p", (element) => element.before("<i>", "html")));
    await t.attempt("a number", () => onElement("<p>x</p>", "p", (element) => element.before(7).after(null)));
    await t.attempt("an object", () => onElement("<p>x</p>", "p", (element) => element.before({}).after([1, 2])));
    await t.attempt("nothing", () => onElement("<p>x</p>", "p", (element) => element.before()));
    await t.attempt("no end tag", () => onElement("<br>x", "br", (element) => element.before("1").prepend("2").append("3").after("4")));
    await t.attempt("self-closing", () => onElement("<svg><g/>x</svg>", "g", (element) => element.before("1").prepend("2").append("3").after("4")));
    await t.attempt("not closed", () => onElement("<div><p>x", "p", (element) => element.before("1").prepend("2").append("3").after("4")));
    await t.attempt("closed by another", () => onElement("<div><p>x</div>y", "p", (element) => element.append("3").after("4")));
  }),

  "11.4 content of an element is set": here(async (t) => {
    await t.attempt("text", () => onElement("<p>a<i>b</i></p>c", "p", (element) => t.write("same", element.setInnerContent("<x>") === element)));
    await t.attempt("html", () => onElement("<p>a<i>b</i></p>c", "p", (element) => element.setInnerContent("<x>", { html: true })));
    await t.attempt("twice", () => onElement("<p>a</p>", "p", (element) => element.setInnerContent("1").setInnerContent("2")));
    await t.attempt("with more", () => onElement("<p>a</p>", "p", (element) => element.prepend("0").append("9").setInnerContent("1").prepend("p").append("e")));
    await t.attempt("no end tag", () => onElement("<br>x", "br", (element) => element.setInnerContent("1")));
  }),

  "11.4 elements are replaced and removed": here(async (t) => {
    await t.attempt("replace", () => onElement("a<p>b<i>c</i></p>d", "p", (element) => {
      const before = element.removed;
      t.write("same", element.replace("<x>") === element, before, element.removed);
    }));
    await t.attempt("replace by html", () => onElement("a<p>b</p>d", "p", (element) => element.replace("<x>", { html: true })));
    await t.attempt("replace twice", () => onElement("a<p>b</p>d", "p", (element) => element.replace("1").replace("2")));
    await t.attempt("replace with more", () => onElement("a<p>b</p>d", "p", (element) => element.before("[").after("]").replace("1")));
    await t.attempt("remove", () => onElement("a<p>b</p>d", "p", (element) => {
      const before = element.removed;
      t.write("same", element.remove() === element, before, element.removed);
    }));
    await t.attempt("remove with more", () => onElement("a<p>b</p>d", "p", (element) => element.before("[").after("]").append("x").remove()));
    await t.attempt("keep", () => onElement("a<p>b<i>c</i></p>d", "p", (element) => {
      t.write("same", element.removeAndKeepContent() === element, element.removed);
    }));
    await t.attempt("keep with more", () => onElement("a<p>b</p>d", "p", (element) => element.prepend("{").append("}").removeAndKeepContent()));
    await t.attempt("no end tag", () => onElement("a<br>d", "br", (element) => element.remove()));
    await t.attempt("inside of a removed one", () => rewritten("<p>a<i>b</i></p>c", (rewriter) => rewriter
      .on("p", { element: (element) => element.remove() })
      .on("i", { element: (element) => { t.write("inner", element.tagName, element.removed); }, text: ({ text }) => t.write("text", text) })));
  }),

  "11.4 end tags": here(async (t) => {
    await t.attempt("changed", () => onElement("<p>x</P>y", "p", (element) => {
      const result = element.onEndTag((end) => {
        t.write("end", Object.prototype.toString.call(end), end.name, end.removed);
        t.write("same", end.before("<1>") === end, end.after("<2>", { html: true }) === end);
        end.name = "Other";
        t.write("name", end.name);
      });
      t.write("result", result);
    }));
    await t.attempt("removed", () => onElement("<p>x</p>y", "p", (element) => element.onEndTag((end) => {
      t.write("same", end.remove() === end, end.removed);
    })));
    await t.attempt("replaced", () => onElement("<p>x</p>y", "p", (element) => element.onEndTag((end) => {
      t.write("same", end.replace?.("<r>", { html: true }) === end, end.removed);
    })));
    await t.attempt("two handlers", () => onElement("<p>x</p>y", "p", (element) => {
      element.onEndTag((end) => end.before("1"));
      element.onEndTag((end) => end.before("2"));
    }));
    await t.attempt("append and before", () => onElement("<p>x</p>y", "p", (element) => {
      element.append("[append]").after("[after]");
      element.onEndTag((end) => { end.before("[before]"); end.after("[end after]"); });
    }));
    await t.attempt("nested", () => onElement("<p>1<b>2</b>3</p>", "*", (element) => {
      const { tagName } = element;
      element.onEndTag((end) => end.before(`/${tagName}`));
    }));
    await t.attempt("never closed", () => onElement("<p>x", "p", (element) => element.onEndTag(() => t.write("called"))));
    await t.attempt("closed by another", () => onElement("<div><p>x</div>", "p", (element) => element.onEndTag((end) => t.write("called", end.name))));
    await t.attempt("void", () => onElement("<br>", "br", (element) => element.onEndTag(() => {})));
    await t.attempt("no function", () => onElement("<p></p>", "p", (element) => element.onEndTag({})));
    await t.attempt("nothing", () => onElement("<p></p>", "p", (element) => element.onEndTag()));
    await t.attempt("awaited", () => onElement("<p>x</p>y", "p", (element) => element.onEndTag(async (end) => {
      await scheduler.wait(1);
      end.after("!");
    })));
  }),

  "11.4 two registrations that ask for one end tag": here(async (t) => {
    await t.attempt("text", () => rewritten("<p>x</p><b>y</b>", (rewriter) => rewriter
      .on("p", { element(element) { element.onEndTag((end) => { end.before("1"); }); } })
      .on("p", { element(element) { element.onEndTag((end) => { end.before("2"); }); } })
      .on("b", { element(element) { element.append("3"); } })));
  }),

  "11.4 microtasks between handlers": here(async (t) => {
    await rewritten("<p>a</p><p>b</p>", (rewriter) => rewriter.on("p", { element() {
      t.write("handler");
      Promise.resolve().then(() => t.write("microtask"));
    } }));
  }),

  "11.4 handlers do not wait for a reader": here(async (t) => {
    let calls = 0;
    const response = new HTMLRewriter().on("p", { element() { calls += 1; } }).transform(new Response("<p>a</p><p>b</p>"));
    t.write("at first", calls);
    await scheduler.wait(20);
    t.write("later", calls);
    t.write("text", await response.text());
  }),

  "11.4 a body that was read in part": here(async (t) => {
    const source = new Response(streamOf("<p>a</p>", "<p>b</p>"));
    const reader = source.body.getReader();
    await reader.read();
    await t.attempt("locked", () => new HTMLRewriter().transform(source));
    reader.releaseLock();
    await t.attempt("released", () => new HTMLRewriter().on("p", { element(element) { element.before("!"); } }).transform(source).text());
  }),

  "11.4 names that an end tag may not have": here(async (t) => {
    for (const name of ["", "1", "a b", "a>"]) {
      await t.attempt(JSON.stringify(name), () => onElement("<p>x</p>", "p", (element) => element.onEndTag((end) => { end.name = name; })));
    }
  }),

  "11.4 text": here(async (t) => {
    await t.attempt("chunks", () => rewritten("<p>one<b>two</b>three</p>four", (rewriter) => rewriter.on("p", {
      text(chunk) {
        t.write("chunk", Object.prototype.toString.call(chunk), chunk.text, chunk.lastInTextNode, chunk.removed);
      },
    })));
    await t.attempt("entities are left", () => rewritten("<p>a &amp; b &lt;</p>", (rewriter) => rewriter.on("p", {
      text: (chunk) => { if (!chunk.lastInTextNode) t.write("text", chunk.text); },
    })));
    await t.attempt("changed", () => rewritten("<p>x</p>", (rewriter) => rewriter.on("p", {
      text(chunk) {
        if (chunk.lastInTextNode) return;
        t.write("same", chunk.before("<1>") === chunk, chunk.after("<2>", { html: true }) === chunk);
      },
    })));
    await t.attempt("replaced", () => rewritten("<p>x</p>", (rewriter) => rewriter.on("p", {
      text(chunk) {
        if (!chunk.lastInTextNode) t.write("same", chunk.replace("<r>") === chunk, chunk.removed);
      },
    })));
    await t.attempt("removed", () => rewritten("<p>x</p>", (rewriter) => rewriter.on("p", {
      text(chunk) {
        if (!chunk.lastInTextNode) t.write("same", chunk.remove() === chunk, chunk.removed);
      },
    })));
    await rewritten("<p>x</p>", (rewriter) => rewriter.on("p", {
      text(chunk) {
        if (!chunk.lastInTextNode) refuses(t, "the text cannot be set", () => { chunk.text = "y"; });
      },
    }));
    await t.attempt("script and title", () => rewritten("<title>t&amp;</title><script>s<b></script><style>y</style>", (rewriter) => rewriter.on("*", {
      text: (chunk) => { if (chunk.text !== "") t.write("text", chunk.text); },
    })));
  }),

  "11.4 text that arrives in pieces": here(async (t) => {
    await t.attempt("pieces", () => rewritten(pieces("<p>on", "e tw", "o</p", ">three"), (rewriter) => rewriter.on("p", {
      text: (chunk) => t.write("chunk", chunk.text, chunk.lastInTextNode),
    })));
    await t.attempt("a character in two pieces", () => rewritten(pieces("<p>", new Uint8Array([0xc3]), new Uint8Array([0xa9, 0x61]), "</p>"), (rewriter) => rewriter.on("p", {
      text: (chunk) => t.write("chunk", chunk.text, chunk.lastInTextNode),
    })));
    await t.attempt("a tag in two pieces", () => rewritten(pieces("<p cla", "ss=x>y</", "p>"), (rewriter) => rewriter.on("p", {
      element: (element) => { t.write("class", element.getAttribute("class")); element.append("!"); },
    })));
  }),

  "11.4 comments": here(async (t) => {
    await t.attempt("inside", () => rewritten("<!--out--><p><!-- in --></p>", (rewriter) => rewriter.on("p", {
      comments(comment) {
        t.write("comment", Object.prototype.toString.call(comment), comment.text, comment.removed);
        comment.text = "new";
        t.write("text", comment.text);
        t.write("same", comment.before("<1>") === comment, comment.after("<2>", { html: true }) === comment);
      },
    })));
    await t.attempt("replaced", () => rewritten("<p><!--x--></p>", (rewriter) => rewriter.on("p", {
      comments: (comment) => { t.write("same", comment.replace("<r>", { html: true }) === comment, comment.removed); },
    })));
    await t.attempt("removed", () => rewritten("<p><!--x--></p>", (rewriter) => rewriter.on("p", {
      comments: (comment) => { t.write("same", comment.remove() === comment, comment.removed); },
    })));
    await t.attempt("a text that would end it", () => rewritten("<p><!--x--></p>", (rewriter) => rewriter.on("p", {
      comments(comment) { comment.text = "a-->b"; },
    })));
    await t.attempt("odd comments", () => rewritten("<p><!bogus><?php x?><!-- a -- b --><!----></p>", (rewriter) => rewriter.on("p", {
      comments: (comment) => t.write("comment", comment.text),
    })));
  }),

  "11.4 the document": here(async (t) => {
    await t.attempt("handlers", () => rewritten("<!DOCTYPE html><!--c--><p>x</p>y", (rewriter) => rewriter.onDocument({
      doctype: (doctype) => t.write("doctype", Object.prototype.toString.call(doctype), doctype.name, doctype.publicId, doctype.systemId),
      comments: (comment) => t.write("comment", comment.text),
      text: (chunk) => t.write("text", chunk.text, chunk.lastInTextNode),
      end: (end) => {
        t.write("end", Object.prototype.toString.call(end), end.append("<e>") === end);
        end.append("<e>", { html: true });
      },
    })));
    await t.attempt("a long doctype", () => rewritten(`<!doctype HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">`, (rewriter) =>
      rewriter.onDocument({ doctype: (doctype) => t.write("doctype", doctype.name, doctype.publicId, doctype.systemId) })));
    await t.attempt("a doctype without a name", () => rewritten("<!doctype>", (rewriter) =>
      rewriter.onDocument({ doctype: (doctype) => t.write("doctype", doctype.name, doctype.publicId, doctype.systemId) })));
    await t.attempt("an empty document", () => rewritten("", (rewriter) => rewriter.onDocument({ end: (end) => { end.append("only"); } })));
    await t.attempt("the members of a doctype", () => rewritten("<!doctype html>", (rewriter) =>
      rewriter.onDocument({ doctype: (doctype) => t.write("members", Object.getOwnPropertyNames(Object.getPrototypeOf(doctype)).sort()) })));
  }),

  "11.4 which handlers run, and in which order": here(async (t) => {
    await rewritten("<!--0--><div>1<p>2<!--3--></p></div>", (rewriter) => {
      for (const name of ["first", "second"]) {
        rewriter.on("p", {
          element: () => t.write(name, "p"),
          text: ({ text }) => t.write(name, "text in p", text),
          comments: ({ text }) => t.write(name, "comment in p", text),
        });
        rewriter.onDocument({ text: ({ text }) => t.write(name, "text", text), comments: ({ text }) => t.write(name, "comment", text), end: () => t.write(name, "end") });
      }
      rewriter.on("div", { element: () => t.write("div"), text: ({ text }) => t.write("text in div", text) });
    });
  }),

  "11.4 a later handler sees what an earlier one did": here(async (t) => {
    await t.attempt("text", () => rewritten("<a href=1>x</a>", (rewriter) => rewriter
      .on("a", { element: (element) => { element.setAttribute("href", "2").setAttribute("added", ""); element.tagName = "b"; } })
      .on("a", { element: (element) => t.write("second", element.tagName, element.getAttribute("href")) })
      .on("[added]", { element: () => t.write("by the new attribute") })
      .on("b", { element: () => t.write("by the new name") })
      .on("a", { element: (element) => element.remove() })
      .on("a", { element: (element) => t.write("last", element.removed) })));
  }),

  "11.4 this in handlers": here(async (t) => {
    class Handler {
      prefix = "own";
      element(element) { t.write("element", this.prefix); element.onEndTag(function onEnd() { t.write("end tag", this === globalThis); }); }
      text() { t.write("text", this.prefix); }
      comments() { t.write("comments", this.prefix); }
    }
    class DocumentHandler {
      prefix = "document";
      doctype() { t.write("doctype", this.prefix); }
      end() { t.write("end", this.prefix); }
    }
    await rewritten("<!doctype html><p>x<!--c--></p>", (rewriter) => rewriter.on("p", new Handler()).onDocument(new DocumentHandler()));
  }),

  "11.4 handlers are read once": here(async (t) => {
    const handler = {
      get element() { t.write("read"); return (element) => { element.before("1"); }; },
    };
    const rewriter = new HTMLRewriter().on("p", handler);
    handler.text = () => t.write("never");
    t.write("first", await rewriter.transform(new Response("<p>a</p><p>b</p>")).text());
    t.write("again", await rewriter.transform(new Response("<p>c</p>")).text());
    rewriter.on("p", { element: (element) => { element.before("2"); } });
    t.write("with more", await rewriter.transform(new Response("<p>d</p>")).text());
  }),

  "11.4 handlers that wait": here(async (t) => {
    await t.attempt("element", () => onElement("<p>a</p><p>b</p>", "p", async (element) => {
      element.before("1");
      await scheduler.wait(2);
      element.setAttribute("late", "yes").after("2");
      t.write("waited", element.tagName);
    }));
    await t.attempt("all kinds", () => rewritten("<!doctype html><p>a<!--b--></p>", (rewriter) => rewriter
      .on("p", {
        async text(chunk) { await null; if (!chunk.lastInTextNode) chunk.replace("A"); },
        async comments(comment) { await scheduler.wait(1); comment.text = "B"; },
      })
      .onDocument({
        async doctype(doctype) { await scheduler.wait(1); t.write("doctype", doctype.name); },
        async end(end) { await scheduler.wait(1); end.append("!"); },
      })));
    await t.attempt("one after the other", () => onElement("<p>a</p><p>b</p>", "p", async () => {
      t.write("begin");
      await scheduler.wait(1);
      t.write("end");
    }));
    await t.attempt("a thenable", () => onElement("<p>a</p>", "p", (element) => ({
      then(resolve) { element.before("then"); resolve(); },
    })));
    await t.attempt("a value", () => onElement("<p>a</p>", "p", () => 7));
  }),

  "11.4 handlers that fail": here(async (t) => {
    class Own extends Error { name = "Own"; extra = 1; }
    const error = new Own("mine");
    for (const [name, fail] of Object.entries({
      throws() { throw new RangeError("thrown"); },
      async rejects() { await null; throw new RangeError("rejected"); },
      own() { throw error; },
      text() { throw "a text"; },
      object() { throw { a: 1 }; },
    })) {
      await t.attempt(name, () => onElement("<p>a</p>", "p", fail));
    }
    try {
      await onElement("<p>a</p>", "p", () => { throw error; });
    } catch (caught) {
      t.write("same", caught === error, caught.extra, caught.name);
    }
    await t.attempt("text handler", () => rewritten("<p>a</p>", (rewriter) => rewriter.on("p", { text() { throw new TypeError("in text"); } })));
    await t.attempt("comment handler", () => rewritten("<p><!--a--></p>", (rewriter) => rewriter.on("p", { comments() { throw new TypeError("in comment"); } })));
    await t.attempt("doctype handler", () => rewritten("<!doctype html>", (rewriter) => rewriter.onDocument({ doctype() { throw new TypeError("in doctype"); } })));
    await t.attempt("end handler", () => rewritten("a", (rewriter) => rewriter.onDocument({ end() { throw new TypeError("in end"); } })));
    await t.attempt("end tag handler", () => onElement("<p>a</p>", "p", (element) => { element.onEndTag(() => { throw new TypeError("in end tag"); }); }));
    await t.attempt("end tag handler that waits", () => onElement("<p>a</p>", "p", (element) => {
      element.onEndTag(async () => { await scheduler.wait(1); throw new TypeError("in end tag, later"); });
    }));
  }),

  "11.4 what came before a failure": here(async (t) => {
    const response = new HTMLRewriter().on("b", { element() { throw new Error("stop"); } })
      .transform(new Response(pieces("<a>first</a>", "<b>second</b>", "third")));
    const reader = response.body.getReader();
    for (let i = 0; i < 4; i++) {
      try {
        const { value, done } = await reader.read();
        t.write("read", value === undefined ? value : new TextDecoder().decode(value), done);
        if (done) break;
      } catch (error) {
        t.write("read rejects", error);
      }
    }
    let calls = 0;
    await t.attempt("no handler runs after it", () => onElement("<p>a</p><p>b</p>", "p", () => { calls += 1; throw new Error("stop"); }));
    t.write("calls", calls);
  }),

  "11.4 elements that are used too late": here(async (t) => {
    let kept, keptAttributes, keptText, keptComment, keptEnd, keptDoctype, keptTag;
    await rewritten("<!doctype html><p a=1 b=2>x<!--c--></p>", (rewriter) => rewriter.on("p", {
      element(element) { kept = element; keptAttributes = element.attributes; keptAttributes.next(); element.onEndTag((end) => { keptTag = end; }); },
      text(chunk) { keptText = chunk; },
      comments(comment) { keptComment = comment; },
    }).onDocument({ doctype(doctype) { keptDoctype = doctype; }, end(end) { keptEnd = end; } }));
    await t.attempt("tagName", () => kept.tagName);
    await t.attempt("set tagName", () => { kept.tagName = "b"; });
    await t.attempt("namespaceURI", () => kept.namespaceURI);
    await t.attempt("removed", () => kept.removed);
    await t.attempt("attributes", () => kept.attributes);
    await t.attempt("next", () => keptAttributes.next());
    await t.attempt("getAttribute", () => kept.getAttribute("a"));
    await t.attempt("hasAttribute", () => kept.hasAttribute("a"));
    await t.attempt("setAttribute", () => kept.setAttribute("a", "b"));
    await t.attempt("removeAttribute", () => kept.removeAttribute("a"));
    for (const name of ["before", "after", "prepend", "append", "replace", "setInnerContent"]) await t.attempt(name, () => kept[name]("x"));
    await t.attempt("remove", () => kept.remove());
    await t.attempt("removeAndKeepContent", () => kept.removeAndKeepContent());
    await t.attempt("onEndTag", () => kept.onEndTag(() => {}));
    await t.attempt("text", () => keptText.text);
    await t.attempt("lastInTextNode", () => keptText.lastInTextNode);
    await t.attempt("text removed", () => keptText.removed);
    await t.attempt("text before", () => keptText.before("x"));
    await t.attempt("comment", () => keptComment.text);
    await t.attempt("set comment", () => { keptComment.text = "x"; });
    await t.attempt("comment remove", () => keptComment.remove());
    await t.attempt("doctype", () => keptDoctype.name);
    await t.attempt("end tag", () => keptTag.name);
    await t.attempt("end tag before", () => keptTag.before("x"));
    await t.attempt("end", () => keptEnd.append("x"));
  }),

  "11.4 an element after its handler, while another one waits": here(async (t) => {
    let kept;
    await t.attempt("text", () => onElement("<p>a</p><b>c</b>", "*", async (element) => {
      if (kept === undefined) {
        kept = element;
        return;
      }
      await t.attempt("first", () => kept.tagName);
      await scheduler.wait(1);
      await t.attempt("first again", () => kept.before("x"));
      t.write("second", element.tagName);
    }));
  }),

  "11.4 properties that stay on an element": here(async (t) => {
    await rewritten("<p>x</p>", (rewriter) => rewriter
      .on("p", { element(element) { element.mine = 1; } })
      .on("p", { element(element) { t.write("mine", element.mine); } }));
  }),

  "11.4 the response": here(async (t) => {
    const source = new Response("<p>", { status: 201, statusText: "Made", headers: { "Content-Type": "text/html", "Content-Length": "3", "X-Own": "1", ETag: "e" } });
    const result = new HTMLRewriter().on("p", { element(element) { element.before("!"); } }).transform(source);
    t.write("head", result.status, result.statusText, [...result.headers], result !== source);
    t.write("used", source.bodyUsed, result.bodyUsed, source.body?.locked);
    t.write("body", await result.text());
    t.write("used", source.bodyUsed, result.bodyUsed);
    await t.attempt("again", () => new HTMLRewriter().transform(source));
    t.write("headers can change", (() => { result.headers.set("a", "b"); return result.headers.get("a"); })());
  }),

  "11.4 a response without a body": here(async (t) => {
    const source = new Response(null, { status: 204, headers: { a: "b" } });
    const result = new HTMLRewriter().onDocument({ end() { t.write("called"); } }).transform(source);
    t.write("response", result === source, result.status, result.body, [...result.headers]);
    const empty = new HTMLRewriter().onDocument({ end(end) { end.append("x"); } }).transform(new Response(null));
    t.write("empty", empty.body, await empty.text());
  }),

  "11.4 what is no HTML": here(async (t) => {
    const bytes = new Uint8Array([0, 255, 60, 112, 62, 128, 10]);
    const result = new HTMLRewriter().on("p", { element(element) { element.after("!"); } }).transform(new Response(bytes));
    t.write("bytes", new Uint8Array(await result.arrayBuffer()));
    t.write("no handlers", await new HTMLRewriter().transform(new Response("<p>x</p><")).text());
    t.write("malformed", await onElement("<p <b>x</ p><p", "p", (element) => element.before("[")));
    t.write("null characters", await rewritten("<p>\0</p>", (rewriter) => rewriter.on("p", { text({ text }) { if (text !== "") t.write("text", text); } })));
  }),

  "11.4 encodings": here(async (t) => {
    const latin = new Uint8Array([...new TextEncoder().encode("<p>"), 0xe9, ...new TextEncoder().encode("</p>")]);
    for (const type of ["text/html; charset=iso-8859-1", "text/html;charset=\"windows-1252\"", "text/html", "text/html; charset=utf-8", "text/html; charset=UTF-16", "text/html; charset=nonsense"]) {
      await t.attempt(type, () => {
        const response = new HTMLRewriter().on("p", {
          element(element) { element.before("ü€\u{1f600}"); },
          text({ text }) { if (text !== "") t.write("text", text); },
        }).transform(new Response(latin, { headers: { "Content-Type": type } }));
        return response.arrayBuffer().then((buffer) => new Uint8Array(buffer));
      });
    }
  }),

  "11.4 content that is a stream": here(async (t) => {
    await t.attempt("html", () => onElement("<p>x</p>", "p", (element) => {
      t.write("same", element.before(streamOf("<i>", "é"), { html: true }) === element);
    }));
    await t.attempt("text", () => onElement("<p>x</p>", "p", (element) => element.append(streamOf("<i>", "&"))));
    await t.attempt("all places", () => onElement("<p>x</p>", "p", (element) => {
      element.before(streamOf("b")).after(streamOf("a")).prepend(streamOf("p")).append(streamOf("e"));
    }));
    await t.attempt("in order with texts", () => onElement("<p>x</p>", "p", (element) => {
      element.before("1").before(streamOf("2")).before("3");
    }));
    await t.attempt("set", () => onElement("<p>x</p>", "p", (element) => element.setInnerContent(streamOf("new"))));
    await t.attempt("replace", () => onElement("<p>x</p>", "p", (element) => element.replace(streamOf("new"))));
    await t.attempt("a character in two pieces", () => onElement("<p>x</p>", "p", (element) => {
      element.before(streamOf(new Uint8Array([0xc3]), new Uint8Array([0xa9])));
    }));
    await t.attempt("malformed", () => onElement("<p>x</p>", "p", (element) => element.before(streamOf(new Uint8Array([0xff, 0x41])))));
    await t.attempt("empty", () => onElement("<p>x</p>", "p", (element) => element.before(streamOf())));
    await t.attempt("one that fails", () => onElement("<p>x</p>", "p", (element) => element.before(new ReadableStream({
      pull(controller) { controller.error(new RangeError("of the stream")); },
    }))));
    await t.attempt("texts, not bytes", () => onElement("<p>x</p>", "p", (element) => element.before(new ReadableStream({
      start(controller) { controller.enqueue("text"); controller.close(); },
    }))));
    await t.attempt("one that is locked", () => onElement("<p>x</p>", "p", (element) => {
      const stream = streamOf("a");
      stream.getReader();
      element.before(stream);
    }));
    await t.attempt("one that is never used", () => onElement("<br>x", "br", (element) => { element.append(streamOf("a")); }));
  }),

  "11.4 content that is a response": here(async (t) => {
    await t.attempt("text", () => onElement("<p>x</p>", "p", (element) => element.before(new Response("<i>"))));
    await t.attempt("html", () => onElement("<p>x</p>", "p", (element) => element.setInnerContent(new Response("<i>"), { html: true })));
    await t.attempt("without a body", () => onElement("<p>x</p>", "p", (element) => element.before(new Response(null))));
    await t.attempt("used", () => onElement("<p>x</p>", "p", async (element) => {
      const response = new Response("a");
      await response.text();
      element.before(response);
    }));
    await t.attempt("in text and end tags", () => rewritten("<p>x</p>", (rewriter) => rewriter.on("p", {
      element(element) { element.onEndTag((end) => { end.before(new Response("3")).after(streamOf("4")); }); },
      text(chunk) { if (!chunk.lastInTextNode) chunk.replace(streamOf("1")).after(new Response("2")); },
    })));
    for (const method of ["before", "after", "replace"]) {
      await t.attempt(`comment ${method}`, () => rewritten("<p><!--c--></p>", (rewriter) => rewriter.on("p", {
        comments(comment) { comment[method](streamOf("3")); },
      })));
    }
    await t.attempt("at the end", () => rewritten("<p>", (rewriter) => rewriter.onDocument({ end(end) { end.append(new Response("5")); } })));
    await t.attempt("rewritten itself", () => onElement("<p>x</p>", "p", (element) => {
      element.replace(new HTMLRewriter().on("i", { element(inner) { inner.after("!"); } }).transform(new Response("<i></i>")), { html: true });
    }));
  }),

  "11.4 one rewriter inside of another": here(async (t) => {
    const inner = () => new HTMLRewriter().on("p", { async element(element) { await scheduler.wait(1); element.append("1"); } }).transform(new Response("<p>x</p>"));
    t.write("chained", await new HTMLRewriter().on("p", { element(element) { element.append("2"); } }).transform(inner()).text());
    t.write("in a handler", await onElement("<div></div>", "div", async (element) => { element.setInnerContent(await inner().text(), { html: true }); }));
  }),

  "11.4 one rewriter for two responses at once": here(async (t) => {
    const rewriter = new HTMLRewriter().on("p", { async element(element) { await scheduler.wait(1); element.prepend(element.getAttribute("n")); } });
    const responses = [1, 2, 3].map((n) => rewriter.transform(new Response(`<p n=${n}></p>`)));
    t.write("texts", await Promise.all(responses.map((response) => response.text())));
  }),

  "11.4 a source that fails": here(async (t) => {
    await t.attempt("text", () => rewritten(new ReadableStream({
      start(controller) { controller.enqueue(new TextEncoder().encode("<p>")); },
      pull(controller) { controller.error(new RangeError("of the source")); },
    }), (rewriter) => rewriter.on("p", { element: (element) => element.before("!") })));
    await t.attempt("texts, not bytes", () => rewritten(new ReadableStream({
      start(controller) { controller.enqueue("<p>"); controller.close(); },
    }), () => {}));
  }),

  "11.4 a reader that goes away": here(async (t) => {
    let cancelled;
    let sent = 0;
    const response = new HTMLRewriter().on("p", { element() {} }).transform(new Response(new ReadableStream({
      pull(controller) { sent += 1; controller.enqueue(new TextEncoder().encode("<p>x</p>")); },
      cancel(reason) { cancelled = reason; },
    })));
    const reader = response.body.getReader();
    const { value } = await reader.read();
    t.write("first", new TextDecoder().decode(value));
    await t.attempt("cancel", () => reader.cancel(new Error("enough")));
    await scheduler.wait(5);
    t.write("bounded", sent < 20);
  }),

  "11.4 more memory than is allowed": here(async (t) => {
    await t.attempt("an attribute of 4 MiB", () => onElement(`<p a="${"x".repeat(4 << 20)}">`, "p", () => t.write("called")).then((text) => text.length));
    await t.attempt("in pieces", () => rewritten(pieces("<p a=\"", ...Array.from({ length: 5 }, () => "x".repeat(1 << 20)), "\">"), (rewriter) => rewriter.on("p", { element() { t.write("called"); } })).then((text) => text.length));
    await t.attempt("a text of 8 MiB", () => onElement(`<p>${"x".repeat(8 << 20)}`, "p", () => t.write("called")).then((text) => text.length));
    await t.attempt("deep", () => onElement("<p>".repeat(100000), "p p p", () => {}).then((text) => text.length));
  }),

  "11.4 text is split by the parser": here(async (t) => {
    let chunks = 0;
    let characters = 0;
    await rewritten(`<p>${"x".repeat(100000)}</p>`, (rewriter) => rewriter.on("p", { text({ text }) { chunks += 1; characters += text.length; } }));
    t.write("chunks", chunks > 0, characters);
  }),

  "11.4 markup that cannot be parsed safely": here(async (t) => {
    await t.attempt("select", () => rewritten("<select><div><style></select><p>", (rewriter) => rewriter.on("p", { element: (element) => element.before("!") })));
    await t.attempt("svg", () => rewritten("<svg><p><style><!--</style><p>--></style>", (rewriter) => rewriter.on("p", { element: (element) => element.before("!") })));
    await t.attempt("math", () => rewritten("<math><annotation-xml encoding=text/html><style>a</style><p>", (rewriter) => rewriter.on("p", { element: (element) => element.before("!") })));
    await t.attempt("plaintext", () => rewritten("<plaintext><p>", (rewriter) => rewriter.on("p", { element: (element) => element.before("!") })));
    await t.attempt("frameset", () => rewritten("<frameset><noframes><p></noframes></frameset>", (rewriter) => rewriter.on("p", { element: (element) => element.before("!") })));
    await t.attempt("template in select", () => rewritten("<select><template><xmp><p></xmp></template></select><p>", (rewriter) => rewriter.on("p", { element: (element) => element.before("!") })));
  }),

  "11.4 the classes of tokens": here(async (t) => {
    await rewritten("<!doctype html><p>x<!--c--></p>", (rewriter) => rewriter.on("p", {
      element(element) {
        t.write("element", Object.getOwnPropertyNames(Object.getPrototypeOf(element)).sort(), element.constructor.name);
        t.write("global", typeof globalThis.Element, typeof globalThis.Text, typeof globalThis.Comment, typeof globalThis.EndTag, typeof globalThis.Doctype, typeof globalThis.DocumentEnd);
        element.onEndTag((end) => t.write("end tag", Object.keys(end), Object.getOwnPropertyNames(Object.getPrototypeOf(end)).sort(), end.constructor.name));
        t.write("own", Object.keys(element), JSON.stringify(element));
      },
      text(chunk) { if (chunk.lastInTextNode) t.write("text", Object.keys(chunk), Object.getOwnPropertyNames(Object.getPrototypeOf(chunk)).sort(), chunk.constructor.name); },
      comments(comment) { t.write("comment", Object.keys(comment), Object.getOwnPropertyNames(Object.getPrototypeOf(comment)).sort(), comment.constructor.name); },
    }).onDocument({
      doctype(doctype) { t.write("doctype", Object.keys(doctype), doctype.constructor.name); },
      end(end) { t.write("end", Object.getOwnPropertyNames(Object.getPrototypeOf(end)).sort(), end.constructor.name); },
    }));
  }),

  "11.4 a rewriter in a Durable Object": inObject(async (object, t) => {
    const { storage } = object.ctx;
    t.write("text", await rewritten("<p>a</p><p>b</p>", (rewriter) => rewriter.on("p", {
      async element(element) {
        const count = ((await storage.get("count")) ?? 0) + 1;
        await storage.put("count", count);
        element.append(String(count));
      },
    })));
    t.write("count", await storage.get("count"));
  }),

  "11.4 a pass over a fetched page": inWorker(async ({ object }, t) => {
    const response = await object.fetch("http://host/");
    const result = new HTMLRewriter().on("p", { element(element) { element.append("!"); } }).transform(response);
    t.write("text", result.status, await result.text());
    const text = await new HTMLRewriter().on("p", { async element(element) {
      element.setInnerContent((await object.fetch("http://host/")).body, { html: true });
    } }).transform(await object.fetch("http://host/")).text();
    t.write("with another", text);
  }),
};

cases["11.4 a pass over a fetched page"].object.fetch = () => new Response("<p>page</p>", html);

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
