// Elements of a page: how they are found and made. Text is set as text, so that no title of a song becomes a tag.

export const $ = (id) => document.getElementById(id);

/** Return a new element with properties and children. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
