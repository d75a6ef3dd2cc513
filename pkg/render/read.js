(limit) => {
  // Serialises what a visitor sees: the elements that mean something to a reader of
  // footers, with links and click handlers, and "hidden" on what styles hide.
  const parts = [];
  let size = 0, cut = false, foreign = 0;
  const put = (s) => {
    if (cut || size + s.length > limit) return void (cut = true);
    size += s.length;
    parts.push(s);
  };
  const escape = (s) => s.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
  const unread = new Set(["script", "style", "noscript", "template", "link", "meta", "title", "object", "embed", "canvas", "svg", "textarea", "select"]);
  const kept = ["id", "href", "onclick"];
  const walk = (nodes) => {
    for (const node of nodes) {
      if (cut) return;
      if (node.nodeType === Node.TEXT_NODE) {
        const owner = node.parentElement ?? node.getRootNode().host;
        const seen = !owner || !node.data.trim() || getComputedStyle(owner).visibility === "visible";
        put(seen ? escape(node.data) : "<span hidden>" + escape(node.data) + "</span>");
      } else if (node.nodeType === Node.ELEMENT_NODE) {
        element(node);
      }
    }
  };
  const element = (e) => {
    const name = e.localName;
    if (unread.has(name)) return;
    const style = getComputedStyle(e);
    if (name === "iframe" || name === "frame") return frame(e, style);
    put("<" + name);
    for (const key of kept) {
      const value = e.getAttribute(key);
      if (value !== null) put(" " + key + '="' + escape(value) + '"');
    }
    if (style.display === "none" && name !== "area") put(" hidden");
    put(">");
    if (name === "slot") {
      const assigned = e.assignedNodes({ flatten: true });
      walk(assigned.length ? assigned : e.childNodes);
    } else {
      walk(e.shadowRoot ? e.shadowRoot.childNodes : e.childNodes);
    }
    if (!["br", "hr", "img", "input", "area", "base", "wbr", "col"].includes(name)) put("</" + name + ">");
  };
  const frame = (e, style) => {
    let inside = null;
    try {
      inside = e.contentDocument?.body;
    } catch {}
    const box = e.getBoundingClientRect();
    if (style.display === "none" || style.visibility !== "visible" || box.width < 40 || box.height < 10) return;
    if (!inside) return void foreign++;
    put("<div>");
    walk(inside.childNodes);
    put("</div>");
  };
  try {
    const root = document.documentElement;
    put("<!DOCTYPE html><html><head>");
    const base = document.querySelector("base[href]");
    if (base) put('<base href="' + escape(base.getAttribute("href")) + '">');
    put("</head>");
    for (const child of root ? root.children : []) if (child.localName !== "head") element(child);
    put("</html>");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    cut = true; // nested deeper than the stack
  }
  window.scrollTo(0, document.documentElement?.scrollHeight ?? 0);
  return { URL: document.URL, HTML: parts.join(""), Ready: document.readyState === "complete", Cut: cut, Foreign: foreign };
}
