// Dragging a policy to another place. Its form holds the order and is sent as the buttons send it.
"use strict";
(() => {
  let dragged = null;
  const row = (event) => event.target.closest?.("[data-order] > li");
  document.addEventListener("dragstart", (event) => {
    dragged = row(event);
    if (!dragged) return;
    dragged.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.id);
  });
  document.addEventListener("dragover", (event) => {
    const over = row(event);
    if (!dragged || !over || over.parentElement !== dragged.parentElement) return;
    event.preventDefault();
    for (const one of over.parentElement.children) one.classList.toggle("over", one === over);
  });
  document.addEventListener("drop", (event) => {
    const over = row(event);
    if (!dragged || !over || over === dragged || over.parentElement !== dragged.parentElement) return;
    event.preventDefault();
    const all = [...over.parentElement.children];
    over.parentElement.insertBefore(dragged, all.indexOf(dragged) < all.indexOf(over) ? over.nextSibling : over);
    over.closest("form").submit();
  });
  document.addEventListener("dragend", () => {
    for (const one of document.querySelectorAll("[data-order] > li")) one.classList.remove("dragged", "over");
    dragged = null;
  });
})();
