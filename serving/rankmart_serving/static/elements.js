"use strict";

const byId = (id) => document.getElementById(id);

/** An element with a class and text; text is never read as HTML. */
function element(tag, { className = "", text = "", ...more } = {}, children = []) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(more)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
