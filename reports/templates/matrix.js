"use strict";
// The matrix is whole without this script: it filters, and keeps what was chosen in the fragment.
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const form = $(".filters");
  document.documentElement.classList.add("js");
  const rows = $$("tr.row").map((element) => ({
    element, level: element.dataset.l, suite: element.dataset.s, words: $("th", element).textContent.toLowerCase(),
    disagree: "d" in element.dataset, failed: "a" in element.dataset, broken: "b" in element.dataset,
  }));
  const bodies = $$(".matrix tbody");
  const chosen = () => $$("[name=only]:checked", form).map((box) => box.value);

  function apply() {
    const only = chosen();
    const words = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const keep = (!form.suite.value || row.suite === form.suite.value)
        && (!only.includes("musts") || row.level === "must")
        && ["disagree", "failed", "broken"].every((name) => !only.includes(name) || row[name])
        && words.every((word) => row.words.includes(word));
      row.element.hidden = !keep;
      shown += keep;
    }
    for (const body of bodies) body.hidden = !$("tr.row:not([hidden])", body);
    $("#nothing").hidden = shown > 0;
    $("output", form).textContent = shown === rows.length ? `${shown} requirements` : `${shown} of ${rows.length} requirements`;
  }

  function write() {
    const state = new URLSearchParams();
    const put = (name, value) => value && state.set(name, value);
    put("q", form.q.value.trim());
    put("only", chosen().join(","));
    put("suite", form.suite.value);
    const text = state.toString().replaceAll("%2C", ",");
    history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
    apply();
  }

  function read() {
    const state = new URLSearchParams(location.hash.slice(1));
    const only = (state.get("only") ?? "").split(",");
    form.q.value = state.get("q") ?? "";
    form.suite.value = state.get("suite") ?? "";
    for (const box of $$("[name=only]", form)) box.checked = only.includes(box.value);
    apply();
  }

  form.addEventListener("input", write);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(write));
  window.addEventListener("hashchange", read);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.matches("input, select")) { event.preventDefault(); form.q.focus(); }
    if (event.key === "Escape") event.target.blur();
  });
  read();
})();
