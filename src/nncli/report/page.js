"use strict";
// Opens the images behind a cell of the confusion matrix. Names are only ever set as text.
const data = JSON.parse(document.getElementById("data").textContent);
const dialog = document.querySelector("dialog");

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function openCell(run, cell, count) {
  const [i, j] = cell.split("-").map(Number);
  const { classes, cells, images } = data[run];
  const rows = cells[cell] || [];
  const title = i === j ? `${classes[i]}: right` : `${classes[i]}, taken for ${classes[j]}`;
  dialog.querySelector("h2").textContent = title;
  const order = i === j ? "least confident first" : "most confident first";
  dialog.querySelector("p").textContent =
    rows.length < count ? `${rows.length} of ${count.toLocaleString("en")} images, ${order}` : `${count.toLocaleString("en")} image${count === 1 ? "" : "s"}, ${order}`;
  dialog.querySelector(".gallery").replaceChildren(...rows.map((row) => {
    const [src, name, probability] = images[row];
    const figure = element("figure");
    const image = element("img");
    image.src = src;
    image.alt = name;
    figure.title = name;
    const caption = element("figcaption");
    caption.append(element("span", "probability", probability), element("span", "name", name));
    figure.append(image, caption);
    return figure;
  }));
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-cell]");
  if (button) openCell(button.closest("[data-run]").dataset.run, button.dataset.cell, Number(button.dataset.count));
  if (event.target === dialog) dialog.close();
});

// The matrix is one stop of the Tab key; arrows go to the next cell that has images.
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
for (const table of document.querySelectorAll("table.confusion")) {
  const buttons = table.querySelectorAll("button");
  buttons.forEach((button, k) => { button.tabIndex = k ? -1 : 0; });
  table.addEventListener("focusin", (event) => {
    const before = table.querySelector('button[tabindex="0"]');
    if (before) before.tabIndex = -1;
    event.target.tabIndex = 0;
  });
  table.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const cell = event.target.closest("td");
    if (!step || !cell) return;
    event.preventDefault();
    let row = cell.parentElement.rowIndex + step[0], column = cell.cellIndex + step[1];
    while (table.rows[row] && table.rows[row].cells[column]) {
      const button = table.rows[row].cells[column].querySelector("button");
      if (button) { button.focus(); return; }
      row += step[0];
      column += step[1];
    }
  });
}
