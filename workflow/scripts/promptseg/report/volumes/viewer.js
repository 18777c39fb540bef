// One volume in three planes: VOLUME is what payload.py makes. Axes are (z, y, x), as everywhere in promptseg.
"use strict";
(() => {
  const [D, H, W] = VOLUME.shape, PLANE = H * W;
  const [SZ, SY, SX] = VOLUME.spacing, FACTOR = VOLUME.factor;
  const TRUTH = [0, 158, 115], ANSWER = [213, 94, 0], PROMPT = "#F0E442", BOTH = [240, 228, 66];
  const $ = id => document.getElementById(id);
  const grey = new Uint8ClampedArray(D * PLANE);
  const at = { z: VOLUME.start.z, y: VOLUME.start.y, x: VOLUME.start.x };
  let object = VOLUME.objects[0], answer = null, truth = null, mask = null;

  // COCO's run lengths: numbers of five bits with a sign, from the third on as differences to the one before the last.
  function runs(text) {
    const found = [];
    for (let place = 0; place < text.length;) {
      let value = 0, shift = 0, more = true;
      while (more) {
        const part = text.charCodeAt(place++) - 48;
        value |= (part & 31) << shift;
        more = (part & 32) !== 0;
        shift += 5;
        if (!more && (part & 16)) value |= -1 << shift;
      }
      found.push(found.length > 2 ? value + found[found.length - 2] : value);
    }
    return found;
  }

  function filled(codes) {
    const voxels = new Uint8Array(D * PLANE);
    for (const [z, text] of Object.entries(codes)) {
      let place = 0, inside = false;
      for (const run of runs(text)) {
        if (inside) for (let i = place; i < place + run; i++) voxels[z * PLANE + (i % H) * W + Math.floor(i / H)] = 1;
        place += run;
        inside = !inside;
      }
    }
    return voxels;
  }

  function areas(voxels) {
    const found = new Array(D).fill(0);
    for (let z = 0; z < D; z++) for (let i = z * PLANE; i < (z + 1) * PLANE; i++) found[z] += voxels[i];
    return found;
  }

  // For each plane: which axis runs to the right, which down, and what is fixed.
  const PLANES = {
    slice: { size: [W, H], step: [SX, SY], index: (u, v) => at.z * PLANE + v * W + u, set: (u, v) => { at.x = u; at.y = v; }, cross: () => [at.x, at.y] },
    row: { size: [W, D], step: [SX, SZ], index: (u, v) => (D - 1 - v) * PLANE + at.y * W + u, set: (u, v) => { at.x = u; at.z = D - 1 - v; }, cross: () => [at.x, D - 1 - at.z] },
    column: { size: [H, D], step: [SY, SZ], index: (u, v) => (D - 1 - v) * PLANE + u * W + at.x, set: (u, v) => { at.y = u; at.z = D - 1 - v; }, cross: () => [at.y, D - 1 - at.z] },
  };

  function draw(name) {
    const plane = PLANES[name], canvas = $(name), [across, down] = plane.size;
    const picture = new ImageData(across, down), pixels = picture.data;
    const shown = { truth: $("show-truth").checked, mask: $("show-mask").checked };
    const edge = (voxels, u, v) => {
      if (!voxels[plane.index(u, v)]) return false;
      return u === 0 || v === 0 || u === across - 1 || v === down - 1
        || !voxels[plane.index(u - 1, v)] || !voxels[plane.index(u + 1, v)]
        || !voxels[plane.index(u, v - 1)] || !voxels[plane.index(u, v + 1)];
    };
    for (let v = 0; v < down; v++) for (let u = 0; u < across; u++) {
      const place = plane.index(u, v), to = 4 * (v * across + u);
      let colour = [grey[place], grey[place], grey[place]];
      const mine = shown.mask && mask, inMask = mine && mask[place];
      if (inMask) colour = colour.map((value, i) => 0.65 * value + 0.35 * ANSWER[i]);
      const rim = shown.truth && edge(truth, u, v), other = mine && edge(mask, u, v);
      if (rim && other) colour = BOTH;
      else if (other) colour = ANSWER;
      else if (rim) colour = TRUTH;
      pixels.set([...colour, 255], to);
    }
    canvas.width = across;
    canvas.height = down;
    canvas.getContext("2d").putImageData(picture, 0, 0);
    const [u, v] = plane.cross(), box = canvas.parentElement;
    box.querySelector(".down").style.left = `${100 * (u + 0.5) / across}%`;
    box.querySelector(".across").style.top = `${100 * (v + 0.5) / down}%`;
  }

  function marks() {
    const overlay = $("prompts");
    overlay.innerHTML = "";
    if (!answer || !$("show-prompts").checked) return;
    for (const prompt of answer.prompts.filter(prompt => prompt.z === at.z)) {
      const name = prompt.box ? "rect" : prompt.line ? "polyline" : "circle";
      const node = document.createElementNS("http://www.w3.org/2000/svg", name);
      if (prompt.box) {
        const [x0, y0, x1, y1] = prompt.box.map(value => value / FACTOR);
        for (const [key, value] of Object.entries({ x: x0, y: y0, width: x1 - x0 + 1 / FACTOR, height: y1 - y0 + 1 / FACTOR })) node.setAttribute(key, value);
        node.setAttribute("fill", "none");
      } else if (prompt.line) {
        node.setAttribute("points", prompt.line.map(place => place.map(value => (value + 0.5) / FACTOR)).join(" "));
        node.setAttribute("fill", "none");
      } else {
        node.setAttribute("cx", (prompt.point[0] + 0.5) / FACTOR);
        node.setAttribute("cy", (prompt.point[1] + 0.5) / FACTOR);
        node.setAttribute("r", Math.max(W, H) / 90);
        node.setAttribute("fill", prompt.label ? PROMPT : "none");
      }
      node.setAttribute("stroke", PROMPT);
      node.setAttribute("vector-effect", "non-scaling-stroke");
      node.setAttribute("stroke-width", 1.5);
      overlay.append(node);
    }
  }

  function track() {
    const canvas = $("track"), context = canvas.getContext("2d"), there = areas(truth), found = mask ? areas(mask) : [];
    const wide = canvas.clientWidth * devicePixelRatio / D;
    canvas.width = Math.round(wide * D);
    canvas.height = 26;
    const bar = (z, top, height, colour) => {
      context.fillStyle = colour;
      context.fillRect(Math.round(wide * z), top, Math.max(1, Math.round(wide * (z + 1)) - Math.round(wide * z) - 1), height);
    };
    for (let z = 0; z < D; z++) {
      bar(z, 0, 8, there[z] ? "#009E73" : "#e3e3e3");
      bar(z, 9, 8, found[z] ? "#D55E00" : "#e3e3e3");
      if (answer && answer.prompted.includes(z)) bar(z, 19, 6, "#1d1d1f");
    }
  }

  function number(value, decimals = 3) { return value === null || value === undefined ? "-" : value.toFixed(decimals); }

  function text() {
    let common = 0, of = 0, ours = 0;
    for (let i = at.z * PLANE; i < (at.z + 1) * PLANE; i++) { of += truth[i]; if (mask) { ours += mask[i]; common += mask[i] && truth[i]; } }
    const here = !mask ? "" : of + ours === 0 ? "no object and no mask here" : of === 0 ? "a mask beyond the object" : `Dice of this slice ${number(2 * common / (of + ours))}`;
    const place = VOLUME.known ? `, ${number((VOLUME.positions[at.z] - VOLUME.positions[0]), 1)} mm from the first one shown` : "";
    $("where").textContent = `Slice ${at.z + VOLUME.first}${place}. ${here}`;
  }

  function refresh() {
    ["slice", "row", "column"].forEach(draw);
    marks();
    text();
    $("z").value = at.z;
    const place = 100 * (at.z + 0.5) / D;
    $("here").style.left = `${place}%`;
  }

  function choose() {
    answer = object.answers[Number($("answer").value)] || null;
    mask = answer ? filled(answer.codes) : null;
    $("score").textContent = !answer ? "" : answer.status !== "ok" ? answer.status :
      `Dice ${number(answer.dice)} over the volume; ${answer.beyond === null ? "no end inside the volume" : `${number(answer.beyond, 1)} ${VOLUME.known ? "mm" : "slices"} beyond the ends`}`;
    track();
    refresh();
  }

  function take() {
    object = VOLUME.objects[Number($("object").value)];
    truth = filled(object.truth);
    const list = $("answer");
    list.innerHTML = "";
    object.answers.forEach((one, index) => list.append(new Option(one.title, index)));
    Object.assign(at, object.at);
    choose();
  }

  function listen() {
    $("object").append(...VOLUME.objects.map((one, index) => new Option(one.title, index)));
    $("object").addEventListener("change", take);
    $("answer").addEventListener("change", choose);
    $("z").max = D - 1;
    $("z").addEventListener("input", () => { at.z = Number($("z").value); refresh(); });
    for (const name of ["show-truth", "show-mask", "show-prompts"]) $(name).addEventListener("change", refresh);
    window.addEventListener("resize", track);
    document.addEventListener("keydown", event => {
      if (["SELECT", "INPUT"].includes(event.target.tagName) && event.target.id !== "z") return;
      const step = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      at.z = Math.min(D - 1, Math.max(0, at.z + step));
      refresh();
    });
    for (const [name, plane] of Object.entries(PLANES)) {
      const canvas = $(name), [across, down] = plane.size, [stepU, stepV] = plane.step;
      canvas.parentElement.style.aspectRatio = `${across * stepU} / ${down * stepV}`;
      const go = event => {
        const box = canvas.getBoundingClientRect();
        const u = Math.floor((event.clientX - box.left) / box.width * across), v = Math.floor((event.clientY - box.top) / box.height * down);
        plane.set(Math.min(across - 1, Math.max(0, u)), Math.min(down - 1, Math.max(0, v)));
        refresh();
      };
      canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); go(event); });
      canvas.addEventListener("pointermove", event => { if (event.buttons) go(event); });
    }
    $("prompts").setAttribute("viewBox", `0 0 ${W} ${H}`);
  }

  async function load() {
    const canvas = document.createElement("canvas");
    canvas.width = W;
    canvas.height = H;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    for (let z = 0; z < D; z++) {
      const picture = new Image();
      await new Promise((done, failed) => { picture.onload = done; picture.onerror = failed; picture.src = VOLUME.slices[z]; });
      context.drawImage(picture, 0, 0);
      const pixels = context.getImageData(0, 0, W, H).data;
      for (let i = 0; i < PLANE; i++) grey[z * PLANE + i] = pixels[4 * i];
    }
  }

  load().then(() => { listen(); take(); document.body.dataset.ready = "yes"; });
})();
