// Figures in full size: a picture is a template of the page until it is opened, so that it costs nothing before.
"use strict";
(() => {
  const dialog = document.getElementById("viewer"), thumbs = [...document.querySelectorAll(".thumb")];
  if (!dialog || !thumbs.length) return;
  const part = name => dialog.querySelector(`.${name}`);
  const stem = thumb => thumb.id.replace("figure-", "");
  let now = 0;

  function show(place) {
    now = (place + thumbs.length) % thumbs.length;
    const name = stem(thumbs[now]);
    const copy = document.getElementById(`full-${name}`).content.cloneNode(true);
    part("view").replaceChildren(copy.querySelector("img"));
    part("view").scrollTo(0, 0);
    part("caption").replaceChildren(...copy.childNodes);
    dialog.querySelector("h2").textContent = thumbs[now].dataset.title;
    part("place").textContent = `${now + 1} of ${thumbs.length}`;
    zoom(false);
    history.replaceState(null, "", `#figure-${name}`);
  }

  function zoom(real) {
    part("view").classList.toggle("real", real);
    part("zoom").textContent = real ? "Fit to width" : "True size";
    part("zoom").setAttribute("aria-pressed", real);
  }

  const turn = () => zoom(!part("view").classList.contains("real"));

  /** Open the figure that the address names, if it names one. */
  function opened() {
    const place = thumbs.findIndex(thumb => `#${thumb.id}` === location.hash);
    if (place < 0) return;
    show(place);
    if (!dialog.open) dialog.showModal();
  }

  thumbs.forEach((thumb, place) => thumb.addEventListener("click", event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(place);
    dialog.showModal();
  }));
  part("before").addEventListener("click", () => show(now - 1));
  part("after").addEventListener("click", () => show(now + 1));
  part("zoom").addEventListener("click", turn);
  part("view").addEventListener("click", turn);
  part("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    history.replaceState(null, "", location.pathname + location.search);
    part("view").replaceChildren();
    thumbs[now].focus();
  });
  dialog.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: -1, k: -1, ArrowRight: 1, j: 1 }[event.key];
    if (step && !(part("view").classList.contains("real") && event.key.startsWith("Arrow"))) show(now + step);
    else if (event.key === "z") turn();
    else return;
    event.preventDefault();
  });
  window.addEventListener("hashchange", opened);
  opened();
})();
