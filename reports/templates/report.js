"use strict";
// The page is whole without this script. It filters, copies and moves; it writes text only, never markup.
(() => {
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const form = $(".filters");
  const list = $("#list");
  const gravity = ["fail", "error", "inconclusive", "warn", "observed", "unsupported", "not-applicable", "pass", "none"];
  root.classList.add("js");

  // ---- what there is to filter -------------------------------------------------------------------------------
  const requirements = $$(".req").map((element, place) => ({
    element, place, level: element.dataset.l, suite: element.dataset.s, home: element.parentNode,
    words: (element.id + " " + $("h4", element).textContent + " " + $(".where", element).textContent).toLowerCase(),
    cases: $$(".case", element).map((row) => ({ element: row, verdict: row.dataset.v, size: Number(row.dataset.n ?? 1) })),
  }));
  const containers = [...$$(".sec"), ...$$(".chapter")];
  const idsOf = (row) => [row, ...$$("[id]", row)].map((element) => element.id).join(" ");
  const searchable = (item) => (item.words ??= (idsOf(item.element) + " " + item.element.textContent).toLowerCase());

  // ---- the state lives in the fragment -----------------------------------------------------------------------
  const fragment = () => decodeURIComponent(location.hash.slice(1).replaceAll("+", "%20"));
  const isFilter = () => /^(q|verdict|level|suite|order|case)=/.test(location.hash.slice(1));

  function readFragment() {
    const wanted = new URLSearchParams(isFilter() ? location.hash.slice(1) : "");
    const among = (name) => (wanted.get(name) ?? "").split(",");
    form.q.value = wanted.get("q") ?? "";
    form.suite.value = wanted.get("suite") ?? "";
    form.order.value = wanted.get("order") ?? "";
    for (const name of ["verdict", "level"])
      for (const box of $$(`[name=${name}]`, form)) box.checked = among(name).includes(box.value);
    apply();
    const id = isFilter() ? wanted.get("case") : fragment();
    if (id) open(id);
    if (isFilter() && !id) $("#requirements").scrollIntoView();
  }

  function writeFragment() {
    const state = new URLSearchParams();
    const put = (name, value) => value && state.set(name, value);
    const checked = (name) => $$(`[name=${name}]:checked`, form).map((box) => box.value).join(",");
    put("q", form.q.value.trim());
    put("verdict", checked("verdict"));
    put("level", checked("level"));
    put("suite", form.suite.value);
    put("order", form.order.value);
    const text = state.toString().replaceAll("%2C", ",");
    history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
    apply();
  }

  function apply() {
    const verdicts = $$("[name=verdict]:checked", form).map((box) => box.value);
    const levels = $$("[name=level]:checked", form).map((box) => box.value);
    const suite = form.suite.value;
    const words = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    let total = 0;
    for (const requirement of requirements) {
      const fits = (!levels.length || levels.includes(requirement.level)) && (!suite || suite === requirement.suite);
      let any = false;
      for (const item of requirement.cases) {
        const size = item.verdict === "none" ? 0 : item.size;
        const said = (word) => requirement.words.includes(word) || searchable(item).includes(word);
        const keep = fits && (!verdicts.length || verdicts.includes(item.verdict)) && words.every(said);
        item.element.hidden = !keep;
        any ||= keep;
        total += size;
        shown += keep ? size : 0;
      }
      requirement.element.hidden = !any;
    }
    arrange(form.order.value === "gravity");
    for (const box of containers) box.hidden = !$(".req:not([hidden])", box);
    for (const link of $$("nav a")) link.parentNode.hidden = $(link.getAttribute("href"))?.hidden ?? false;
    $("#nothing").hidden = requirements.some((requirement) => !requirement.element.hidden);
    $("output", form).textContent = shown === total ? `${total} cases` : `${shown} of ${total} cases`;
  }

  let arranged = false;
  function arrange(byGravity) {
    if (byGravity === arranged) return;
    arranged = byGravity;
    const worst = (requirement) => Math.min(...requirement.cases.map((item) => gravity.indexOf(item.verdict)));
    if (byGravity) {
      const sorted = [...requirements].sort((a, b) => worst(a) - worst(b) || a.place - b.place);
      list.prepend(...sorted.map((requirement) => requirement.element));
    } else {
      for (const requirement of requirements) requirement.home.append(requirement.element);
    }
    $("nav").hidden = byGravity;
  }

  function open(id) {
    const element = document.getElementById(id);
    if (!element) return;
    if (element.closest("[hidden]")) { form.reset(); apply(); }
    if (element.matches("details")) { element.open = true; $("summary", element).focus({ preventScroll: true }); }
    element.scrollIntoView();
  }

  // ---- copying -----------------------------------------------------------------------------------------------
  const say = (text) => { $("#said").textContent = text; setTimeout(() => { $("#said").textContent = ""; }, 2500); };

  async function copy(text, what) {
    try {
      await navigator.clipboard.writeText(text);
      say(`${what} copied`);
    } catch {
      const area = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(area);
      area.select();
      say(document.execCommand("copy") ? `${what} copied` : "The browser does not let this page copy");
      area.remove();
    }
  }

  // Text of a candidate goes into Markdown only between more backticks than it holds itself.
  const ticks = (text, least) => "`".repeat(Math.max(least, ...(text.match(/`+/g) ?? []).map((run) => run.length + 1)));
  const block = (text, kind = "") => `${ticks(text, 3)}${kind}\n${text}\n${ticks(text, 3)}`;
  const inline = (text) => { const fence = ticks(text, 1); return `${fence} ${text.replace(/\s*\n\s*/g, " ")} ${fence}`; };

  function issue(row) {
    const requirement = row.closest(".req");
    const said = (selector) => $(selector, row)?.textContent;
    const link = $(".where a", requirement);
    const where = link ? `[${link.textContent}](${link.href})` : $(".where", requirement).textContent;
    const facts = $$(".facts > div").map((fact) => `- ${$("dt", fact).textContent}: ${inline($("dd", fact).textContent)}`);
    const sentence = (name, text) => (text ? [`**${name}**`, block(text)] : []);
    const plain = (part) => (part.dataset.text ?? part.textContent).replaceAll("\n", "").replace(/ +/g, " ").trim();
    const rows = $$(".tl li", row).map((step) => $$("time, div > span, code", step).map(plain).join("  "));
    return [
      `${$("h1").innerText}: ${$(".t", row).textContent}`,
      `The ASGI conformance suite finds that a *${requirement.dataset.l}* of ${where} is not as written:`,
      block($("h4 .words", requirement).textContent),
      ...sentence("Expected", said(".expected")), ...sentence("Observed", said(".observed")), ...sentence("Reason", said(".reason")),
      "**Run it again**", block(said(".cmd"), "sh"), facts.join("\n"),
      ...(rows.length ? ["<details><summary>What both ends saw</summary>", block(rows.join("\n")), "</details>"] : []),
    ].join("\n\n") + "\n";
  }

  // ---- bytes as hexadecimal: what is shown as text loses nothing, so it can be read back ---------------------------
  const escapes = { "\\\\": 92, "\\r": 13, "\\n": 10, "\\t": 9 };
  const bytesOf = (text) => (text.replaceAll("\n", "").match(/\\x[0-9a-f]{2}|\\.|[^\\]/g) ?? []).map((part) => escapes[part] ?? (part.startsWith("\\x") ? parseInt(part.slice(2), 16) : part.charCodeAt(0)));

  function dump(bytes) {
    const rows = [];
    for (let at = 0; at < bytes.length; at += 8) {
      const row = bytes.slice(at, at + 8);
      const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ").padEnd(23);
      const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
      rows.push(`${at.toString(16).padStart(4, "0")}  ${hex}  ${text}`);
    }
    return rows.join("\n");
  }

  function toggleHex(button, row) {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    for (const code of $$("code.d", row)) {
      code.dataset.text ??= code.textContent;
      code.textContent = on ? dump(bytesOf(code.dataset.text)) : code.dataset.text;
    }
  }

  async function save() {
    const packed = Uint8Array.from(atob($("#asgi-conformance-results").textContent), (char) => char.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const url = URL.createObjectURL(await new Response(stream).blob());
    Object.assign(document.createElement("a"), { href: url, download: "asgi-conformance.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  // ---- the theme ---------------------------------------------------------------------------------------------
  const themes = { "": "as the system", light: "light", dark: "dark" };
  const memory = { get: () => { try { return localStorage.getItem("theme") ?? ""; } catch { return ""; } }, set: (name) => { try { localStorage.setItem("theme", name); } catch { /* a page without storage */ } } };

  function theme(name) {
    if (name) root.dataset.theme = name; else delete root.dataset.theme;
    $("#theme").textContent = `Theme: ${themes[name] ?? themes[""]}`;
  }

  // ---- hands -------------------------------------------------------------------------------------------------
  const actions = {
    command: (button, row) => copy($(".cmd", row).textContent, "Command"),
    issue: (button, row) => copy(issue(row), "Issue"),
    hex: toggleHex,
    reset: () => form.reset(),
  };

  function step(by) {
    const rows = $$(".case > summary").filter((row) => !row.closest("[hidden]"));
    const here = rows.indexOf(document.activeElement);
    const next = here < 0 && by < 0 ? rows.length - 1 : here + by;
    rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus();
  }

  const keys = {
    "/": () => form.q.focus(),
    j: () => step(1),
    k: () => step(-1),
    f: () => { const box = $("[name=verdict][value=fail]", form); const on = !box.checked; for (const other of $$("[name=verdict]", form)) other.checked = false; box.checked = on; writeFragment(); },
    g: () => { form.order.value = form.order.value ? "" : "gravity"; writeFragment(); },
    x: () => form.reset(),
    "?": () => $("#help").showModal(),
  };

  form.addEventListener("input", writeFragment);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(writeFragment));
  window.addEventListener("hashchange", readFragment);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button) actions[button.dataset.act](button, button.closest(".case"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("#help").open) return;
    if (event.target.matches("input[type=search], select")) { if (event.key === "Escape") event.target.blur(); return; }
    const action = keys[event.key];
    if (action) { event.preventDefault(); action(); }
  });
  window.addEventListener("beforeprint", () => { for (const row of $$('details.case')) row.open = true; });
  for (const [id, action] of [["save", save], ["keys", keys["?"]]]) { $("#" + id).hidden = false; $("#" + id).addEventListener("click", action); }
  $("#theme").hidden = false;
  $("#theme").addEventListener("click", () => {
    const names = Object.keys(themes);
    const next = names[(names.indexOf(root.dataset.theme ?? "") + 1) % names.length];
    memory.set(next);
    theme(next);
  });
  theme(memory.get() in themes ? memory.get() : "");
  readFragment();
})();
